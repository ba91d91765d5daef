//! One direction of a network path: loses, delays, reorders and holds back datagrams by its seed; what is in them it does not read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// What a path does to datagrams. The default is perfect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// Share of datagrams lost, 0 to 1.
    pub loss: f64,
    pub delay: Duration,
    /// Up to so much is added to the delay, evenly spread: more than the gap between datagrams reorders them.
    pub jitter: Duration,
    /// Bit/s; what comes faster waits in a queue of `queue`, and is dropped when that is full.
    pub rate: Option<u64>,
    pub queue: Duration,
}

/// A path under way: datagrams go in, and come out when their time has come.
pub struct Link {
    line: Line,
    random: u64,
    flying: BinaryHeap<Reverse<Flying>>,
    order: u64,
    free_at: Option<Instant>,
    dropped: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flying {
    at: Instant,
    order: u64,
    datagram: Vec<u8>,
}

impl Link {
    pub fn new(line: Line, seed: u64) -> Self {
        Self {
            line,
            random: seed,
            flying: BinaryHeap::new(),
            order: 0,
            free_at: None,
            dropped: 0,
        }
    }

    /// Change what the path does to datagrams from now on.
    pub fn set_line(&mut self, line: Line) {
        self.line = line;
    }

    /// How many datagrams were lost or did not fit.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    pub fn send(&mut self, now: Instant, datagram: Vec<u8>) {
        // Both numbers are drawn for every datagram, so that one setting does not change what another draws.
        let (lost, late) = (self.draw() < self.line.loss, self.draw());
        let mut at = now;
        if let Some(rate) = self.line.rate {
            let begins = self.free_at.map_or(now, |free| free.max(now));
            if begins - now > self.line.queue {
                self.dropped += 1;
                return;
            }
            at = begins + Duration::from_nanos(datagram.len() as u64 * 8_000_000_000 / rate);
            self.free_at = Some(at);
        }
        if lost {
            self.dropped += 1;
            return;
        }
        at += self.line.delay + self.line.jitter.mul_f64(late);
        self.order += 1;
        self.flying.push(Reverse(Flying {
            at,
            order: self.order,
            datagram,
        }));
    }

    pub fn next_arrival(&self) -> Option<Instant> {
        self.flying.peek().map(|Reverse(flying)| flying.at)
    }

    /// The next datagram that has arrived by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.next_arrival().filter(|at| *at <= now)?;
        self.flying.pop().map(|Reverse(flying)| flying.datagram)
    }

    /// Evenly from 0 to 1 (SplitMix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(line: Line, seed: u64) -> Vec<(u16, Duration)> {
        let start = Instant::now();
        let mut link = Link::new(line, seed);
        for number in 0..1000_u16 {
            link.send(
                start + Duration::from_millis(u64::from(number)),
                [number.to_be_bytes().as_slice(), &[0; 98]].concat(),
            );
        }
        let mut arrived = Vec::new();
        while let Some(at) = link.next_arrival() {
            let datagram = link.receive(at).unwrap();
            arrived.push((u16::from_be_bytes([datagram[0], datagram[1]]), at - start));
        }
        assert_eq!(arrived.len() + link.dropped(), 1000);
        arrived
    }

    #[test]
    fn a_perfect_line_keeps_everything_in_order() {
        let arrived = carried(Line::default(), 1);
        assert_eq!(arrived.len(), 1000);
        assert!(arrived.is_sorted());
    }

    #[test]
    fn loss_and_jitter_are_as_asked_and_the_seed_decides_them() {
        let line = Line {
            loss: 0.1,
            jitter: Duration::from_millis(50),
            ..Line::default()
        };
        let arrived = carried(line, 7);
        assert!((850..950).contains(&arrived.len()));
        assert!(!arrived.iter().map(|(number, _)| number).is_sorted());
        assert_eq!(arrived, carried(line, 7));
        assert_ne!(arrived, carried(line, 8));
    }

    #[test]
    fn a_narrow_line_holds_back_and_then_drops() {
        // 100 bytes a millisecond are 800 kbit/s.
        let line = Line {
            rate: Some(400_000),
            queue: Duration::from_millis(100),
            ..Line::default()
        };
        let arrived = carried(line, 1);
        assert!((500..650).contains(&arrived.len()), "{}", arrived.len());
        let longest = arrived
            .iter()
            .map(|(number, at)| *at - Duration::from_millis(u64::from(*number)))
            .max();
        assert!(longest.unwrap() >= Duration::from_millis(100));
    }
}
