//! Turns audio levels of packets into who speaks in a room, calmly; who is told is decided elsewhere.

use std::time::{Duration, Instant};

/// Changes are reported at most this often: a ring that flickers is worse than one that is late.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// One speaker as reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speaker<K> {
    pub key: K,
    /// 0 (silent) to 1 (full scale).
    pub level: f32,
    pub active: bool,
}

/// Who speaks in one room. `K` names a publisher.
pub struct Levels<K> {
    reported: Vec<Speaker<K>>,
}

impl<K: Copy + Ord> Levels<K> {
    pub fn new() -> Self {
        Self { reported: Vec::new() }
    }

    /// An audio packet of `key` came in: `level` is -dBov as RFC 6464 has it, 0 loudest to 127 silent.
    pub fn observe(&mut self, now: Instant, key: K, level: u8) {
        let _ = (now, key, level);
    }

    /// `key` left or was muted: it stops being active at the next report.
    pub fn remove(&mut self, key: K) {
        let _ = key;
    }

    /// The report due now, loudest first, if anything worth telling changed. One that stopped is listed once with level 0, inactive.
    pub fn report(&mut self, now: Instant) -> Option<&[Speaker<K>]> {
        let _ = now;
        (!self.reported.is_empty()).then_some(self.reported.as_slice())
    }

    /// When `report` may have something: `None` while nobody speaks.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }
}

impl<K: Copy + Ord> Default for Levels<K> {
    fn default() -> Self {
        Self::new()
    }
}
