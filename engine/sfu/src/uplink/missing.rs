//! What of one stream has not arrived, and when it is asked for (again); who asks is `rtcp_out`.

use std::time::{Duration, Instant};

/// Packets awaited at a time. A longer gap is not loss that resends can mend: the next keyframe will.
const MOST: usize = 256;
/// Packets overtake each other by less than this.
const REORDERING: Duration = Duration::from_millis(10);
/// A packet that comes again is on its way for a round trip; on a near line not asked for more often than this.
const LEAST_INTERVAL: Duration = Duration::from_millis(20);
const TIMES: u8 = 10;
/// Later than this it is of no use to anybody.
const GIVE_UP: Duration = Duration::from_secs(1);

struct Gap {
    index: u64,
    since: Instant,
    ask_at: Instant,
    asked: u8,
}

/// The gaps of one stream, in rising order.
#[derive(Default)]
pub(super) struct Missing {
    gaps: Vec<Gap>,
}

impl Missing {
    /// The packets from `from` up to `to`, which has just come, were skipped.
    pub(super) fn skipped(&mut self, now: Instant, from: u64, to: u64) {
        let count = to.saturating_sub(from);
        if count > MOST as u64 {
            self.gaps.clear();
            return;
        }
        let excess = (self.gaps.len() + count as usize).saturating_sub(MOST);
        self.gaps.drain(..excess.min(self.gaps.len()));
        self.gaps.extend((from..to).map(|index| Gap {
            index,
            since: now,
            ask_at: now + REORDERING,
            asked: 0,
        }));
    }

    pub(super) fn arrived(&mut self, index: u64) {
        if let Ok(at) = self.gaps.binary_search_by_key(&index, |gap| gap.index) {
            self.gaps.remove(at);
        }
    }

    /// When `ask` has something to say.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.gaps.iter().map(|gap| gap.ask_at).min()
    }

    /// Appends the sequence numbers that are to be asked for now, in rising order.
    pub(super) fn ask(&mut self, now: Instant, round_trip: Duration, wanted: &mut Vec<u16>) {
        let interval = round_trip.max(LEAST_INTERVAL);
        self.gaps.retain_mut(|gap| {
            if now.saturating_duration_since(gap.since) > GIVE_UP || gap.asked >= TIMES {
                return false;
            }
            if gap.ask_at <= now {
                gap.ask_at = now + interval;
                gap.asked += 1;
                wanted.push(gap.index as u16);
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn asked(missing: &mut Missing, now: Instant) -> Vec<u16> {
        let mut wanted = Vec::new();
        missing.ask(now, ROUND_TRIP, &mut wanted);
        wanted
    }

    #[test]
    fn a_gap_is_asked_for_when_it_is_not_mere_reordering_and_again_after_a_round_trip() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut missing = Missing::default();
        missing.skipped(start, 65_535, 65_538);

        assert_eq!(asked(&mut missing, at(5)), []);
        missing.arrived(65_536);
        assert_eq!(asked(&mut missing, at(10)), [65_535, 1]);
        assert_eq!(asked(&mut missing, at(100)), []);
        assert_eq!(asked(&mut missing, at(110)), [65_535, 1]);
    }

    #[test]
    fn asking_ends_after_a_second_and_after_ten_times() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.skipped(start, 1, 2);
        assert_eq!(asked(&mut missing, start + GIVE_UP * 2), []);
        assert_eq!(missing.next_timeout(), None);

        missing.skipped(start, 1, 2);
        let times = (0..1000)
            .filter(|step| {
                let now = start + Duration::from_millis(*step);
                let mut wanted = Vec::new();
                missing.ask(now, Duration::ZERO, &mut wanted);
                !wanted.is_empty()
            })
            .count();
        assert_eq!(times, 10);
    }

    proptest! {
        #[test]
        fn however_wide_the_gaps_what_is_awaited_is_bounded_and_in_order(
            widths in proptest::collection::vec((1_u64..400, 1_u64..9), 0..50),
        ) {
            let now = Instant::now();
            let mut missing = Missing::default();
            let mut next = 0;
            for (width, came) in widths {
                missing.skipped(now, next, next + width);
                next += width + came;
                prop_assert!(missing.gaps.len() <= MOST);
                prop_assert!(missing.gaps.is_sorted_by_key(|gap| gap.index));
            }
        }
    }
}
