//! The hot path: what one receive round brought goes out to every subscriber, sealed in place.
//!
//! The outer loop is over subscribers and the inner over packets, so that equal-sized packets to one destination lie side by
//! side in the arena and leave in one system call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use huisclos_wire::rtp::{Header, RTX_PREFIX};
use huisclos_wire::vp8::{self, PictureNumbers};

use crate::api::CloseReason;
use crate::arena::{Arena, Path};
use crate::bandwidth::Estimator;
use crate::receive::RoundPacket;
use crate::rewrite::Incoming;
use crate::section::Section;
use crate::sfu::{Outlet, Sfu};
use crate::srtp::RtpSealer;

/// A packet of this round is in its history whatever its age.
const ANY_AGE: Duration = Duration::MAX;

/// One RTP packet as it is to be sealed.
pub(crate) struct Outbound<'a> {
    pub(crate) header: Header,
    pub(crate) index: u64,
    /// In an RTX packet, the sequence number that it repeats.
    pub(crate) repeats: Option<u16>,
    pub(crate) payload: &'a [u8],
    pub(crate) vp8: Option<PictureNumbers>,
    pub(crate) orientation: Option<u8>,
    /// Bytes of RTP padding behind the payload.
    pub(crate) padding: u8,
}

/// Where and with what keys a section's packets leave.
pub(crate) struct Exit<'a> {
    pub(crate) arena: &'a mut Arena,
    pub(crate) path: Path,
    pub(crate) sealer: &'a RtpSealer,
    pub(crate) estimator: &'a mut Estimator,
}

impl Exit<'_> {
    /// Writes and seals one packet into the arena; returns its size on the wire.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        section: &Section,
        packet: &Outbound<'_>,
    ) -> Option<usize> {
        let template = section.template(packet.orientation);
        let header_length = template.length();
        let prefix = if packet.repeats.is_some() {
            RTX_PREFIX
        } else {
            0
        };
        let length = header_length + prefix + packet.payload.len() + usize::from(packet.padding);
        let size = length + self.sealer.profile().rtp_overhead();
        if header_length == 0 {
            return None;
        }
        let number = self.estimator.on_sent(now, size);
        let sealer = self.sealer;
        self.arena.push_with(self.path, |bytes| {
            let start = bytes.len();
            template.write(
                bytes,
                &packet.header,
                number,
                packet.orientation,
                packet.padding > 0,
            );
            if let Some(sequence) = packet.repeats {
                bytes.extend_from_slice(&sequence.to_be_bytes());
            }
            bytes.extend_from_slice(packet.payload);
            bytes.resize(start + size, 0);
            let Some(written) = bytes.get_mut(start..) else {
                return false;
            };
            if let (true, Some(last)) = (packet.padding > 0, written.get_mut(length - 1)) {
                *last = packet.padding;
            }
            if let Some(numbers) = &packet.vp8
                && let Some(payload) = written.get_mut(header_length + prefix..)
            {
                vp8::renumber(payload, numbers);
            }
            sealer
                .seal(
                    written,
                    header_length,
                    length,
                    packet.header.ssrc,
                    packet.index,
                )
                .is_ok()
        })
    }
}

/// Encoders cut a picture into packets that differ by a byte or two. Padded to one size they leave in one run, which costs the
/// kernel far less than the bytes do. Larger differences are left alone.
const MAX_PADDING: usize = 8;

/// Appends to `targets` the payload size that each of `sizes` is to be padded to.
fn equalize(sizes: impl Iterator<Item = usize>, targets: &mut Vec<usize>) {
    targets.clear();
    targets.extend(sizes);
    let mut rest = targets.as_mut_slice();
    while let Some(&first) = rest.first() {
        let (mut least, mut most, mut count) = (first, first, 0);
        for &size in rest.iter() {
            if least.min(size) + MAX_PADDING < most.max(size) {
                break;
            }
            (least, most, count) = (least.min(size), most.max(size), count + 1);
        }
        let (alike, others) = rest.split_at_mut(count);
        alike.fill(most);
        rest = others;
    }
}

impl Sfu {
    /// Forwards all packets taken in since the last call, then goes on with handshakes. `outlet` is asked to flush whenever
    /// the arena is full.
    pub fn end_round(&mut self, now: Instant, outlet: &mut dyn Outlet) {
        self.forward_round(now, outlet);
        self.run_handshakes(now);
    }

