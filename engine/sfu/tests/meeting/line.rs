//! A bad line to one client: datagrams are lost and late as a seed decides, the same at every run.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub struct Line {
    pub loss_percent: u64,
    pub jitter: Duration,
    noise: u64,
    waiting: Vec<(Instant, Vec<u8>)>,
    pub lost: usize,
}

impl Line {
    pub fn new(seed: u64, loss_percent: u64, jitter: Duration) -> Line {
        Line {
            loss_percent,
            jitter,
            noise: seed.max(1),
            waiting: Vec::new(),
            lost: 0,
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
        let late = self.jitter.as_micros() as u64;
        let delay = if late == 0 { 0 } else { self.next() % late };
        self.waiting
            .push((now + Duration::from_micros(delay), datagram));
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
