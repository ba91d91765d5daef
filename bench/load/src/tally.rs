//! What one client received: packets per stream from the clear RTP header, gaps, retransmissions, latency.
//!
//! Counting looks at the datagram as it came from the socket and trusts no library. The retransmission stream (RTX) is
//! told by its payload type and never fills a gap: `missing` says what the first sending lost.

use std::time::Instant;

use crate::frames;

/// Packets a stream may be out of order by and still be told from a repetition.
const WINDOW: i64 = 1024;

/// RTP or RTCP shares the socket with STUN and DTLS: the fields of an RTP packet, if it is one (RFC 7983, RFC 5761).
pub(crate) struct RtpFields {
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) ssrc: u32,
}

impl RtpFields {
    pub(crate) fn read(datagram: &[u8]) -> Option<RtpFields> {
        let header: &[u8; 12] = datagram.first_chunk()?;
        let payload_type = header[1] & 0x7f;
        let is_rtp = header[0] & 0xc0 == 0x80 && !(64..96).contains(&payload_type);
        is_rtp.then(|| RtpFields {
            payload_type,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        })
    }
}

/// One media SSRC since the window opened.
struct Stream {
    ssrc: u32,
    /// First extended sequence number that counts.
    base: i64,
    highest: i64,
    received: i64,
    /// One bit for each of the last `WINDOW` numbers: set when that packet has come.
    seen: [u64; (WINDOW / 64) as usize],
}

impl Stream {
    fn starting_at(ssrc: u32, sequence: u16) -> Stream {
        Stream {
            ssrc,
            base: i64::from(sequence),
            highest: i64::from(sequence) - 1,
            received: 0,
            seen: [0; (WINDOW / 64) as usize],
        }
    }

    fn arrive(&mut self, sequence: u16) {
        let ahead = i64::from(sequence.wrapping_sub(self.highest as u16) as i16);
        let extended = self.highest + ahead;
        if ahead > 0 {
            for number in (self.highest + 1..=extended).take(WINDOW as usize) {
                self.mark(number, false);
            }
            self.highest = extended;
        } else if ahead <= -WINDOW || self.marked(extended) {
            return;
        }
        self.mark(extended, true);
        if extended >= self.base {
            self.received += 1;
        }
    }

    fn reopen(&mut self) {
        self.base = self.highest + 1;
        self.received = 0;
    }

    fn expected(&self) -> i64 {
        self.highest + 1 - self.base
    }

    fn slot(number: i64) -> (usize, u64) {
        let at = number.rem_euclid(WINDOW);
        ((at / 64) as usize, 1 << (at % 64))
    }

    fn mark(&mut self, number: i64, come: bool) {
        let (word, bit) = Stream::slot(number);
        if come {
            self.seen[word] |= bit;
        } else {
            self.seen[word] &= !bit;
        }
    }

    fn marked(&self, number: i64) -> bool {
        let (word, bit) = Stream::slot(number);
        self.seen[word] & bit != 0
    }
}

#[derive(Default)]
pub(crate) struct Tally {
    streams: Vec<Stream>,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) rtx_packets: u64,
    pub(crate) decrypted: u64,
    /// Microseconds from the stamp to the socket, one entry for each decrypted packet.
    pub(crate) latencies: Vec<u32>,
}

impl Tally {
    /// Count from here on: what came before is the warm-up.
    pub(crate) fn reopen(&mut self) {
        self.streams.iter_mut().for_each(Stream::reopen);
        let streams = std::mem::take(&mut self.streams);
        *self = Tally {
            streams,
            ..Tally::default()
        };
    }

    pub(crate) fn media(&mut self, rtp: &RtpFields, length: usize) {
        self.packets += 1;
        self.bytes += length as u64;
        let at = match self
            .streams
            .iter()
            .position(|stream| stream.ssrc == rtp.ssrc)
        {
            Some(at) => at,
            None => {
                self.streams
                    .push(Stream::starting_at(rtp.ssrc, rtp.sequence));
                self.streams.len() - 1
            }
        };
        self.streams[at].arrive(rtp.sequence);
    }

    pub(crate) fn retransmission(&mut self) {
        self.rtx_packets += 1;
    }

    /// A payload that was decrypted; `epoch` is the zero of the stamps.
    pub(crate) fn payload(&mut self, payload: &[u8], arrived: Instant, epoch: Instant) {
        let Some(nanos) = frames::stamped(payload) else {
            return;
        };
        self.decrypted += 1;
        let took = (arrived - epoch)
            .as_nanos()
            .saturating_sub(u128::from(nanos))
            / 1_000;
        self.latencies.push(u32::try_from(took).unwrap_or(u32::MAX));
    }

    /// Streams that carried something since the window opened.
    pub(crate) fn live_streams(&self) -> usize {
        self.streams
            .iter()
            .filter(|stream| stream.received > 0)
            .count()
    }

    /// Packets that the sequence numbers promise.
    pub(crate) fn expected(&self) -> i64 {
        self.streams.iter().map(Stream::expected).sum()
    }

    /// Promised packets that never came on their own stream.
    pub(crate) fn missing(&self) -> i64 {
        self.streams
            .iter()
            .map(|stream| stream.expected() - stream.received)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(tally: &mut Tally, sequences: impl IntoIterator<Item = u16>) {
        for sequence in sequences {
            let rtp = RtpFields {
                payload_type: 96,
                sequence,
                ssrc: 1,
            };
            tally.media(&rtp, 1_000);
        }
    }

    #[test]
    fn gaps_are_counted_across_the_wrap_of_the_sequence_number() {
        let mut tally = Tally::default();
        feed(
            &mut tally,
            (65_500..=65_535)
                .chain(0..100)
                .filter(|number| number % 10 != 5),
        );
        assert_eq!(tally.expected(), 136);
        assert_eq!(tally.missing(), 14);
    }

    #[test]
    fn a_late_packet_fills_its_gap_and_a_repeated_one_does_not() {
        let mut tally = Tally::default();
        feed(&mut tally, [10, 11, 13, 12]);
        assert_eq!(tally.missing(), 0);
        feed(&mut tally, [15, 15, 13]);
        assert_eq!(tally.missing(), 1);
    }

    #[test]
    fn the_warm_up_does_not_count() {
        let mut tally = Tally::default();
        feed(&mut tally, [1, 2, 9]);
        tally.reopen();
        feed(&mut tally, [8, 10, 11]);
        assert_eq!((tally.expected(), tally.missing()), (2, 0));
        assert_eq!(tally.live_streams(), 1);
    }

    #[test]
    fn rtcp_stun_and_dtls_are_not_media() {
        assert!(RtpFields::read(&[0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]).is_some());
        for first in [[0x81, 200], [0x00, 0x01], [22, 254]] {
            let mut datagram = vec![0; 40];
            datagram[..2].copy_from_slice(&first);
            assert!(RtpFields::read(&datagram).is_none());
        }
    }
}