    fn forward_round(&mut self, now: Instant, outlet: &mut dyn Outlet) {
        if self.round.is_empty() {
            return;
        }
        let mut round = std::mem::take(&mut self.round);
        round.sort_unstable_by_key(|packet| (packet.track, packet.layer, packet.order));
        for group in round.chunk_by(|a, b| (a.track, a.layer) == (b.track, b.layer)) {
            let forwarded = catch_unwind(AssertUnwindSafe(|| self.forward(now, group, outlet)));
            if forwarded.is_err() {
                self.end_publisher(now, group);
            }
        }
        round.clear();
        self.round = round;
    }

    /// A defect met while forwarding ends the publisher whose packets met it, nobody else.
    fn end_publisher(&mut self, now: Instant, group: &[RoundPacket]) {
        self.counters.panics += 1;
        let publisher = group
            .first()
            .and_then(|packet| self.tracks.get(packet.track))
            .map(|track| track.publisher);
        if let Some(publisher) = publisher {
            self.close(now, publisher, CloseReason::Panic);
        }
    }

    /// One group: packets of one layer of one track, in the order of their arrival.
    fn forward(&mut self, now: Instant, group: &[RoundPacket], outlet: &mut dyn Outlet) {
        let Some(first) = group.first() else { return };
        let Some(track) = self.tracks.get(first.track) else {
            return;
        };
        let Some(layer) = track.layer(first.layer) else {
            return;
        };
        let clock = layer.clock.map(|reported| reported.clock);
        let size = |member: &RoundPacket| {
            layer
                .history
                .get(now, member.sequence, ANY_AGE)
                .map_or(0, |packet| packet.payload.len())
        };
        equalize(group.iter().map(size), &mut self.targets);
        for &(subscriber, index) in &track.subscribers {
            let Some(peer) = self.peers.get_mut(subscriber) else {
                continue;
            };
            let (Some(path), Some(srtp)) = (peer.media_path(), &peer.srtp) else {
                continue;
            };
            let Some(section) = peer.sections.get_mut(index) else {
                continue;
            };
            let wants = [section.continuity.wanted(), section.continuity.current()];
            if !wants.contains(&Some(first.layer)) {
                continue;
            }
            let mut exit = Exit {
                arena: &mut self.arena,
                path,
                sealer: &srtp.rtp,
                estimator: &mut peer.estimator,
            };
            for (member, target) in group.iter().zip(&self.targets) {
                let Some(packet) = layer.history.get(now, member.sequence, ANY_AGE) else {
                    continue;
                };
                let spec = track.format(packet.payload_type);
                let Some(format) = section.format_for(packet.payload_type, spec) else {
                    self.counters.unmatched_formats += 1;
                    continue;
                };
                let Some(outgoing) = section.continuity.on_packet(&Incoming {
                    layer: first.layer,
                    sequence: member.sequence,
                    timestamp: packet.timestamp,
                    starts_keyframe: packet.starts_keyframe,
                    vp8: packet.vp8,
                    arrived: now,
                    clock,
                }) else {
                    continue;
                };
                let outbound = Outbound {
                    header: section.header(packet, &outgoing, format.payload_type),
                    index: outgoing.index,
                    repeats: None,
                    payload: &packet.payload,
                    vp8: outgoing.vp8,
                    orientation: packet.orientation,
                    padding: (target - packet.payload.len()) as u8,
                };
                if let Some(size) = exit.send(now, section, &outbound) {
                    section.count_sent(packet.payload.len());
                    self.counters.forwarded += 1;
                    self.counters.packets_out += 1;
                    self.counters.bytes_out += size as u64;
                } else {
                    self.counters.srtp_failed += 1;
                }
            }
            if self.arena.wants_flush() {
                outlet.flush(&mut self.arena);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(sizes: &[usize]) -> Vec<usize> {
        let mut targets = Vec::new();
        equalize(sizes.iter().copied(), &mut targets);
        targets
    }

    #[test]
    fn packets_of_a_picture_are_padded_to_the_largest_of_them() {
        assert_eq!(targets(&[1090, 1090, 1091, 1091]), [1091; 4]);
        assert_eq!(targets(&[1091, 1090]), [1091; 2]);
    }

    #[test]
    fn sizes_far_apart_are_left_alone_and_so_is_nothing() {
        assert_eq!(targets(&[1100, 1100, 300, 1100]), [1100, 1100, 300, 1100]);
        assert_eq!(targets(&[100, 104, 108, 112]), [108, 108, 108, 112]);
        assert_eq!(targets(&[]), Vec::<usize>::new());
    }
}
