//! From signals to a rate: rises while all is well, falls when delay or loss says so, hopes slowly where nothing is known.

use std::time::{Duration, Instant};

/// Bit/s before anything is known: two middle layers and audio, which nearly every line carries.
pub const START: u64 = 2_500_000;
/// Audio of a small call; less would be of no use to anyone.
const FLOOR: u64 = 100_000;
const CEILING: u64 = 200_000_000;

/// Growth a second: doubling until the first sign of congestion, then cautious; slower still where the line was seen to
/// be full, and beyond what is being sent.
const GROWTH_UNTRIED: f64 = 1.0;
const GROWTH: f64 = 0.08;
const GROWTH_NEAR_LIMIT: f64 = 0.03;
const HOPE: f64 = 0.04;
/// While what arrives is less than this share of the estimate, rising proves nothing: it is hope.
const PROVEN: f64 = 0.6;
/// What is left after congestion by delay, of what arrived meanwhile.
const BACK_OFF: f64 = 0.85;
/// Share of what arrived that the line is trusted with from then on.
const CARRIED: f64 = 0.9;
/// Loss below which rates rise, and above which they fall. In between lies radio, whose loss is the same at any rate: falling
/// for it would go layer by layer to the bottom. A full queue shows in the delay before it shows here.
const LOSS_LOW: f32 = 0.02;
const LOSS_HIGH: f32 = 0.20;
/// Loss at which nothing is left to protect but audio.
const LOSS_SEVERE: f32 = 0.35;
/// Lesser loss alone does not take the rate below this.
const LOSS_FLOOR: u64 = 300_000;
const LOSS_INTERVAL: Duration = Duration::from_millis(500);

/// What the delay trend says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Normal,
    Overuse,
    Underuse,
}

/// What is known besides.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    /// Bit/s that arrive.
    pub(super) arriving: u64,
    pub(super) loss: f32,
    pub(super) round_trip: Duration,
}

/// The rate itself.
pub(super) struct Control {
    estimate: f64,
    updated: Instant,
    last_decrease: Option<Instant>,
    /// What arrived when the line was last full.
    limit: Option<f64>,
    /// Hope is halved each time it leads into congestion, and comes back slowly.
    hope: f64,
}

impl Control {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            estimate: START as f64,
            updated: now,
            last_decrease: None,
            limit: None,
            hope: HOPE,
        }
    }

    pub(super) fn estimate(&self) -> u64 {
        self.estimate as u64
    }

    /// No congestion was seen yet: the line may carry much more.
    pub(super) const fn untried(&self) -> bool {
        self.last_decrease.is_none()
    }

    /// Take a rate from a peer that estimates itself.
    pub(super) fn set(&mut self, rate: u64) {
        self.estimate = (rate as f64).clamp(FLOOR as f64, CEILING as f64);
    }

    pub(super) fn cap(&mut self, rate: u64) {
        self.set((self.estimate as u64).min(rate));
    }

    /// Sent, but nothing heard for seconds.
    pub(super) fn on_silence(&mut self) {
        self.set(self.estimate as u64 / 2);
    }

    pub(super) fn on_signal(&mut self, now: Instant, signal: Signal, measured: Measured) {
        let elapsed = now
            .saturating_duration_since(self.updated)
            .as_secs_f64()
            .min(1.0);
        self.updated = now;
        match signal {
            Signal::Overuse => self.back_off(now, measured),
            // The queue drains: what the line carries is not known before it is empty.
            Signal::Underuse => {}
            Signal::Normal => self.grow(now, elapsed, measured),
        }
    }

    fn back_off(&mut self, now: Instant, measured: Measured) {
        // One reaction must have had time to show before the next.
        let wait = measured.round_trip + Duration::from_millis(200);
        if self
            .last_decrease
            .is_some_and(|last| now.saturating_duration_since(last) < wait)
        {
            return;
        }
        let arriving = measured.arriving as f64;
        if self.estimate * PROVEN > arriving {
            self.hope = (self.hope / 2.0).max(HOPE / 8.0);
        }
        self.limit = Some(
            self.limit
                .map_or(arriving, |limit| 0.7 * limit + 0.3 * arriving),
        );
        self.last_decrease = Some(now);
        self.set((BACK_OFF * arriving).min(self.estimate) as u64);
    }

    fn grow(&mut self, now: Instant, elapsed: f64, measured: Measured) {
        let settling = measured.round_trip + Duration::from_millis(300);
        if self
            .last_decrease
            .is_some_and(|last| now.saturating_duration_since(last) < settling)
            || measured.loss > LOSS_LOW
        {
            return;
        }
        let arriving = measured.arriving as f64;
        let proven = arriving >= PROVEN * self.estimate;
        let rate = match (proven, self.limit) {
            (false, _) => self.hope,
            (true, None) => GROWTH_UNTRIED,
            (true, Some(limit)) if (0.8 * limit..1.2 * limit).contains(&self.estimate) => {
                GROWTH_NEAR_LIMIT
            }
            (true, Some(_)) => GROWTH,
        };
        self.hope = (self.hope * (1.0 + 0.01 * elapsed)).min(HOPE);
        let grown = (self.estimate * (1.0 + rate * elapsed)).ceil();
        // What has arrived without a queue was carried, however little was expected: this is how a trial succeeds.
        self.set(grown.max(CARRIED * arriving) as u64);
    }

    pub(super) fn on_loss(&mut self, now: Instant, measured: Measured) {
        if measured.loss <= LOSS_HIGH
            || self
                .last_decrease
                .is_some_and(|last| now.saturating_duration_since(last) < LOSS_INTERVAL)
        {
            return;
        }
        let floor = if measured.loss > LOSS_SEVERE {
            FLOOR
        } else {
            LOSS_FLOOR.max(measured.arriving)
        };
        let lowered = (self.estimate * f64::from(1.0 - 0.5 * measured.loss)) as u64;
        let lowered = lowered.max(floor);
        if lowered < self.estimate() {
            self.last_decrease = Some(now);
            self.set(lowered);
        }
    }
}
