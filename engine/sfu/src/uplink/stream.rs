//! One incoming RTP stream: its numbering, what is missing of it, and what a receiver report says of it (RFC 3550).

use std::time::Instant;

use huisclos_wire::rtcp::ReportBlock;
use str0m::media::{Mid, Rid};

use super::missing::Missing;
use crate::once::Once;
use crate::track::TrackKey;

/// What the packets of an SSRC are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Media of a section, and of a simulcast layer of it.
    Media { mid: Mid, rid: Option<Rid> },
    /// Resends of that (RFC 4588), and padding by which a sender probes the line.
    Repair { mid: Mid, rid: Option<Rid> },
    /// SSRC 0: libwebrtc probes the line with it before there is media.
    Probe,
}

pub(crate) struct Stream {
    pub(crate) ssrc: u32,
    pub(crate) role: Role,
    /// Which track and layer it is, once that is published.
    pub(crate) source: Option<(TrackKey, u8)>,
    pub(crate) used: Instant,
    seen: Once,
    highest: Option<u64>,
    pub(super) missing: Missing,
    /// Whether the sender keeps packets to send them again.
    pub(super) repairable: bool,
    reception: Reception,
}

impl Stream {
    pub(super) fn new(now: Instant, ssrc: u32, role: Role, repairable: bool) -> Self {
        Stream {
            ssrc,
            role,
            source: None,
            used: now,
            seen: Once::default(),
            highest: None,
            missing: Missing::default(),
            repairable,
            reception: Reception::default(),
        }
    }

    /// The index of a packet with this sequence number, if it is not a replay: the one nearest to the highest that came
    /// (RFC 3711 appendix A). A stream begins with roll-over counter 0.
    pub(crate) fn index(&self, sequence: u16) -> Option<u64> {
        let index = match self.highest {
            None => u64::from(sequence),
            Some(highest) => {
                let ahead = sequence.wrapping_sub(highest as u16).cast_signed();
                highest.checked_add_signed(i64::from(ahead))?
            }
        };
        self.seen.is_new(index).then_some(index)
    }

    /// A packet with `index` authenticated. Returns false when there was one before.
    pub(crate) fn arrived(&mut self, now: Instant, index: u64) -> bool {
        if !self.seen.first_time(index) {
            return false;
        }
        self.used = now;
        match self.highest {
            Some(highest) if index > highest => {
                if self.repairable && index > highest + 1 {
                    self.missing.skipped(now, highest + 1, index);
                }
                self.highest = Some(index);
            }
            Some(_) => self.missing.arrived(index),
            None => {
                self.reception.first = index;
                self.highest = Some(index);
            }
        }
        self.reception.received += 1;
        true
    }

    /// Notes when a packet with RTP time `timestamp` came on its own, not as a resend: for the jitter of `clock_rate` Hz.
    pub(crate) fn timed(&mut self, now: Instant, timestamp: u32, clock_rate: u32) {
        self.reception.timed(now, timestamp, clock_rate);
    }

    /// When something missing is to be asked for, at the earliest.
    pub(crate) fn next_ask(&self) -> Option<Instant> {
        self.missing.next_timeout()
    }

    /// The sender reported at NTP time `ntp`.
    pub(crate) fn sender_reported(&mut self, now: Instant, ntp: u64) {
        self.reception.reported = Some(((ntp >> 16) as u32, now));
    }

    /// What to say in a receiver report; `None` before anything came.
    pub(crate) fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let highest = self.highest?;
        Some(self.reception.block(now, self.ssrc, highest))
    }
}

/// The numbers of RFC 3550 sections 6.4.1 and A.3, resends counted as received.
#[derive(Default)]
struct Reception {
    first: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// Arrival and RTP time of the last packet.
    last: Option<(Instant, u32)>,
    /// In sixteenths of a tick.
    jitter: u32,
    /// Middle bits of the NTP time of the last sender report, and when it came.
    reported: Option<(u32, Instant)>,
}

impl Reception {
    fn timed(&mut self, now: Instant, timestamp: u32, clock_rate: u32) {
        if let Some((at, before)) = self.last {
            let micros = now.saturating_duration_since(at).as_micros() as i64;
            let apart = micros.saturating_mul(i64::from(clock_rate)) / 1_000_000;
            let sent_apart = i64::from(timestamp.wrapping_sub(before).cast_signed());
            let off = u32::try_from(apart.abs_diff(sent_apart)).unwrap_or(u32::MAX);
            // A stream that begins anew has another clock: no jitter.
            if off < clock_rate {
                self.jitter = (self.jitter + off).saturating_sub((self.jitter + 8) >> 4);
            }
        }
        self.last = Some((now, timestamp));
    }

