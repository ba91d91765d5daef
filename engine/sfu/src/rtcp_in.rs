//! Opens a peer's RTCP and acts on it: lost packets, keyframes wanted, arrival times, and the clocks of what the peer sends.

use std::time::{Duration, Instant};

use huisclos_wire::rtcp::{self, Packet, ReportBlock};
use huisclos_wire::rtp::Header;

use crate::exit::{Exit, Outbound};
use crate::history::RESEND_AGE;
use crate::peer::Peer;
use crate::rewrite::LayerClock;
use crate::sfu::Sfu;
use crate::track::ReportedClock;

/// More in one compound packet is not a loss report but an attempt to make us work.
const MAX_RESENDS: usize = 256;

impl Sfu {
    pub(crate) fn handle_rtcp(&mut self, now: Instant, key: usize, datagram: &mut [u8]) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        let Some(srtp) = &mut peer.srtp else { return };
        let Ok(length) = srtp.peer_rtcp.open(datagram) else {
            self.counters.srtp_failed += 1;
            return;
        };
        peer.heard(now);
        for element in rtcp::parse(datagram.get(..length).unwrap_or_default()).flatten() {
            self.on_rtcp(now, key, &element.packet);
        }
    }

    fn on_rtcp(&mut self, now: Instant, key: usize, packet: &Packet<'_>) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        match packet {
            Packet::SenderReport {
                sender,
                info,
                blocks,
            } => {
                if let Some(stream) = peer.uplink.stream(*sender) {
                    stream.sender_reported(now, info.ntp);
                }
                if let Some((track, layer)) = peer.uplink.source(*sender)
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
            }
            Packet::ReceiverReport { blocks, .. } => {
                blocks.for_each(|block| peer.on_report(now, &block));
            }
            Packet::TransportFeedback(feedback) => peer.estimator.on_feedback(now, feedback),
            Packet::Remb {
                bits_per_second, ..
            } => peer.estimator.on_remb(now, *bits_per_second),
            Packet::Nack { media, lost, .. } => {
                self.counters.nacks_in += 1;
                self.resend(now, key, *media, *lost);
            }
            Packet::Pli { media, .. } => self.on_picture_lost(now, key, *media),
            Packet::Fir { requests, .. } => {
                for (media, _) in *requests {
                    self.on_picture_lost(now, key, media);
                }
            }
            Packet::Description { .. } | Packet::Goodbye { .. } | Packet::Other { .. } => {}
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
