//! Estimates what one peer's downlink carries from transport-wide feedback (delay trend and loss), receiver reports and REMB; what
//! is sent within the estimate is decided by `allocation`.

use std::time::{Duration, Instant};

use huisclos_wire::twcc::TransportFeedback;

/// Bit/s before anything is known: two middle layers and audio, which nearly every line carries.
pub const START: u64 = 2_500_000;

/// A burst of padding or RTX to learn whether more would pass. The engine sends it; the estimator reads its feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    pub rate: u64,
    pub duration: Duration,
}

/// The downlink estimate of one peer connection.
pub struct Estimator {
    next: u16,
    estimate: u64,
    round_trip: Option<Duration>,
    loss: f32,
}

impl Estimator {
    pub fn new(now: Instant) -> Self {
        let _ = now;
        Self { next: 0, estimate: START, round_trip: None, loss: 0.0 }
    }

    /// Note a packet of `size` bytes (with header and tag) that leaves now, and return its transport-wide number.
    /// Call it for every RTP packet of the connection, RTX included, in the order in which they leave.
    pub fn on_sent(&mut self, now: Instant, size: usize) -> u16 {
        let _ = (now, size);
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    /// Transport-wide feedback (RTCP 205/15) from the peer.
    pub fn on_feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>) {
        let _ = (now, feedback);
    }

    /// A REMB: an upper bound, and the whole estimate while no transport-wide feedback comes.
    pub fn on_remb(&mut self, now: Instant, bits_per_second: u64) {
        let _ = (now, bits_per_second);
    }

    /// A receiver report block: `fraction_lost` of 256, and the round trip where LSR and DLSR give one.
    pub fn on_receiver_report(&mut self, now: Instant, fraction_lost: u8, round_trip: Option<Duration>) {
        let _ = (now, fraction_lost, round_trip);
    }

    /// Time passing: call about every 100 ms, so that silence lowers the estimate too.
    pub fn on_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// Bit/s of the whole downlink, audio and resends included.
    pub fn estimate(&self) -> u64 {
        self.estimate
    }

    /// Smoothed round trip; 100 ms before anything is known.
    pub fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or(Duration::from_millis(100))
    }

    /// Smoothed loss, 0 to 1.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// Bit/s that left in the last half second.
    pub fn sent(&mut self, now: Instant) -> u64 {
        let _ = now;
        0
    }

    /// A probe worth sending now, given that `wanted` bit/s would be used if they were there.
    pub fn probe(&mut self, now: Instant, wanted: u64) -> Option<Probe> {
        let _ = (now, wanted);
        None
    }
}
