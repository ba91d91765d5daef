//! One published track: when the next frame or audio packet is due, and the RTP it becomes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::Rtc;
use str0m::format::Codec;
use str0m::media::{Mid, Pt, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite};

use crate::frames::{self, Dice};

/// A key frame is made at most this often, whoever asks.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(500);
const AUDIO_EVERY: Duration = Duration::from_millis(20);

/// How long one person speaks before the next in the room does.
const SPEECH: Duration = Duration::from_secs(3);

/// Whose turn to speak it is: that of number `at` among `of` people, in order.
#[derive(Clone, Copy)]
pub(crate) struct Microphone {
    pub(crate) at: usize,
    pub(crate) of: usize,
}

impl Microphone {
    fn speaks(self, since: Duration) -> bool {
        let turn = (since.as_secs() / SPEECH.as_secs()) as usize;
        turn % self.of.max(1) == self.at
    }
}

/// One encoding of a camera.
struct Layer {
    rid: Option<Rid>,
    packets_per_frame: usize,
    sequence: u64,
    picture: u16,
    key_wanted: bool,
    last_key: Option<Instant>,
}

enum Kind {
    Audio {
        sequence: u64,
        microphone: Microphone,
    },
    Video {
        layers: Vec<Layer>,
    },
}

pub(crate) struct Source {
    mid: Mid,
    pt: Pt,
    kind: Kind,
    every: Duration,
    due: Instant,
    rtp_time: u32,
    rtp_step: u32,
    dice: Dice,
    /// RTP packets made since the window opened.
    pub(crate) sent: u64,
}

/// A packet ready for `Rtc`: section, layer, and what to write there.
pub(crate) struct Outgoing {
    pub(crate) mid: Mid,
    pub(crate) rid: Option<Rid>,
    pub(crate) write: RtpWrite,
}

impl Source {
    pub(crate) fn audio(
        rtc: &Rtc,
        mid: Mid,
        microphone: Microphone,
        start: Instant,
        mut dice: Dice,
    ) -> Option<Source> {
        let sequence = dice.between(1_000, 20_000);
        Some(Source {
            mid,
            pt: payload_type(rtc, Codec::Opus)?.0,
            kind: Kind::Audio {
                sequence,
                microphone,
            },
            every: AUDIO_EVERY,
            due: start + Duration::from_micros(dice.between(0, 20_000)),
            rtp_time: dice.next() as u32,
            rtp_step: 960,
            dice,
            sent: 0,
        })
    }

    /// `layers`: rid (none without simulcast) and mean packets per frame of each encoding.
    pub(crate) fn video(
        rtc: &Rtc,
        mid: Mid,
        fps: u32,
        layers: &[(Option<Rid>, usize)],
        start: Instant,
        mut dice: Dice,
    ) -> Option<Source> {
        let layers = layers
            .iter()
            .map(|(rid, packets_per_frame)| Layer {
                rid: *rid,
                packets_per_frame: *packets_per_frame,
                sequence: dice.between(1_000, 20_000),
                picture: dice.next() as u16,
                key_wanted: true,
                last_key: None,
            })
            .collect();
        let every = Duration::from_secs(1) / fps;
        Some(Source {
            mid,
            pt: payload_type(rtc, Codec::Vp8)?.0,
            kind: Kind::Video { layers },
            every,
            due: start + Duration::from_micros(dice.between(0, every.as_micros() as u64)),
            rtp_time: dice.next() as u32,
            rtp_step: 90_000 / fps,
            dice,
            sent: 0,
        })
    }

    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    pub(crate) fn key_frame_wanted(&mut self, mid: Mid, rid: Option<Rid>) {
        if mid != self.mid {
            return;
        }
        if let Kind::Video { layers } = &mut self.kind {
            for layer in layers
                .iter_mut()
                .filter(|layer| rid.is_none() || layer.rid == rid)
            {
                layer.key_wanted = true;
            }
        }
    }

    /// The packets due at `now`, stamped with the time since `epoch`. At most one frame: a late thread skips frames.
    pub(crate) fn produce(&mut self, now: Instant, epoch: Instant) -> Vec<Outgoing> {
        let mut packets = Vec::new();
        if now < self.due {
            return packets;
        }
        while self.due <= now {
            self.due += self.every;
            self.rtp_time = self.rtp_time.wrapping_add(self.rtp_step);
        }
        let nanos = (now - epoch).as_nanos() as u64;
        match &mut self.kind {
            Kind::Audio {
                sequence,
                microphone,
            } => {
                *sequence += 1;
                let size = frames::audio_size(&mut self.dice);
                let mut payload = frames::noise(&mut self.dice, size);
                frames::stamp(&mut payload, nanos);
                // In -dBov (RFC 6464): speech as it wavers from syllable to syllable, or the noise of a quiet room.
                let speaks = microphone.speaks(now - epoch);
                let level = if speaks {
                    self.dice.between(20, 50)
                } else {
                    self.dice.between(75, 90)
                };
                let levels = ExtensionValues {
                    audio_level: Some(-(level as i8)),
                    voice_activity: Some(speaks),
                    ..ExtensionValues::default()
                };
                let payload: Arc<[u8]> = payload.into();
                packets.push(Outgoing {
                    mid: self.mid,
                    rid: None,
                    write: RtpWrite::new(self.pt, (*sequence).into(), self.rtp_time, now, payload)
                        .ext_vals(levels),
                });
            }
            Kind::Video { layers } => {
                for layer in layers {
                    layer.frame(
                        &mut self.dice,
                        self.mid,
                        self.pt,
                        self.rtp_time,
                        now,
                        nanos,
                        &mut packets,
                    );
                }
            }
        }
        self.sent += packets.len() as u64;
        packets
    }
}

impl Layer {
    #[allow(clippy::too_many_arguments, reason = "the parts of one RTP packet")]
    fn frame(
        &mut self,
        dice: &mut Dice,
        mid: Mid,
        pt: Pt,
        rtp_time: u32,
        now: Instant,
        nanos: u64,
        packets: &mut Vec<Outgoing>,
    ) {
        let rested = self
            .last_key
            .is_none_or(|last| now - last >= KEY_FRAME_PAUSE);
        let key = self.key_wanted && rested;
        if key {
            self.key_wanted = false;
            self.last_key = Some(now);
        }
        self.picture = self.picture.wrapping_add(1);
        let sizes = frames::frame_sizes(dice, self.packets_per_frame, key);
        for (at, size) in sizes.iter().enumerate() {
            self.sequence += 1;
            let mut payload = frames::vp8_payload(dice, *size, at == 0, key, self.picture);
            frames::stamp(&mut payload, nanos);
            let payload: Arc<[u8]> = payload.into();
            packets.push(Outgoing {
                mid,
                rid: self.rid,
                write: RtpWrite::new(pt, self.sequence.into(), rtp_time, now, payload)
                    .marker(at + 1 == sizes.len())
                    .nackable(true),
            });
        }
    }
}

/// Payload types of `codec` as negotiated: media, and its retransmissions.
pub(crate) fn payload_type(rtc: &Rtc, codec: Codec) -> Option<(Pt, Option<Pt>)> {
    let params = rtc
        .codec_config()
        .find(|params| params.spec().codec == codec)?;
    Some((params.pt(), params.resend()))
}
