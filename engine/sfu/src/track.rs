//! A published track: its simulcast layers, what was received of them lately, and who gets it. Which layer a subscriber gets is
//! `layers`' matter.

use std::time::{Duration, Instant};

use str0m::format::{Codec, CodecSpec};

use crate::api::Name;
use crate::history::History;
use crate::rewrite::{LayerClock, PictureNumbers};

/// Packets remembered per layer for retransmission, at first and at most: a second of what the layer sends, up to about
/// 5 Mbit/s. The least is also what a round may bring.
const HISTORY: (usize, usize) = (64, 512);
/// Opus has no RTX; its packets are kept only for the round in which they are forwarded.
const AUDIO_HISTORY: (usize, usize) = (64, 64);

/// A layer that sent nothing for this long is not offered to subscribers.
const LAYER_SILENCE: Duration = Duration::from_millis(1500);

/// Keyframes of the low layer are cheap, those of the others are not.
const KEYFRAME_INTERVAL: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(1),
];

/// Which of a `Sfu`'s tracks. Never used for another track in the life of the process.
pub(crate) type TrackKey = usize;

/// One received packet as every subscriber needs it. Its memory is that of the packet whose place it took.
#[derive(Default)]
pub(crate) struct Packet {
    pub(crate) payload: Vec<u8>,
    pub(crate) timestamp: u32,
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    pub(crate) starts_keyframe: bool,
    pub(crate) vp8: Option<PictureNumbers>,
    /// RFC-less `urn:3gpp:video-orientation` byte, where the publisher sent one.
    pub(crate) orientation: Option<u8>,
}

/// The publisher's last sender report about a layer.
#[derive(Clone, Copy)]
pub(crate) struct ReportedClock {
    pub(crate) clock: LayerClock,
    pub(crate) received: Instant,
}

/// One simulcast layer, or the whole of a track without simulcast.
pub(crate) struct Layer {
    pub(crate) ssrc: u32,
    pub(crate) history: History<Packet>,
    pub(crate) clock: Option<ReportedClock>,
    pub(crate) last_packet: Instant,
    rate: RateMeter,
    keyframe_asked: Option<Instant>,
}

impl Layer {
    fn new(ssrc: u32, is_audio: bool, now: Instant) -> Self {
        Layer {
            ssrc,
            history: History::new(if is_audio { AUDIO_HISTORY } else { HISTORY }),
            clock: None,
            last_packet: now,
            rate: RateMeter::new(now),
            keyframe_asked: None,
        }
    }

    pub(crate) fn on_packet(&mut self, now: Instant, size: usize) {
        self.last_packet = now;
        self.rate.add(now, size);
    }

    /// Bit/s of the last seconds, 0 when the layer is silent.
    pub(crate) fn rate(&self, now: Instant) -> u64 {
        if now.saturating_duration_since(self.last_packet) > LAYER_SILENCE {
            0
        } else {
            self.rate.rate()
        }
    }
}

/// Smoothed bit/s over windows of half a second.
struct RateMeter {
    window_began: Instant,
    bytes: usize,
    smoothed: u64,
}

impl RateMeter {
    fn new(now: Instant) -> Self {
        RateMeter {
            window_began: now,
            bytes: 0,
            smoothed: 0,
        }
    }

    fn add(&mut self, now: Instant, size: usize) {
        self.bytes += size;
        let elapsed = now.saturating_duration_since(self.window_began);
        if elapsed >= Duration::from_millis(500) {
            let rate = (self.bytes as u64 * 8_000) / (elapsed.as_millis() as u64).max(1);
            self.smoothed = if self.smoothed == 0 {
                rate
            } else {
                (self.smoothed + rate) / 2
            };
            self.window_began = now;
            self.bytes = 0;
        }
    }

    fn rate(&self) -> u64 {
        // Before the first window has passed a layer counts as present but of unknown, small rate.
        self.smoothed.max(1)
    }
}

pub(crate) struct Track {
    pub(crate) name: Name,
    pub(crate) publisher: usize,
    pub(crate) is_audio: bool,
    pub(crate) screen: bool,
    pub(crate) muted: bool,
    pub(crate) started: bool,
    pub(crate) layers: [Option<Layer>; 3],
    /// What each payload type seen so far means.
    pub(crate) formats: Vec<(u8, CodecSpec)>,
    /// (peer, section) of each subscription.
    pub(crate) subscribers: Vec<(usize, usize)>,
}

