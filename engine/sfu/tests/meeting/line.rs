//! A bad line to one client: datagrams are lost and late as a seed decides, the same at every run.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// As much as a home router holds.
const QUEUE: Duration = Duration::from_millis(400);

pub struct Line {
    pub loss_percent: u64,
    pub jitter: Duration,
    noise: u64,
    waiting: Vec<(Instant, Vec<u8>)>,
    pub lost: usize,
    /// Bit/s that it carries; what comes faster queues, and is lost when the queue is longer than `QUEUE`.
    pub capacity: Option<u64>,
    busy_until: Option<Instant>,
}

impl Line {
    pub fn new(seed: u64, loss_percent: u64, jitter: Duration) -> Line {
        Line {
            loss_percent,
            jitter,
            noise: seed.max(1),
            waiting: Vec::new(),
            lost: 0,
            capacity: None,
            busy_until: None,
        }
    }

    fn next(&mut self) -> u64 {
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 7;
        self.noise ^= self.noise << 17;
        self.noise
    }

    pub fn send(&mut self, now: Instant, datagram: Vec<u8>) {
        if self.next() % 100 < self.loss_percent {
            self.lost += 1;
            return;
        }
        let Some(leaves) = self.through(now, datagram.len()) else {
            self.lost += 1;
            return;
        };
        let late = self.jitter.as_micros() as u64;
        let delay = if late == 0 { 0 } else { self.next() % late };
        self.waiting
            .push((leaves + Duration::from_micros(delay), datagram));
    }

    /// When a datagram of `size` bytes is through the narrowest place, if it gets there.
    fn through(&mut self, now: Instant, size: usize) -> Option<Instant> {
        let Some(capacity) = self.capacity else {
            return Some(now);
        };
        let begins = self.busy_until.unwrap_or(now).max(now);
        if begins > now + QUEUE {
            return None;
        }
        let leaves = begins + Duration::from_micros(size as u64 * 8_000_000 / capacity);
        self.busy_until = Some(leaves);
        Some(leaves)
    }

    /// What arrives by `now`, in the order of its arrival.
    pub fn arrived(&mut self, now: Instant) -> Vec<Vec<u8>> {
        self.waiting.sort_by_key(|(at, _)| *at);
        let count = self.waiting.iter().take_while(|(at, _)| *at <= now).count();
        self.waiting
            .drain(..count)
            .map(|(_, datagram)| datagram)
            .collect()
    }
}

/// Whether the datagram goes to `remote` and is media, which alone is lost: handshakes have their own tests.
pub fn is_media_to(remote: SocketAddr, to: SocketAddr, datagram: &[u8]) -> bool {
    let is_rtp = (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1]);
    is_rtp && remote == to
}
