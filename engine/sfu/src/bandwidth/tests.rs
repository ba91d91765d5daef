//! The estimator against a bottleneck: a queue with a rate, a delay and loss, answering with feedback every 50 ms.

use std::collections::VecDeque;

use huisclos_wire::rtcp::{self, Packet};
use proptest::prelude::*;

use super::*;

/// A line of `rate` bit/s behind a queue.
struct Line {
    rate: u64,
    free_at: u64,
    /// (number, arrival in µs), not yet told about.
    arrived: VecDeque<(u16, Option<u64>)>,
    lost_of_hundred: u16,
}

const QUEUE_MICROS: u64 = 400_000;

impl Line {
    fn new(rate: u64) -> Self {
        Self {
            rate,
            free_at: 0,
            arrived: VecDeque::new(),
            lost_of_hundred: 0,
        }
    }

    fn carry(&mut self, at: u64, number: u16, size: u64) {
        let begins = self.free_at.max(at);
        let full = begins - at > QUEUE_MICROS;
        if full || number.wrapping_mul(7919) % 100 < self.lost_of_hundred {
            self.arrived.push_back((number, None));
            return;
        }
        self.free_at = begins + size * 8_000_000 / self.rate;
        self.arrived
            .push_back((number, Some(self.free_at + 20_000)));
    }

    /// Feedback about what arrived by `at`: an RTCP packet.
    fn feedback(&mut self, at: u64) -> Option<Vec<u8>> {
        let mut told = Vec::new();
        while let Some((_, when)) = self.arrived.front() {
            if when.is_some_and(|when| when > at) {
                break;
            }
            told.extend(self.arrived.pop_front());
        }
        let (base, _) = *told.first()?;
        let reference = told.iter().find_map(|(_, when)| *when)? / 64_000;
        let mut clock = reference * 64_000;
        let mut chunks = Vec::new();
        let mut deltas = Vec::new();
        for (_, when) in &told {
            chunks.extend((if when.is_some() { 0x4001_u16 } else { 0x0001 }).to_be_bytes());
            if let Some(when) = when {
                let quarters = (*when as i64 - clock as i64) / 250;
                deltas.extend((quarters as i16).to_be_bytes());
                clock = (clock as i64 + quarters * 250) as u64;
            }
        }
        let mut packet = vec![0x8F, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        packet.extend(base.to_be_bytes());
        packet.extend((told.len() as u16).to_be_bytes());
        packet.extend(&(reference as u32).to_be_bytes()[1..]);
        packet.push(0);
        packet.extend(chunks);
        packet.extend(deltas);
        packet.resize(packet.len().next_multiple_of(4), 0);
        let words = (packet.len() / 4 - 1) as u16;
        packet[2..4].copy_from_slice(&words.to_be_bytes());
        Some(packet)
    }
}

struct Trial {
    start: Instant,
    millis: u64,
    estimator: Estimator,
    line: Line,
}

impl Trial {
    fn new(rate: u64) -> Self {
        let start = Instant::now();
        Self {
            start,
            millis: 0,
            estimator: Estimator::new(start),
            line: Line::new(rate),
        }
    }

