//! Takes in a publisher's decrypted packet: which track and layer it is, what of it matters to a switch, and into the round with it.

use std::time::Instant;

use huisclos_wire::{av1, h264, vp8, vp9};
use str0m::format::Codec;
use str0m::media::{Mid, Rid};

use crate::api::Event;
use crate::sfu::Sfu;
use crate::track::{TrackKey, layer_of_rid, mime};
use crate::uplink::{Coding, Marks};

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

/// One authentic packet of media, resends unwrapped.
pub(crate) struct Received<'a> {
    pub(crate) ssrc: u32,
    pub(crate) mid: Mid,
    pub(crate) rid: Option<Rid>,
    /// With its roll-overs.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) coding: Coding,
    pub(crate) marks: Marks,
    pub(crate) payload: &'a [u8],
}

impl Sfu {
    pub(crate) fn receive(&mut self, now: Instant, key: usize, received: &Received<'_>) {
        let Some(peer) = self.peers.get(key) else {
            return;
        };
        let (track_key, layer) = match peer.uplink.source(received.ssrc) {
            Some(known) => known,
            None => match self.bind_source(now, key, received) {
                Some(bound) => bound,
                None => return,
            },
        };
        let (Some(track), Some(peer)) = (self.tracks.get_mut(track_key), self.peers.get(key))
        else {
            return;
        };
        let (payload_type, spec) = (received.coding.payload_type, received.coding.spec);
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
        if let (true, Some(level)) = (track.is_audio, received.marks.level)
            && let Some(room) = self.rooms.get_mut(peer.room)
        {
            room.levels.observe(now, key, level);
        }
        let (starts_keyframe, numbers) = match spec.codec {
            Codec::Vp8 => match vp8::parse(received.payload) {
                Some(descriptor) => (descriptor.starts_keyframe, Some(descriptor.numbers)),
                None => return,
            },
            Codec::Vp9 => (vp9::starts_keyframe(received.payload), None),
            Codec::Av1 => (av1::starts_keyframe(received.payload), None),
            Codec::H264 => (h264::starts_keyframe(received.payload), None),
            _ => (track.is_audio, None),
        };
        let Some(bound) = track.layer_mut(layer) else {
            return;
        };
        bound.on_packet(now, received.payload.len());
        let sequence = received.sequence;
        if let Some(kept) = bound.history.place(now, sequence) {
            kept.payload.clear();
            kept.payload.extend_from_slice(received.payload);
            kept.timestamp = received.timestamp;
            kept.payload_type = payload_type;
            kept.marker = received.marker;
            kept.starts_keyframe = starts_keyframe;
            kept.vp8 = numbers;
            kept.orientation = received.marks.orientation;
        }
        let order = self.round.len() as u32;
        self.round.push(RoundPacket {
            track: track_key,
            layer,
            order,
            sequence,
        });
    }

    /// Finds out what a stream seen for the first time is. Streams of sections that nobody has published yet stay unknown.
    fn bind_source(
        &mut self,
        now: Instant,
        key: usize,
        received: &Received<'_>,
    ) -> Option<(TrackKey, u8)> {
        let peer = self.peers.get_mut(key)?;
        let ssrc = received.ssrc;
        let layer = layer_of_rid(received.rid.as_deref())?;
        let mut published = peer.published.iter();
        let track_key = published
            .find(|published| published.mid == received.mid)?
            .track;
        let track = self.tracks.get_mut(track_key)?;
        peer.uplink.bind(ssrc, track_key, layer);
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
