//! Opens a peer's RTCP beside str0m and acts on what concerns the streams that we send: lost packets, keyframes wanted, arrival
//! times. str0m gets only what it needs for the streams it receives.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use huisclos_wire::rtcp::{self, Packet, ReportBlock};
use huisclos_wire::rtp::Header;

use crate::exit::{Exit, Outbound};
use crate::peer::Peer;
use crate::rewrite::LayerClock;
use crate::sfu::Sfu;
use crate::track::ReportedClock;

/// A packet older than this comes too late for any jitter buffer.
const RESEND_AGE: Duration = Duration::from_secs(1);
/// More in one compound packet is not a loss report but an attempt to make us work.
const MAX_RESENDS: usize = 256;
/// Extended reports (RFC 3611): str0m answers the reference times in them.
const EXTENDED_REPORT: u8 = 207;

impl Sfu {
    pub(crate) fn handle_rtcp(
        &mut self,
        now: Instant,
        key: usize,
        source: SocketAddr,
        local: SocketAddr,
        datagram: &[u8],
    ) {
        let mut opened = std::mem::take(&mut self.scratch);
        opened.clear();
        opened.extend_from_slice(datagram);
        let peer = self.peers.get_mut(key);
        let length = peer.and_then(|peer| {
            let length = peer.srtp.as_mut()?.peer_rtcp.open(&mut opened).ok()?;
            peer.heard(now);
            Some(length)
        });
        let mut for_rtc = false;
        match length.and_then(|length| opened.get(..length)) {
            Some(compound) => {
                for element in rtcp::parse(compound).flatten() {
                    for_rtc |= self.on_rtcp(now, key, &element.packet);
                }
            }
            None => self.counters.srtp_failed += 1,
        }
        self.scratch = opened;
        if for_rtc {
            self.hand_to_rtc(now, key, source, local, datagram);
        }
    }

    /// Acts on one RTCP packet and tells whether str0m needs it too.
    fn on_rtcp(&mut self, now: Instant, key: usize, packet: &Packet<'_>) -> bool {
        let Some(peer) = self.peers.get_mut(key) else {
            return false;
        };
        match packet {
            Packet::SenderReport {
                sender,
                info,
                blocks,
            } => {
                if let Some(&(track, layer)) = peer.sources.get(sender)
                    && let Some(layer) = self
                        .tracks
                        .get_mut(track)
                        .and_then(|track| track.layer_mut(layer))
                {
                    let clock = LayerClock {
                        ntp: info.ntp,
                        rtp: info.rtp,
                    };
                    layer.clock = Some(ReportedClock {
                        clock,
                        received: now,
                    });
                }
                blocks.for_each(|block| peer.on_report(now, &block));
                true
            }
            Packet::ReceiverReport { blocks, .. } => {
                blocks.for_each(|block| peer.on_report(now, &block));
                false
            }
            Packet::TransportFeedback(feedback) => {
                peer.estimator.on_feedback(now, feedback);
                false
            }
            Packet::Remb {
                bits_per_second, ..
            } => {
                peer.estimator.on_remb(now, *bits_per_second);
                false
            }
            Packet::Nack { media, lost, .. } => {
                self.counters.nacks_in += 1;
                self.resend(now, key, *media, *lost);
                false
            }
            Packet::Pli { media, .. } => {
                self.on_picture_lost(now, key, *media);
                false
            }
            Packet::Fir { requests, .. } => {
                for (media, _) in *requests {
                    self.on_picture_lost(now, key, media);
                }
                false
            }
            Packet::Other { kind, .. } => *kind == EXTENDED_REPORT,
            Packet::Description { .. } | Packet::Goodbye { .. } => false,
        }
    }

    fn on_picture_lost(&mut self, now: Instant, key: usize, media: u32) {
        self.counters.plis_in += 1;
        let Some(peer) = self.peers.get(key) else {
            return;
        };
        let Some(section) = peer
            .section_of_ssrc
            .get(&media)
            .and_then(|index| peer.sections.get(*index))
        else {
            return;
        };
        let layer = section
            .continuity
            .awaits_keyframe()
            .or(section.continuity.current());
        if let (Some(subscription), Some(layer)) = (&section.subscription, layer) {
            let track = subscription.track;
            self.ask_keyframe(now, track, layer);
        }
    }

    /// Sends again what the peer has lost of the stream `media`, as RTX: with a number of its own, so that no nonce repeats.
    fn resend(&mut self, now: Instant, key: usize, media: u32, lost: rtcp::Lost<'_>) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let (Some(path), Some(srtp)) = (peer.media_path(), &peer.srtp) else {
            return;
        };
        let index = peer.section_of_ssrc.get(&media).copied();
        let Some(section) = index.and_then(|index| peer.sections.get_mut(index)) else {
            return;
        };
        let (Some(subscription), Some(rtx_ssrc)) = (&section.subscription, section.rtx_ssrc) else {
            return;
        };
        let since = subscription.since;
        let Some(track) = self.tracks.get(subscription.track) else {
            return;
        };
        let (round_trip, rate) = (peer.estimator.round_trip(), peer.estimator.estimate());
        let mut exit = Exit {
            arena: &mut self.arena,
            path,
            sealer: &srtp.rtp,
            estimator: &mut peer.estimator,
        };
        for sequence in lost.take(MAX_RESENDS) {
            let Some(again) = section.continuity.again(sequence) else {
                continue;
            };
            if since.is_some_and(|since| again.index <= since) {
                continue;
            }
            let history = track.layer(again.layer).map(|layer| &layer.history);
            let Some(packet) =
                history.and_then(|history| history.get(now, again.sequence, RESEND_AGE))
            else {
                continue;
            };
            let Some(format) =
                section.format_for(packet.payload_type, track.format(packet.payload_type))
            else {
                continue;
            };
            let Some(payload_type) = format.rtx else {
                continue;
            };
            if !section
                .budget
                .allows(now, again.index, packet.payload.len(), round_trip, rate)
            {
                continue;
            }
            let index = section.rtx.take();
            let outbound = Outbound {
                header: Header {
                    marker: packet.marker,
                    payload_type,
                    sequence: index as u16,
                    timestamp: again.timestamp(packet.timestamp),
                    ssrc: rtx_ssrc,
                },
                index,
                repeats: Some(again.index as u16),
                padding: 0,
                payload: &packet.payload,
                vp8: packet.vp8.map(|numbers| again.vp8(numbers)),
                orientation: packet.orientation,
            };
            if let Some(size) = exit.send(now, section, &outbound) {
                self.counters.rtx_sent += 1;
                self.counters.packets_out += 1;
                self.counters.bytes_out += size as u64;
            }
        }
    }
}

impl Peer {
    /// What the peer says about one of the streams that we send it.
    fn on_report(&mut self, now: Instant, block: &ReportBlock) {
        let Some(&index) = self.section_of_ssrc.get(&block.source) else {
            return;
        };
        let Some(section) = self.sections.get_mut(index) else {
            return;
        };
        if block.source == section.ssrc && !section.acknowledged {
            section.acknowledged = true;
            section.renew_templates();
        }
        let report = section
            .reports
            .iter()
            .flatten()
            .find(|report| report.stamp == block.last_report);
        let round_trip = report
            .filter(|_| block.last_report != 0)
            .and_then(|report| {
                let held = Duration::from_micros(u64::from(block.delay) * 1_000_000 / 65_536);
                now.saturating_duration_since(report.at).checked_sub(held)
            });
        self.estimator
            .on_receiver_report(now, block.fraction_lost, round_trip);
    }
}
