//! Remembers what was forwarded long enough to send it again: one ring per published layer, shared by all its subscribers, and per
//! link a budget of resends; which numbers a link used is known by `rewrite`.

use std::time::{Duration, Instant};

/// What a resend reaches back to: later than this a packet comes too late for any jitter buffer.
pub const RESEND_AGE: Duration = Duration::from_secs(1);

/// The last packets of one published layer by extended incoming sequence number. The engine chooses what a packet is;
/// it is stored once, however many subscribers there are.
pub struct History<P> {
    slots: Vec<Option<Slot<P>>>,
    most: usize,
    highest: Option<u64>,
}

struct Slot<P> {
    sequence: u64,
    at: Instant,
    packet: P,
}

impl<P: Default> History<P> {
    /// A ring of `least` packets (rounded up to a power of two), which grows up to `most` while what it would forget is younger
    /// than `RESEND_AGE`: a slow stream costs little.
    pub fn new((least, most): (usize, usize)) -> Self {
        let capacity = |packets: usize| packets.clamp(1, 1 << 16).next_power_of_two();
        Self {
            slots: empty(capacity(least)),
            most: capacity(most),
            highest: None,
        }
    }

    /// The place for the packet that came `now`, with what was in it before: the caller writes all of it anew and so uses its
    /// memory again. `None` for a packet older than the whole ring, so that a late one cannot push out a newer one.
    pub fn place(&mut self, now: Instant, sequence: u64) -> Option<&mut P> {
        if self
            .highest
            .is_some_and(|highest| sequence.saturating_add(self.mask()) < highest)
        {
            return None;
        }
        self.highest = self.highest.max(Some(sequence));
        while self.slots.len() < self.most && self.is_young(now, sequence) {
            self.grow();
        }
        let at = (sequence & self.mask()) as usize;
        let slot = self.slots.get_mut(at)?.get_or_insert_with(|| Slot {
            sequence,
            at: now,
            packet: P::default(),
        });
        (slot.sequence, slot.at) = (sequence, now);
        Some(&mut slot.packet)
    }

    fn mask(&self) -> u64 {
        self.slots.len() as u64 - 1
    }

    /// Whether the place of `sequence` holds another packet that may still be asked for.
    fn is_young(&self, now: Instant, sequence: u64) -> bool {
        let slot = self.slots.get((sequence & self.mask()) as usize);
        slot.and_then(Option::as_ref).is_some_and(|slot| {
            slot.sequence != sequence && now.saturating_duration_since(slot.at) < RESEND_AGE
        })
    }

    fn grow(&mut self) {
        let larger = empty(self.slots.len() * 2);
        let before = std::mem::replace(&mut self.slots, larger);
        let mask = self.mask();
        for slot in before.into_iter().flatten() {
            if let Some(place) = self.slots.get_mut((slot.sequence & mask) as usize) {
                *place = Some(slot);
            }
        }
    }

    /// The packet with this incoming sequence number, if it is still here and not older than `oldest`.
    pub fn get(&self, now: Instant, sequence: u64, oldest: Duration) -> Option<&P> {
        let slot = self
            .slots
            .get((sequence & self.mask()) as usize)?
            .as_ref()?;
        (slot.sequence == sequence && now.saturating_duration_since(slot.at) <= oldest)
            .then_some(&slot.packet)
    }
}

fn empty<P>(capacity: usize) -> Vec<Option<Slot<P>>> {
    std::iter::repeat_with(|| None).take(capacity).collect()
}

/// Places to remember resends of: more are never in question within a second on one link.
const REMEMBERED: u64 = 128;
const TIMES: u8 = 3;
/// Resends get a quarter of the rate, but never less than lets a quiet link recover, for half a second at once.
const SHARE: u64 = 4;
const LEAST: u64 = 200_000;
const BURST: Duration = Duration::from_millis(500);

/// What one link may resend: each packet at most three times and not twice within half a round trip, and no more than a
/// share of the link's rate (a NACK must never be an amplifier).
pub struct ResendBudget {
    /// By index modulo its length; empty until the first resend.
    recent: Vec<Resent>,
    /// Bits that may be resent now.
    allowance: u64,
    refilled: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Resent {
    index: u64,
    times: u8,
    last: Instant,
}

impl ResendBudget {
    pub fn new() -> Self {
        Self {
            recent: Vec::new(),
            allowance: 0,
            refilled: None,
        }
    }

    /// Whether the packet with outgoing `index` and `size` bytes may be sent again now, and note that it was.
    /// `rate` is the link's estimate in bit/s; resends get at most a quarter of it (burst: half a second of that).
    pub fn allows(
        &mut self,
        now: Instant,
        index: u64,
        size: usize,
        round_trip: Duration,
        rate: u64,
    ) -> bool {
        let share = (rate / SHARE).max(LEAST);
        let elapsed = self
            .refilled
            .map_or(BURST, |at| now.saturating_duration_since(at).min(BURST));
        let full = bits(share, BURST);
        self.allowance = self
            .allowance
            .saturating_add(bits(share, elapsed))
            .min(full);
        self.refilled = Some(now);
        let cost = size as u64 * 8;
        if cost > self.allowance || !self.not_too_often(now, index, round_trip) {
            return false;
        }
        self.allowance -= cost;
        true
    }