impl Track {
    pub(crate) fn new(name: Name, publisher: usize, is_audio: bool, screen: bool) -> Self {
        Track {
            name,
            publisher,
            is_audio,
            screen,
            muted: false,
            started: false,
            layers: [None, None, None],
            formats: Vec::new(),
            subscribers: Vec::new(),
        }
    }

    /// Binds `ssrc` to `layer`. Returns whether that replaces another stream, whose numbers mean nothing any more.
    pub(crate) fn bind_layer(&mut self, layer: u8, ssrc: u32, now: Instant) -> bool {
        let Some(slot) = self.layers.get_mut(usize::from(layer)) else {
            return false;
        };
        match slot {
            Some(bound) if bound.ssrc == ssrc => false,
            Some(bound) => {
                *bound = Layer::new(ssrc, self.is_audio, now);
                true
            }
            None => {
                *slot = Some(Layer::new(ssrc, self.is_audio, now));
                false
            }
        }
    }

    pub(crate) fn layer(&self, layer: u8) -> Option<&Layer> {
        self.layers.get(usize::from(layer))?.as_ref()
    }

    pub(crate) fn layer_mut(&mut self, layer: u8) -> Option<&mut Layer> {
        self.layers.get_mut(usize::from(layer))?.as_mut()
    }

    /// Bit/s of each layer now, 0 where nothing comes.
    pub(crate) fn rates(&self, now: Instant) -> [u64; 3] {
        self.layers
            .each_ref()
            .map(|layer| layer.as_ref().map_or(0, |layer| layer.rate(now)))
    }

    /// The stream to ask for a keyframe of `layer`, unless it was asked a moment ago.
    pub(crate) fn keyframe_due(&mut self, layer: u8, now: Instant) -> Option<u32> {
        let interval = *KEYFRAME_INTERVAL.get(usize::from(layer))?;
        let layer = self.layer_mut(layer)?;
        if layer
            .keyframe_asked
            .is_some_and(|asked| now.saturating_duration_since(asked) < interval)
        {
            return None;
        }
        layer.keyframe_asked = Some(now);
        Some(layer.ssrc)
    }

    pub(crate) fn format(&self, payload_type: u8) -> Option<&CodecSpec> {
        self.formats
            .iter()
            .find(|(pt, _)| *pt == payload_type)
            .map(|(_, spec)| spec)
    }
}

/// The layer that a simulcast rid stands for in LiveKit clients; a stream without rid is its own only layer.
pub(crate) fn layer_of_rid(rid: Option<&str>) -> Option<u8> {
    match rid {
        None | Some("q") => Some(0),
        Some("h") => Some(1),
        Some("f") => Some(2),
        Some(_) => None,
    }
}

pub(crate) fn mime(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus => "audio/opus",
        Codec::Vp8 => "video/VP8",
        Codec::H264 => "video/H264",
        Codec::Vp9 => "video/VP9",
        Codec::Av1 => "video/AV1",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_is_asked_for_once_an_interval_however_many_want_it() {
        let start = Instant::now();
        let mut track = Track::new(Name::from("t"), 0, false, false);
        track.bind_layer(2, 77, start);
        assert_eq!(track.keyframe_due(2, start), Some(77));
        assert_eq!(
            track.keyframe_due(2, start + Duration::from_millis(900)),
            None
        );
        assert_eq!(
            track.keyframe_due(2, start + Duration::from_millis(1100)),
            Some(77)
        );
    }

    #[test]
    fn a_layer_that_stops_counts_as_absent() {
        let start = Instant::now();
        let mut track = Track::new(Name::from("t"), 0, false, false);
        track.bind_layer(0, 1, start);
        for millisecond in (0..2000).step_by(10) {
            let now = start + Duration::from_millis(millisecond);
            track.layer_mut(0).unwrap().on_packet(now, 1000);
        }
        let rate = track.rates(start + Duration::from_secs(2))[0];
        assert!((700_000..900_000).contains(&rate), "{rate}");
        assert_eq!(track.rates(start + Duration::from_secs(4)), [0, 0, 0]);
    }

    #[test]
    fn another_ssrc_on_a_layer_is_a_new_stream() {
        let now = Instant::now();
        let mut track = Track::new(Name::from("t"), 0, true, false);
        assert!(!track.bind_layer(0, 5, now));
        assert!(!track.bind_layer(0, 5, now));
        assert!(track.bind_layer(0, 6, now));
    }
}
