//! Whether packets take longer and longer to arrive: the delay gradient of packet groups, its trend over the last ones, and an
//! adaptive threshold (the delay-based half of Google Congestion Control, draft-ietf-rmcat-gcc-02).

use std::collections::VecDeque;

use super::control::Signal;

/// Packets that leave within this belong together: a frame leaves as a burst and its inner gaps mean nothing.
const GROUP_MICROS: u32 = 5_000;
/// Groups over which the trend is taken.
const TREND: usize = 20;
const SMOOTHING: f64 = 0.9;
const GAIN: f64 = 4.0;
/// The trend counts for more with more groups behind it, up to these.
const TREND_LIMIT: f64 = 60.0;
/// Threshold in milliseconds: where it begins, how far it may go, and how fast it follows outliers up and down.
const THRESHOLD: f64 = 12.5;
const THRESHOLD_RANGE: (f64, f64) = (6.0, 600.0);
const FOLLOW_UP: f64 = 0.0087;
const FOLLOW_DOWN: f64 = 0.039;
/// The trend must be over the threshold this long before it is believed.
const OVERUSE_MILLIS: f64 = 10.0;
/// A queue delays every packet, radio jitter only some: overuse is believed where even the quickest of the last groups was
/// so much slower than the quickest of the last seconds.
const QUICKEST_OF: usize = 12;
const QUEUE_MILLIS: f64 = 15.0;
const BASE_MILLIS: f64 = 10_000.0;
/// A step of the peer's clock, not of the network.
const CLOCK_STEP_MICROS: u64 = 3_000_000;

#[derive(Clone, Copy)]
struct Group {
    first_sent: u32,
    last_sent: u32,
    arrived: i64,
}

/// The delay trend of one downlink.
pub(super) struct DelayTrend {
    reference: Option<(u32, i64)>,
    current: Option<Group>,
    before: Option<Group>,
    accumulated: f64,
    smoothed: f64,
    /// (arrival, smoothed delay), both in milliseconds.
    points: VecDeque<(f64, f64)>,
    queue: Queue,
    groups: f64,
    threshold: f64,
    over_for: f64,
    over_times: u32,
    last_trend: f64,
    signal: Signal,
    origin: Option<i64>,
}

impl Default for DelayTrend {
    fn default() -> Self {
        Self {
            reference: None,
            current: None,
            before: None,
            accumulated: 0.0,
            smoothed: 0.0,
            points: VecDeque::with_capacity(TREND + 1),
            queue: Queue::default(),
            groups: 0.0,
            threshold: THRESHOLD,
            over_for: 0.0,
            over_times: 0,
            last_trend: 0.0,
            signal: Signal::Normal,
            origin: None,
        }
    }
}

impl DelayTrend {
    /// Microseconds to add to arrivals of a feedback with this 24-bit reference time, so that it does not wrap.
    pub(super) fn epoch(&mut self, reference: u32) -> i64 {
        let unrolled = match self.reference {
            None => i64::from(reference),
            // Sign-extended difference of 24 bits.
            Some((raw, unrolled)) => unrolled.saturating_add(i64::from(
                (reference.wrapping_sub(raw) << 8).cast_signed() >> 8,
            )),
        };
        self.reference = Some((reference, unrolled));
        unrolled
            .saturating_sub(i64::from(reference))
            .saturating_mul(64_000)
    }

    /// A packet left at `sent` and arrived at `arrived`, microseconds on two clocks.
    pub(super) fn on_arrival(&mut self, sent: u32, arrived: i64) {
        let Some(group) = &mut self.current else {
            self.current = Some(Group {
                first_sent: sent,
                last_sent: sent,
                arrived,
            });
            return;
        };
        let since_first = sent.wrapping_sub(group.first_sent);
        if since_first.cast_signed() < 0 {
            // Reordered: it belongs to a group that is done.
            return;
        }
        if since_first <= GROUP_MICROS {
            group.last_sent = sent;
            group.arrived = group.arrived.max(arrived);
            return;
        }
        let done = *group;
        *group = Group {
            first_sent: sent,
            last_sent: sent,
            arrived,
        };
        if let Some(before) = self.before.replace(done) {
            self.on_group(&before, &done);
        }
    }

    fn on_group(&mut self, before: &Group, done: &Group) {
        let sent_apart = i64::from(done.last_sent.wrapping_sub(before.last_sent));
        let arrived_apart = done.arrived.saturating_sub(before.arrived);
        if arrived_apart.unsigned_abs() > CLOCK_STEP_MICROS
            || sent_apart.unsigned_abs() > CLOCK_STEP_MICROS
        {
            self.points.clear();
            self.queue = Queue::default();
            self.groups = 0.0;
            self.signal = Signal::Normal;
            return;
        }
        let variation = (arrived_apart - sent_apart) as f64 / 1000.0;
        let step = sent_apart as f64 / 1000.0;
        self.groups = (self.groups + 1.0).min(1000.0);
        self.accumulated += variation;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        let origin = *self.origin.get_or_insert(done.arrived);
        if self.points.len() == TREND {
            self.points.pop_front();
        }
        let arrived = done.arrived.saturating_sub(origin) as f64 / 1000.0;
        self.points.push_back((arrived, self.smoothed));
        self.queue.add(arrived, self.accumulated);
        let trend = if self.points.len() == TREND {
            slope(&self.points)
        } else {
            0.0
        };
        self.detect(trend, step);
    }