    fn not_too_often(&mut self, now: Instant, index: u64, round_trip: Duration) -> bool {
        if self.recent.is_empty() {
            self.recent.resize(
                REMEMBERED as usize,
                Resent {
                    index: u64::MAX,
                    times: 0,
                    last: now,
                },
            );
        }
        let Some(slot) = self.recent.get_mut((index % REMEMBERED) as usize) else {
            return false;
        };
        if slot.index != index {
            *slot = Resent {
                index,
                times: 1,
                last: now,
            };
            return true;
        }
        if slot.times >= TIMES || now.saturating_duration_since(slot.last) < round_trip / 2 {
            return false;
        }
        slot.times += 1;
        slot.last = now;
        true
    }
}

fn bits(rate: u64, time: Duration) -> u64 {
    rate.saturating_mul(time.as_micros() as u64) / 1_000_000
}

impl Default for ResendBudget {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: Duration = Duration::from_secs(9);
    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn store<P: Default>(history: &mut History<P>, now: Instant, sequence: u64, packet: P) {
        if let Some(place) = history.place(now, sequence) {
            *place = packet;
        }
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_was_stored(stored in proptest::collection::vec(0_u64..400, 0..300), asked in 0_u64..400) {
            let now = Instant::now();
            let mut history = History::new((16, 64));
            for sequence in &stored {
                store(&mut history, now, *sequence, *sequence);
            }
            if let Some(found) = history.get(now, asked, LONG) {
                prop_assert_eq!(*found, asked);
                prop_assert!(stored.contains(&asked));
            }
            if let Some(highest) = stored.iter().max() {
                prop_assert_eq!(history.get(now, *highest, LONG), Some(highest));
            }
        }
    }

    #[test]
    fn a_late_packet_is_kept_unless_it_would_push_out_a_newer_one() {
        let now = Instant::now();
        let mut history = History::new((64, 64));
        store(&mut history, now, 100, "new");
        store(&mut history, now, 99, "late");
        store(&mut history, now, 36, "too late: shares a place with 100");

        assert_eq!(history.get(now, 99, LONG), Some(&"late"));
        assert_eq!(history.get(now, 100, LONG), Some(&"new"));
        assert_eq!(history.get(now, 36, LONG), None);
    }

    #[test]
    fn a_ring_grows_for_a_second_of_packets_and_no_further() {
        for (apart, slots) in [(100, 16), (20, 64), (1, 256)] {
            let start = Instant::now();
            let mut history = History::new((16, 256));
            for sequence in 0..2000 {
                let now = start + Duration::from_millis(sequence * apart);
                store(&mut history, now, sequence, sequence);
                let a_second_ago = sequence.saturating_sub((999 / apart).min(255));
                assert_eq!(
                    history.get(now, a_second_ago, RESEND_AGE),
                    Some(&a_second_ago)
                );
            }
            assert_eq!(history.slots.len(), slots, "{apart} ms apart");
        }
    }

    #[test]
    fn an_old_packet_is_not_worth_sending() {
        let now = Instant::now();
        let mut history = History::new((4, 4));
        store(&mut history, now, 1, ());
        assert!(history.get(now + ROUND_TRIP, 1, ROUND_TRIP).is_some());
        assert!(history.get(now + ROUND_TRIP * 2, 1, ROUND_TRIP).is_none());
    }

    #[test]
    fn one_packet_is_resent_three_times_at_most_and_not_in_haste() {
        let start = Instant::now();
        let mut budget = ResendBudget::new();
        let allowed = |budget: &mut ResendBudget, millis| {
            budget.allows(
                start + Duration::from_millis(millis),
                7,
                1000,
                ROUND_TRIP,
                10_000_000,
            )
        };

        assert!(allowed(&mut budget, 0));
        assert!(
            !allowed(&mut budget, 20),
            "the first may still be on its way"
        );
        assert!(allowed(&mut budget, 60));
        assert!(allowed(&mut budget, 120));
        assert!(!allowed(&mut budget, 500));
    }

    #[test]
    fn resends_stay_within_a_quarter_of_the_rate() {
        let start = Instant::now();
        let mut budget = ResendBudget::new();
        let resent = (0..10_000_u64)
            .filter(|index| {
                budget.allows(
                    start + Duration::from_millis(*index),
                    *index,
                    1000,
                    ROUND_TRIP,
                    4_000_000,
                )
            })
            .count();

        // Ten seconds of 1 Mbit/s, and the burst.
        assert!((1200..=1320).contains(&resent), "{resent}");
    }
}
