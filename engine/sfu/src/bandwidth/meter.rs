//! Bit/s over the last half second.

use std::time::{Duration, Instant};

const SLOT: Duration = Duration::from_millis(50);
const SLOTS: usize = 10;

/// Bytes in ten slots of 50 ms.
pub(super) struct Meter {
    began: Instant,
    /// Number of the slot that is being filled.
    current: u64,
    bytes: [u32; SLOTS],
}

impl Meter {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            began: now,
            current: 0,
            bytes: [0; SLOTS],
        }
    }

    pub(super) fn add(&mut self, now: Instant, size: usize) {
        self.advance(now);
        if let Some(slot) = self.bytes.get_mut(self.current as usize % SLOTS) {
            *slot = slot.saturating_add(u32::try_from(size).unwrap_or(u32::MAX));
        }
    }

    pub(super) fn rate(&mut self, now: Instant) -> u64 {
        self.advance(now);
        let bytes: u64 = self.bytes.iter().map(|slot| u64::from(*slot)).sum();
        // A meter younger than its window must not tell half the rate.
        let window = now
            .saturating_duration_since(self.began)
            .clamp(SLOT * 2, SLOT * SLOTS as u32);
        bytes * 8_000_000 / window.as_micros() as u64
    }

    fn advance(&mut self, now: Instant) {
        let slot =
            (now.saturating_duration_since(self.began).as_micros() / SLOT.as_micros()) as u64;
        for passed in (self.current + 1..=slot).rev().take(SLOTS) {
            if let Some(slot) = self.bytes.get_mut(passed as usize % SLOTS) {
                *slot = 0;
            }
        }
        self.current = self.current.max(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_and_forgotten_when_it_stops() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        for millis in 0..1000 {
            meter.add(start + Duration::from_millis(millis), 125);
        }
        let rate = meter.rate(start + Duration::from_millis(999));
        assert!((900_000..=1_000_000).contains(&rate), "{rate}");
        assert_eq!(meter.rate(start + Duration::from_millis(1600)), 0);
    }
}