    fn detect(&mut self, trend: f64, step: f64) {
        let weighed = trend * self.groups.min(TREND_LIMIT) * GAIN;
        if weighed > self.threshold {
            self.over_for += step;
            self.over_times += 1;
            let believable =
                self.over_for > OVERUSE_MILLIS && self.over_times > 1 && trend >= self.last_trend;
            if believable && self.queue.stands() {
                self.queue.accept();
                self.over_for = 0.0;
                self.over_times = 0;
                self.signal = Signal::Overuse;
            }
        } else {
            self.over_for = 0.0;
            self.over_times = 0;
            self.signal = if weighed < -self.threshold {
                Signal::Underuse
            } else {
                Signal::Normal
            };
        }
        self.last_trend = trend;
        self.follow(weighed.abs(), step);
    }

    /// The threshold follows the size of what is normal here, but not a sudden outlier.
    fn follow(&mut self, size: f64, step: f64) {
        if size > self.threshold + 15.0 {
            return;
        }
        let speed = if size < self.threshold {
            FOLLOW_DOWN
        } else {
            FOLLOW_UP
        };
        self.threshold += speed * (size - self.threshold) * step.min(100.0);
        self.threshold = self.threshold.clamp(THRESHOLD_RANGE.0, THRESHOLD_RANGE.1);
    }

    pub(super) const fn signal(&self) -> Signal {
        self.signal
    }
}

/// Relative delays of the last groups against the least of the last ten to twenty seconds, all in milliseconds.
struct Queue {
    recent: VecDeque<f64>,
    /// Least of the running and of the previous stretch of ten seconds.
    least: (f64, f64),
    began: f64,
}

impl Default for Queue {
    fn default() -> Self {
        let recent = VecDeque::with_capacity(QUICKEST_OF + 1);
        Self {
            recent,
            least: (f64::INFINITY, f64::INFINITY),
            began: f64::NEG_INFINITY,
        }
    }
}

impl Queue {
    fn add(&mut self, arrived: f64, delay: f64) {
        if arrived - self.began > BASE_MILLIS {
            self.began = arrived;
            self.least = (delay, self.least.0);
        }
        self.least.0 = self.least.0.min(delay);
        if self.recent.len() == QUICKEST_OF {
            self.recent.pop_front();
        }
        self.recent.push_back(delay);
    }

    fn stands(&self) -> bool {
        self.recent.len() == QUICKEST_OF
            && self.quickest() > self.least.0.min(self.least.1) + QUEUE_MILLIS
    }

    fn quickest(&self) -> f64 {
        self.recent.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Take the delay of now as the least: it was reacted to. Another route, which is slower for good, must not count twice.
    fn accept(&mut self) {
        self.least = (self.quickest(), f64::INFINITY);
    }
}

/// Least-squares slope; 0 when all points have one arrival time.
fn slope(points: &VecDeque<(f64, f64)>) -> f64 {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (
            above + (x - mean_x) * (y - mean_y),
            below + (x - mean_x) * (x - mean_x),
        )
    });
    if below > 0.0 { above / below } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn play(delay_micros: impl Fn(u32) -> i64) -> Vec<Signal> {
        let mut trend = DelayTrend::default();
        (0..200_u32)
            .map(|group| {
                trend.on_arrival(
                    group * 20_000,
                    i64::from(group) * 20_000 + delay_micros(group),
                );
                trend.signal()
            })
            .collect()
    }

    #[test]
    fn a_queue_that_builds_up_is_overuse() {
        assert!(play(|group| i64::from(group) * 2_000).contains(&Signal::Overuse));
    }

    #[test]
    fn steady_delay_and_small_jitter_are_normal() {
        assert!(!play(|_| 40_000).contains(&Signal::Overuse));
        assert!(
            !play(|group| 40_000 + i64::from(group * 7919 % 5) * 1_000).contains(&Signal::Overuse)
        );
    }

    #[test]
    fn wild_jitter_without_a_queue_is_normal() {
        for seed in 0..20 {
            let wild = |group: u32| {
                i64::from((group + seed * 977).wrapping_mul(2_654_435_761) >> 16) * 50_000 / 65_536
            };
            assert!(!play(wild).contains(&Signal::Overuse), "seed {seed}");
        }
    }

    #[test]
    fn a_queue_that_drains_is_underuse() {
        assert!(play(|group| 400_000 - i64::from(group) * 2_000).contains(&Signal::Underuse));
    }

    #[test]
    fn the_reference_time_may_wrap() {
        let mut trend = DelayTrend::default();
        assert_eq!(trend.epoch(0xFF_FFFF), 0);
        assert_eq!(trend.epoch(0), 64_000 << 24);
        assert_eq!(trend.epoch(0xFF_FFFF), 0, "a late feedback");
    }

    proptest! {
        #[test]
        fn no_times_make_it_panic(times in proptest::collection::vec((any::<u32>(), any::<i64>()), 0..300)) {
            let mut trend = DelayTrend::default();
            for (sent, arrived) in times {
                trend.on_arrival(sent, arrived);
            }
        }
    }
}
