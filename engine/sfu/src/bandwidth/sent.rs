//! The packets that left lately by transport-wide number, so that feedback can be matched to them.

use std::time::Instant;

/// Two seconds at 1,000 packets a second, about 10 Mbit/s. A power of two.
pub(super) const CAPACITY: usize = 2048;

/// A packet that left.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent {
    /// Microseconds since the estimator began; wraps after 71 minutes, so only differences count.
    pub(super) at: u32,
    pub(super) size: u16,
    number: u16,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    Waiting,
    /// Reported as not arrived; it may still come.
    Missing,
    Arrived,
}

/// A ring of 2,048 packets.
pub(super) struct SentPackets {
    began: Instant,
    next: u16,
    /// Empty until the first packet: a peer that only sends needs none.
    ring: Vec<Sent>,
}

impl SentPackets {
    pub(super) const fn new(began: Instant) -> Self {
        Self {
            began,
            next: 1,
            ring: Vec::new(),
        }
    }

    /// Note a packet and return its number.
    pub(super) fn add(&mut self, now: Instant, size: usize) -> u16 {
        if self.ring.is_empty() {
            self.ring.resize(CAPACITY, Sent::default());
        }
        let number = self.next;
        self.next = number.wrapping_add(1);
        let at = now.saturating_duration_since(self.began).as_micros() as u32;
        if let Some(slot) = self.slot(number) {
            *slot = Sent {
                at,
                size: u16::try_from(size).unwrap_or(u16::MAX),
                number,
                state: State::Waiting,
            };
        }
        number
    }

    fn slot(&mut self, number: u16) -> Option<&mut Sent> {
        self.ring.get_mut(usize::from(number) % CAPACITY)
    }

    /// Note that the packet has not arrived so far; false when that is known or it never left.
    pub(super) fn miss(&mut self, number: u16) -> bool {
        let slot = self
            .slot(number)
            .filter(|slot| slot.number == number && slot.state == State::Waiting);
        slot.map(|slot| slot.state = State::Missing).is_some()
    }

    /// The packet with this number, once, and whether it had been missed before: jitter reorders packets.
    pub(super) fn acknowledge(&mut self, number: u16) -> Option<(Sent, bool)> {
        let slot = self.slot(number).filter(|slot| slot.number == number)?;
        let missed = match slot.state {
            State::Waiting => false,
            State::Missing => true,
            State::Empty | State::Arrived => return None,
        };
        slot.state = State::Arrived;
        Some((*slot, missed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_acknowledged_once_and_an_unknown_one_never() {
        let now = Instant::now();
        let mut sent = SentPackets::new(now);
        assert!(sent.acknowledge(0).is_none(), "nothing left yet");
        let number = sent.add(now, 1200);

        assert!(sent.acknowledge(number + 1).is_none());
        assert_eq!(sent.acknowledge(number).unwrap().0.size, 1200);
        assert!(sent.acknowledge(number).is_none());
    }

    #[test]
    fn a_packet_missed_in_one_feedback_may_arrive_by_the_next() {
        let now = Instant::now();
        let mut sent = SentPackets::new(now);
        let number = sent.add(now, 1200);

        assert!(sent.miss(number));
        assert!(!sent.miss(number), "counted twice");
        assert!(sent.acknowledge(number).unwrap().1);
        assert!(!sent.miss(number), "it has arrived");
    }

    #[test]
    fn a_packet_two_rings_ago_is_forgotten() {
        let now = Instant::now();
        let mut sent = SentPackets::new(now);
        let first = sent.add(now, 100);
        for _ in 0..CAPACITY {
            sent.add(now, 100);
        }

        assert!(sent.acknowledge(first).is_none());
    }
}
