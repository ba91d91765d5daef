//! The hot path: what one receive round brought goes out to every subscriber, sealed in place.
//!
//! The outer loop is over subscribers and the inner over packets, so that equal-sized packets to one destination lie side by
//! side in the arena and leave in one system call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use huisclos_wire::rtp::Header;
use huisclos_wire::vp8::{self, PictureNumbers};

use crate::api::CloseReason;
use crate::arena::{Arena, Path};
use crate::bandwidth::Estimator;
use crate::receive::RoundPacket;
use crate::rewrite::Incoming;
use crate::section::{MAX_HEADER, Section};
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
        let mut header = [0_u8; MAX_HEADER];
        let header_length =
            section.write_header(&mut header, &packet.header, 0, packet.orientation);
        let prefix = if packet.repeats.is_some() { 2 } else { 0 };
        let length = header_length + prefix + packet.payload.len();
        let size = length + self.sealer.profile().rtp_overhead();
        let number = self.estimator.on_sent(now, size);
        section.write_header(&mut header, &packet.header, number, packet.orientation);
        let sealer = self.sealer;
        self.arena.push_with(self.path, |bytes| {
            let start = bytes.len();
            bytes.extend_from_slice(header.get(..header_length).unwrap_or_default());
            if let Some(sequence) = packet.repeats {
                bytes.extend_from_slice(&sequence.to_be_bytes());
            }
            bytes.extend_from_slice(packet.payload);
            bytes.resize(start + size, 0);
            let Some(written) = bytes.get_mut(start..) else {
                return false;
            };
            if let Some(numbers) = &packet.vp8
                && let Some(payload) = written.get_mut(header_length + prefix..)
            {
                vp8::renumber(payload, numbers);
            }
            header_length > 0
                && sealer
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

impl Sfu {
    /// Forwards all packets taken in since the last call. `outlet` is asked to flush whenever the arena is full.
    pub fn end_round(&mut self, now: Instant, outlet: &mut dyn Outlet) {
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
            for member in group {
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
