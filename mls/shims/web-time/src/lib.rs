//! The wall clock that OpenMLS asks for in a browser, read from the host's `hc_now`; no monotonic clock, for nobody asks.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// 1 January 1970, UTC.
pub const UNIX_EPOCH: SystemTime = SystemTime(Duration::ZERO);

/// A point in time, counted from [`UNIX_EPOCH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SystemTime(Duration);

impl SystemTime {
    /// 1 January 1970, UTC.
    pub const UNIX_EPOCH: SystemTime = UNIX_EPOCH;

    /// What the host's clock says.
    pub fn now() -> Self {
        Self(Duration::try_from_secs_f64(unix_ms() / 1000.0).unwrap_or_default())
    }

    /// Time passed since `earlier`; an error where that lies ahead.
    pub fn duration_since(&self, earlier: SystemTime) -> Result<Duration, SystemTimeError> {
        self.0.checked_sub(earlier.0).ok_or(SystemTimeError)
    }
}

impl Add<Duration> for SystemTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub<Duration> for SystemTime {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

/// The other point in time is the later one.
#[derive(Clone, Debug)]
pub struct SystemTimeError;

impl fmt::Display for SystemTimeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the other time is later")
    }
}

impl std::error::Error for SystemTimeError {}

#[cfg(target_arch = "wasm32")]
fn unix_ms() -> f64 {
    unsafe extern "C" {
        fn hc_now() -> f64;
    }
    // SAFETY: the host gives this function with this signature, or the module cannot be instantiated.
    unsafe { hc_now() }
}

#[cfg(not(target_arch = "wasm32"))]
fn unix_ms() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