    /// Send at most `wanted` bit/s and never more than the estimate, for `seconds`.
    fn run(&mut self, seconds: u64, wanted: u64) -> u64 {
        let mut owed = 0;
        for _ in 0..seconds * 1000 {
            self.millis += 1;
            let now = self.start + Duration::from_millis(self.millis);
            // Frames: what is owed leaves every 20 ms.
            owed += wanted.min(self.estimator.estimate());
            while self.millis.is_multiple_of(20) && owed >= 8_000 * 1_000 {
                owed -= 8_000 * 1_000;
                let number = self.estimator.on_sent(now, 1000);
                self.line.carry(self.millis * 1000, number, 1000);
            }
            if self.millis.is_multiple_of(50)
                && let Some(packet) = self.line.feedback(self.millis * 1000)
            {
                let Packet::TransportFeedback(feedback) =
                    rtcp::parse(&packet).next().unwrap().unwrap().packet
                else {
                    panic!("not feedback");
                };
                self.estimator.on_feedback(now, &feedback);
            }
            if self.millis.is_multiple_of(100) {
                self.estimator.on_timeout(now);
            }
        }
        self.estimator.estimate()
    }
}

#[test]
fn a_narrow_line_is_found_and_kept() {
    let mut trial = Trial::new(1_000_000);
    trial.run(10, u64::MAX);
    for _ in 0..20 {
        let estimate = trial.run(1, u64::MAX);
        assert!((500_000..1_400_000).contains(&estimate), "{estimate}");
    }
}

#[test]
fn a_wide_line_is_filled_within_seconds() {
    let estimate = Trial::new(30_000_000).run(5, u64::MAX);

    assert!(estimate > 12_000_000, "{estimate}");
}

#[test]
fn a_line_that_widens_again_is_used_again() {
    let mut trial = Trial::new(800_000);
    trial.run(10, u64::MAX);
    trial.line.rate = 5_000_000;

    let estimate = trial.run(30, u64::MAX);

    assert!(estimate > 2_000_000, "{estimate}");
}

#[test]
fn a_line_that_narrows_is_noticed_within_three_seconds() {
    let mut trial = Trial::new(10_000_000);
    trial.run(5, 3_000_000);
    trial.line.rate = 700_000;

    let estimate = trial.run(3, 3_000_000);

    assert!(estimate < 1_000_000, "{estimate}");
}

#[test]
fn ordinary_radio_loss_does_not_starve_video() {
    let mut trial = Trial::new(10_000_000);
    trial.line.lost_of_hundred = 8;

    let estimate = trial.run(20, 1_000_000);

    assert!(estimate >= 1_000_000, "{estimate}");
    assert!(
        (0.04..0.12).contains(&trial.estimator.loss()),
        "{}",
        trial.estimator.loss()
    );
}

#[test]
fn silence_lowers_the_estimate() {
    let mut trial = Trial::new(10_000_000);
    let before = trial.run(3, 1_000_000);
    trial.line.lost_of_hundred = 100;

    let after = trial.run(10, 1_000_000);

    assert!(after < before / 4, "{before} {after}");
}

#[test]
fn a_remb_is_the_estimate_only_where_no_feedback_comes() {
    let now = Instant::now();
    let mut alone = Estimator::new(now);
    alone.on_remb(now, 9_000_000);
    assert_eq!(alone.estimate(), 9_000_000);

    let mut trial = Trial::new(10_000_000);
    let before = trial.run(1, 500_000);
    let now = trial.start + Duration::from_millis(trial.millis);
    trial.estimator.on_remb(now, before * 2);
    assert_eq!(trial.estimator.estimate(), before);
    trial.estimator.on_remb(now, 600_000);
    assert_eq!(trial.estimator.estimate(), 600_000);
}

#[test]
fn receiver_reports_alone_raise_and_lower_it() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start);
    let report = |estimator: &mut Estimator, second: u64, lost: u8| {
        let now = start + Duration::from_secs(second);
        for _ in 0..250 {
            estimator.on_sent(now, 1000);
        }
        estimator.on_receiver_report(now, lost, Some(Duration::from_millis(40)));
        estimator.estimate()
    };

    let good = (1..5)
        .map(|second| report(&mut estimator, second, 0))
        .last()
        .unwrap();
    assert!(good > START, "{good}");
    let bad = (5..12)
        .map(|second| report(&mut estimator, second, 100))
        .last()
        .unwrap();
    assert!(bad < good / 2, "{bad}");
    assert!((estimator.round_trip().as_millis()).abs_diff(40) < 2);
}

proptest! {
    #[test]
    fn no_feedback_makes_it_panic_or_leave_its_bounds(bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 16..60), 0..20)) {
        let now = Instant::now();
        let mut estimator = Estimator::new(now);
        for _ in 0..100 {
        estimator.on_sent(now, 1200);
    }
        for (step, mut body) in bodies.into_iter().enumerate() {
            body.resize(body.len().next_multiple_of(4), 0);
            let mut packet = vec![0x8F, 205, 0, (body.len() / 4) as u8];
            packet.extend(body);
            for element in rtcp::parse(&packet).flatten() {
                if let Packet::TransportFeedback(feedback) = element.packet {
                    estimator.on_feedback(now + Duration::from_millis(step as u64 * 50), &feedback);
                }
            }
            prop_assert!((100_000..=200_000_000).contains(&estimator.estimate()));
        }
    }
}
