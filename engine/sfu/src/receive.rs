//! Takes in a publisher's decrypted packet: which track and layer it is, what of it matters to a switch, and into the round with it.

use std::time::Instant;

use huisclos_wire::{h264, vp8};
use str0m::format::{Codec, CodecSpec};
use str0m::rtp::RtpPacket;

use crate::api::Event;
use crate::peer::{MAX_SOURCES, Peer};
use crate::sfu::Sfu;
use crate::track::{Packet, TrackKey, layer_of_rid, mime};

/// Payload types that one track may use in its life: its codecs, each perhaps renumbered once.
const MAX_FORMATS: usize = 16;

/// A packet of this round, kept in its layer's history.
pub(crate) struct RoundPacket {
    pub(crate) track: TrackKey,
    pub(crate) layer: u8,
    /// Order of arrival in the round.
    pub(crate) order: u32,
    pub(crate) sequence: u64,
}

impl Sfu {
    pub(crate) fn receive(&mut self, now: Instant, key: usize, received: RtpPacket) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        peer.heard(now);
        if received.payload.is_empty() {
            return;
        }
        let ssrc = *received.header.ssrc;
        let (track_key, layer) = match peer.sources.get(&ssrc) {
            Some(&known) => known,
            None => match self.bind_source(now, key, ssrc) {
                Some(bound) => bound,
                None => return,
            },
        };
        let (Some(track), Some(peer)) = (self.tracks.get_mut(track_key), self.peers.get_mut(key))
        else {
            return;
        };
        let payload_type = *received.header.payload_type;
        let Some(spec) = track
            .format(payload_type)
            .copied()
            .or_else(|| spec_of(peer, payload_type))
        else {
            return;
        };
        if track.format(payload_type).is_none() && track.formats.len() < MAX_FORMATS {
            track.formats.push((payload_type, spec));
        }
        if !track.started {
            track.started = true;
            let (peer, track) = (peer.name.clone(), track.name.clone());
            self.events.push_back(Event::TrackStarted {
                peer,
                track,
                mime: mime(spec.codec),
            });
        }
        if track.muted {
            return;
        }
        let extensions = &received.header.ext_vals;
        if let (true, Some(level)) = (track.is_audio, extensions.audio_level)
            && let Some(room) = self.rooms.get_mut(peer.room)
        {
            room.levels.observe(now, key, level.unsigned_abs().min(127));
        }
        let orientation = extensions.video_orientation.map(|turned| turned as u8);
        let (starts_keyframe, numbers) = match spec.codec {
            Codec::Vp8 => match vp8::parse(&received.payload) {
                Some(descriptor) => (descriptor.starts_keyframe, Some(descriptor.numbers)),
                None => return,
            },
            Codec::H264 => (h264::starts_keyframe(&received.payload), None),
            _ => (track.is_audio, None),
        };
        let Some(bound) = track.layer_mut(layer) else {
            return;
        };
        bound.on_packet(now, received.payload.len());
        let sequence = *received.seq_no;
        bound.history.store(
            now,
            sequence,
            Packet {
                timestamp: received.header.timestamp,
                payload: received.payload,
                payload_type,
                marker: received.header.marker,
                starts_keyframe,
                vp8: numbers,
                orientation,
            },
        );
        let order = self.round.len() as u32;
        self.round.push(RoundPacket {
            track: track_key,
            layer,
            order,
            sequence,
        });
    }

    /// Finds out what a stream seen for the first time is. Streams of sections that nobody has published yet stay unknown.
    fn bind_source(&mut self, now: Instant, key: usize, ssrc: u32) -> Option<(TrackKey, u8)> {
        let peer = self.peers.get_mut(key)?;
        if peer.sources.len() >= MAX_SOURCES {
            return None;
        }
        let found = peer.rtc.call(|rtc| {
            let mut direct = rtc.direct_api();
            direct
                .stream_rx(&ssrc.into())
                .map(|stream| (stream.mid(), stream.rid()))
        });
        let (mid, rid) = found.ok()??;
        let layer = layer_of_rid(rid.as_deref())?;
        let track_key = peer
            .published
            .iter()
            .find(|published| published.mid == mid)?
            .track;
        let track = self.tracks.get_mut(track_key)?;
        peer.sources
            .retain(|_, source| *source != (track_key, layer));
        peer.sources.insert(ssrc, (track_key, layer));
        let replaced = track.bind_layer(layer, ssrc, now);
        let subscribers = track.subscribers.clone();
        for (subscriber, index) in subscribers {
            if replaced
                && let Some(section) = self
                    .peers
                    .get_mut(subscriber)
                    .and_then(|peer| peer.sections.get_mut(index))
                && section.continuity.current() == Some(layer)
            {
                section.continuity.restart();
            }
            self.allocate(now, subscriber);
        }
        Some((track_key, layer))
    }
}

fn spec_of(peer: &mut Peer, payload_type: u8) -> Option<CodecSpec> {
    let found = peer.rtc.call(|rtc| {
        rtc.codec_config()
            .find(|params| *params.pt() == payload_type)
            .map(|p| p.spec())
    });
    found.ok().flatten()
}
