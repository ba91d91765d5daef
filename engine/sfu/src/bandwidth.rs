//! Estimates what one peer's downlink carries from transport-wide feedback (delay trend and loss), receiver reports and REMB; what
//! is sent within the estimate is decided by `allocation`.

mod control;
mod delay;
mod meter;
mod sent;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use huisclos_wire::twcc::TransportFeedback;

use control::{Control, Signal};
use delay::DelayTrend;
use meter::Meter;
use sent::SentPackets;

pub use control::START;

/// Feedback comes every 50 to 100 ms while packets flow; after this long without any, other sources are believed.
const FEEDBACK_SILENCE: Duration = Duration::from_secs(2);
/// Loss is judged over at least this many packets and this long: fewer say little.
const LOSS_PACKETS: u32 = 20;
const LOSS_WINDOW: Duration = Duration::from_millis(500);
/// A round trip before anything is known.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The downlink estimate of one peer connection.
pub struct Estimator {
    sent: SentPackets,
    trend: DelayTrend,
    control: Control,
    sending: Meter,
    /// What feedback says has arrived, by our clock.
    arriving: Meter,
    window: LossWindow,
    loss: f32,
    round_trip: Option<Duration>,
    last_feedback: Option<Instant>,
    last_remb: Option<Instant>,
    last_sent: Option<Instant>,
}

struct LossWindow {
    began: Instant,
    arrived: u32,
    lost: u32,
}

impl Estimator {
    pub fn new(now: Instant) -> Self {
        Self {
            sent: SentPackets::new(now),
            trend: DelayTrend::default(),
            control: Control::new(now),
            sending: Meter::new(now),
            arriving: Meter::new(now),
            window: LossWindow {
                began: now,
                arrived: 0,
                lost: 0,
            },
            loss: 0.0,
            round_trip: None,
            last_feedback: None,
            last_remb: None,
            last_sent: None,
        }
    }

    /// Note a packet of `size` bytes (with header and tag) that leaves now, and return its transport-wide number.
    /// Call it for every RTP packet of the connection, RTX included, in the order in which they leave.
    pub fn on_sent(&mut self, now: Instant, size: usize) -> u16 {
        self.sending.add(now, size);
        self.last_sent = Some(now);
        self.sent.add(now, size)
    }

    /// Transport-wide feedback (RTCP 205/15) from the peer.
    pub fn on_feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>) {
        let epoch = self.trend.epoch(feedback.reference);
        let mut any = false;
        // More than the ring holds can only be about packets that were never sent.
        for arrival in feedback.arrivals().take(sent::CAPACITY) {
            let Some(at) = arrival.at else {
                self.window.lost += u32::from(self.sent.miss(arrival.number));
                continue;
            };
            let Some((packet, missed)) = self.sent.acknowledge(arrival.number) else {
                continue;
            };
            any = true;
            self.window.arrived += 1;
            self.window.lost = self.window.lost.saturating_sub(u32::from(missed));
            self.arriving.add(now, usize::from(packet.size));
            self.trend.on_arrival(packet.at, at.saturating_add(epoch));
        }
        if any {
            self.last_feedback = Some(now);
        }
        let signal = self.trend.signal();
        self.turn_loss_window(now);
        let measured = self.measured(now);
        self.control.on_signal(now, signal, measured);
    }

    fn measured(&mut self, now: Instant) -> control::Measured {
        control::Measured {
            arriving: self.arriving.rate(now),
            loss: self.loss,
            round_trip: self.round_trip(),
        }
    }

    fn turn_loss_window(&mut self, now: Instant) {
        let told = self.window.arrived + self.window.lost;
        if told < LOSS_PACKETS || now.saturating_duration_since(self.window.began) < LOSS_WINDOW {
            return;
        }
        let fraction = self.window.lost as f32 / told as f32;
        self.window = LossWindow {
            began: now,
            arrived: 0,
            lost: 0,
        };
        self.note_loss(now, fraction);
    }

    fn note_loss(&mut self, now: Instant, fraction: f32) {
        self.loss += (fraction - self.loss) * 0.4;
        let measured = self.measured(now);
        self.control.on_loss(now, measured);
    }

    /// A REMB: an upper bound, and the whole estimate while no transport-wide feedback comes.
    pub fn on_remb(&mut self, now: Instant, bits_per_second: u64) {
        self.last_remb = Some(now);
        if self.hears_feedback(now) {
            self.control.cap(bits_per_second);
        } else {
            self.control.set(bits_per_second);
        }
    }

    /// A receiver report block: `fraction_lost` of 256, and the round trip where LSR and DLSR give one.
    pub fn on_receiver_report(
        &mut self,
        now: Instant,
        fraction_lost: u8,
        round_trip: Option<Duration>,
    ) {
        if let Some(sample) = round_trip {
            let smoothed = self
                .round_trip
                .map_or(sample, |before| (before * 7 + sample) / 8);
            self.round_trip = Some(smoothed.min(Duration::from_secs(5)));
        }
        if self.hears_feedback(now) {
            return;
        }
        self.note_loss(now, f32::from(fraction_lost) / 256.0);
        if !recent(self.last_remb, now) {
            // Nothing tells of delay or throughput: take what is sent for what arrives.
            let arriving = self.sending.rate(now);
            let measured = control::Measured {
                arriving,
                ..self.measured(now)
            };
            self.control.on_signal(now, Signal::Normal, measured);
        }
    }

    fn hears_feedback(&self, now: Instant) -> bool {
        recent(self.last_feedback, now)
    }

    /// Time passing: call about every 100 ms, so that silence lowers the estimate too.
    pub fn on_timeout(&mut self, now: Instant) {
        if let Some(heard) = self.last_feedback
            && now.saturating_duration_since(heard) > FEEDBACK_SILENCE
            && self
                .last_sent
                .is_some_and(|sent| sent > heard + FEEDBACK_SILENCE)
            && !recent(self.last_remb, now)
        {
            // Counted as heard, so that the next cut comes after another silence.
            self.last_feedback = Some(now);
            self.control.on_silence();
        }
    }

    /// Bit/s of the whole downlink, audio and resends included.
    pub fn estimate(&self) -> u64 {
        self.control.estimate()
    }

    /// No congestion was seen yet: the estimate is where growth has come to, not what the line carries.
    pub const fn untried(&self) -> bool {
        self.control.untried()
    }

    /// Smoothed round trip; 100 ms before anything is known.
    pub fn round_trip(&self) -> Duration {
        self.round_trip.unwrap_or(ROUND_TRIP)
    }

    /// Smoothed loss, 0 to 1.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// Bit/s that left in the last half second.
    pub fn sent(&mut self, now: Instant) -> u64 {
        self.sending.rate(now)
    }
}

fn recent(at: Option<Instant>, now: Instant) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) <= FEEDBACK_SILENCE)
}