    fn block(&mut self, now: Instant, source: u32, highest: u64) -> ReportBlock {
        let expected = highest.saturating_sub(self.first) + 1;
        let lost = expected.cast_signed() - self.received.cast_signed();
        let expected_now = expected.saturating_sub(self.expected_before);
        let received_now = self.received.saturating_sub(self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let fraction = expected_now
            .checked_sub(received_now)
            .and_then(|lost| (lost * 256).checked_div(expected_now))
            .unwrap_or(0);
        let (last_report, delay) = self.reported.map_or((0, 0), |(stamp, at)| {
            let since = now.saturating_duration_since(at).as_micros();
            (stamp, (since * 65_536 / 1_000_000) as u32)
        });
        ReportBlock {
            source,
            fraction_lost: fraction.min(255) as u8,
            total_lost: (lost.clamp(-0x80_0000, 0x7F_FFFF) as u32) & 0xFF_FFFF,
            highest: highest as u32,
            jitter: self.jitter >> 4,
            last_report,
            delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use proptest::prelude::*;

    fn stream() -> Stream {
        let role = Role::Media {
            mid: Mid::from("0"),
            rid: None,
        };
        Stream::new(Instant::now(), 7, role, true)
    }

    fn arrive(stream: &mut Stream, sequence: u16) -> Option<u64> {
        let index = stream.index(sequence)?;
        assert!(stream.arrived(Instant::now(), index));
        Some(index)
    }

    #[test]
    fn the_counter_rolls_over_and_late_packets_from_before_are_told_apart() {
        let mut stream = stream();
        let indexes = [65_534, 0, 65_535, 1].map(|sequence| arrive(&mut stream, sequence));
        assert_eq!(
            indexes,
            [Some(65_534), Some(65_536), Some(65_535), Some(65_537)]
        );
    }

    #[test]
    fn a_packet_from_before_the_first_turn_is_refused_not_wrapped() {
        let mut stream = stream();
        assert_eq!(arrive(&mut stream, 3), Some(3));
        assert_eq!(stream.index(65_535), None);
    }

    proptest! {
        #[test]
        fn no_order_lets_a_packet_in_twice(sequences in proptest::collection::vec(0_u16..2000, 0..500)) {
            let mut stream = stream();
            let mut came = std::collections::HashSet::new();
            for sequence in sequences {
                if let Some(index) = arrive(&mut stream, sequence) {
                    prop_assert!(came.insert(index));
                }
            }
        }

        #[test]
        fn any_arrivals_and_times_give_a_report(packets in proptest::collection::vec((any::<u16>(), any::<u32>()), 1..100)) {
            let mut stream = stream();
            let mut now = Instant::now();
            for (sequence, timestamp) in packets {
                now += Duration::from_millis(7);
                arrive(&mut stream, sequence);
                stream.timed(now, timestamp, 90_000);
            }
            let block = stream.report(now).unwrap();
            prop_assert!(block.total_lost < 1 << 24);
        }
    }

    #[test]
    fn a_report_counts_what_is_missing_and_what_came_again_not() {
        let mut stream = stream();
        for sequence in [1, 2, 3, 5, 6, 8] {
            arrive(&mut stream, sequence);
        }
        arrive(&mut stream, 5);
        arrive(&mut stream, 4);
        let report = stream.report(Instant::now()).unwrap();
        assert_eq!((report.highest, report.total_lost), (8, 1));
        assert_eq!(report.fraction_lost, 32);
        arrive(&mut stream, 9);
        assert_eq!(stream.report(Instant::now()).unwrap().fraction_lost, 0);
    }

    #[test]
    fn a_report_echoes_the_senders_and_measures_jitter() {
        let mut stream = stream();
        let start = Instant::now();
        stream.sender_reported(start, 0x1122_3344_5566_7788);
        arrive(&mut stream, 1);
        for step in 0..100_u32 {
            // Every other packet 5 ms late.
            let late = u64::from(step % 2) * 5;
            let at = start + Duration::from_millis(u64::from(step) * 20 + late);
            stream.timed(at, step * 960, 48_000);
        }
        let report = stream.report(start + Duration::from_millis(500)).unwrap();
        assert_eq!((report.last_report, report.delay), (0x3344_5566, 32_768));
        assert!((200..=245).contains(&report.jitter), "{}", report.jitter);
    }
}
