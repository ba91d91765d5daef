//! Turns one subscriber's view of a switching, pausing publisher into one continuous stream; which layer is wanted is decided by `allocation`.

mod run;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

pub use huisclos_wire::vp8::PictureNumbers;

use crate::once::Once;
use run::Run;

/// Runs remembered for resends. A switch makes one; sixteen reach back seconds even when switching wildly.
const RUNS: usize = 16;
/// A step forward of more than this is not loss that a receiver could repair but a publisher that restarted.
const JUMP: u64 = 4096;

/// One incoming packet as far as continuity needs it.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Simulcast layer: 0 low, 1 middle, 2 high. Audio is always 0.
    pub layer: u8,
    /// Extended sequence number of that layer's stream.
    pub sequence: u64,
    /// RTP timestamp of that layer's stream.
    pub timestamp: u32,
    /// A decoder can begin here: first packet of a keyframe, or any audio packet.
    pub starts_keyframe: bool,
    /// The picture numbers of the VP8 descriptor, where there is one.
    pub vp8: Option<PictureNumbers>,
    pub arrived: Instant,
    /// The layer's clock by its last sender report, where one came in.
    pub clock: Option<LayerClock>,
}

/// What a sender report says: this RTP time was this wall-clock time (64-bit NTP, RFC 3550 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerClock {
    pub ntp: u64,
    pub rtp: u32,
}

/// What to write into the packet that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// 48-bit SRTP index: the low 16 bits are the sequence number, the rest the roll-over counter.
    pub index: u64,
    pub timestamp: u32,
    /// Numbers for the VP8 descriptor, of the same sizes as came in.
    pub vp8: Option<PictureNumbers>,
    /// The first packet after a switch or a resume.
    pub switched: bool,
}

impl Outgoing {
    pub const fn sequence(&self) -> u16 {
        self.index as u16
    }
}

/// A packet that left before, found again by its outgoing sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    pub layer: u8,
    /// Extended incoming sequence number: the key into the layer's `History`.
    pub sequence: u64,
    /// Outgoing index it had.
    pub index: u64,
    run: Run,
}

impl Again {
    /// The timestamp it left with, from the stored incoming one.
    pub fn timestamp(&self, incoming: u32) -> u32 {
        self.run.timestamp(incoming)
    }

    /// The VP8 numbers it left with, from the stored incoming ones.
    pub fn vp8(&self, incoming: PictureNumbers) -> PictureNumbers {
        self.run.pictures(incoming)
    }
}

/// The packet with the highest index that left: where the next run must go on.
#[derive(Clone, Copy)]
struct Last {
    index: u64,
    incoming: Incoming,
    timestamp: u32,
    vp8: Option<PictureNumbers>,
}

/// The numbering of one link (one track to one subscriber), over layer switches, pauses, mutes and publisher restarts.
///
/// Promises: no outgoing index is given out twice; sequence numbers have a gap only where the publisher's had one or a
/// packet was late; a new layer begins with a keyframe; timestamps never run back across a switch.
pub struct Continuity {
    clock_rate: u32,
    wanted: Option<u8>,
    current: Option<u8>,
    runs: VecDeque<Run>,
    last: Option<Last>,
    sent: Once,
    /// Ticks by which the current run is ahead of where its capture times say it should be.
    ahead: u32,
}

impl Continuity {
    /// `clock_rate` in Hz: 48,000 for Opus, 90,000 for video. Nothing is forwarded until a layer is wanted.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            wanted: None,
            current: None,
            runs: VecDeque::new(),
            last: None,
            sent: Once::default(),
            ahead: 0,
        }
    }

    /// Forward `layer` from its next keyframe on (the current layer runs until then); `None` pauses at once.
    pub fn want(&mut self, layer: Option<u8>) {
        self.wanted = layer;
        if layer.is_none() {
            self.current = None;
        }
    }

    /// The layer being forwarded now; `None` while paused or before the first keyframe.
    pub fn current(&self) -> Option<u8> {
        self.current
    }

    pub fn wanted(&self) -> Option<u8> {
        self.wanted
    }

    /// The layer that must produce a keyframe for this link to go on: ask its publisher (rate-limited).
    pub fn awaits_keyframe(&self) -> Option<u8> {
        self.wanted.filter(|_| self.wanted != self.current)
    }

    /// The publisher began a new stream (other SSRC, restarted encoder): go on with it from its next keyframe. What was
    /// sent of the old one cannot be found again.
    pub fn restart(&mut self) {
        self.current = None;
        self.runs.clear();
        if let Some(last) = &mut self.last {
            // Its clock and numbers say nothing about the new stream's: go on by time of arrival.
            last.incoming.clock = None;
            last.incoming.layer = u8::MAX;
        }
    }

    /// What this packet becomes on the link; `None` when it is not for it.
    pub fn on_packet(&mut self, packet: &Incoming) -> Option<Outgoing> {
        let wanted = self.wanted?;
        let switched = if packet.layer == wanted && self.current != self.wanted {
            self.begin(packet)?
        } else if Some(packet.layer) == self.current {
            self.jumped(packet) && self.begin(packet)?
        } else {
            return None;
        };
        let run = self.runs.back()?;
        // Late, from before the switch: its number belongs to another packet now.
        let index = run.index(packet.sequence)?;
        if !self.sent.first_time(index) {
            return None;
        }
        let timestamp = run.timestamp(packet.timestamp);
        let vp8 = packet.vp8.map(|numbers| run.pictures(numbers));
        if self.last.is_none_or(|last| index > last.index) {
            self.last = Some(Last {
                index,
                incoming: *packet,
                timestamp,
                vp8,
            });
        }
        Some(Outgoing {
            index,
            timestamp,
            vp8,
            switched,
        })
    }

    fn jumped(&self, packet: &Incoming) -> bool {
        self.last.is_some_and(|last| {
            last.incoming.layer == packet.layer
                && packet.sequence > last.incoming.sequence.saturating_add(JUMP)
        })
    }

    /// Begin a run at `packet`, which must start a keyframe.
    fn begin(&mut self, packet: &Incoming) -> Option<bool> {
        if !packet.starts_keyframe {
            if Some(packet.layer) == self.current {
                self.current = None;
            }
            return None;
        }
        let run = match &self.last {
            None => Run::first(packet),
            Some(last) => {
                let (timestamp, ahead) = self.next_timestamp(last, packet);
                self.ahead = ahead;
                Run::after(last.index, last.vp8, packet, timestamp)
            }
        };
        if self.runs.len() >= RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(run);
        self.current = Some(packet.layer);
        Some(true)
    }

    /// Where a new run's first timestamp belongs, and how far that is ahead of the ideal.
    ///
    /// The ideal is the distance in capture time, by the sender reports of both layers; without them, or when they
    /// contradict the clock on the wall, the distance in arrival time. A frame cannot be earlier than its predecessor,
    /// nor at the same time: simulcast layers encode one picture twice, and a decoder takes equal times for one frame.
    fn next_timestamp(&self, last: &Last, packet: &Incoming) -> (u32, u32) {
        let waited = run::ticks(
            packet
                .arrived
                .saturating_duration_since(last.incoming.arrived),
            self.clock_rate,
        );
        let believable = |step: &i64| step.abs_diff(waited) <= 2 * u64::from(self.clock_rate);
        let step = if packet.layer == last.incoming.layer {
            Some(i64::from(
                packet
                    .timestamp
                    .wrapping_sub(last.incoming.timestamp)
                    .cast_signed(),
            ))
            .filter(believable)
        } else {
            None
        };
        let step = step
            .or_else(|| {
                run::captured_apart(&last.incoming, packet, self.clock_rate).filter(believable)
            })
            .unwrap_or(waited);
        let ideal = step.saturating_sub(i64::from(self.ahead));
        let actual = ideal.max(1);
        let ahead = u32::try_from(actual.saturating_sub(ideal)).unwrap_or(u32::MAX);
        (last.timestamp.wrapping_add(actual as u32), ahead)
    }

    /// Which packet left with `sequence` (a NACKed number); `None` when it never left or is too long ago.
    pub fn again(&self, sequence: u16) -> Option<Again> {
        let highest = self.last?.index;
        let back = (highest as u16).wrapping_sub(sequence);
        let index = highest.checked_sub(u64::from(back))?;
        let run = self.runs.iter().rev().find(|run| run.covers(index))?;
        Some(Again {
            layer: run.layer(),
            sequence: run.incoming(index)?,
            index,
            run: *run,
        })
    }

    /// The layer's RTP time as this link says it: for the sender report, with the NTP time unchanged. `None` unless the
    /// layer is being forwarded.
    pub fn outgoing_time(&self, layer: u8, rtp: u32) -> Option<u32> {
        let run = self
            .runs
            .back()
            .filter(|run| self.current == Some(layer) && run.layer() == layer)?;
        Some(run.timestamp(rtp))
    }

    /// The highest index that has left, for sender statistics and receiver reports.
    pub fn highest(&self) -> Option<u64> {
        self.last.map(|last| last.index)
    }
}

/// The numbering of a link's RTX stream (RFC 4588): own SSRC, own counter, roll-over counter 0 at the start.
pub struct RtxCounter {
    next: u64,
}

impl RtxCounter {
    /// `seed` is any number: the stream starts at (seed mod 2^15) + 1.
    pub fn new(seed: u16) -> Self {
        Self {
            next: run::first_index(u64::from(seed)),
        }
    }

    /// The 48-bit index of the next RTX packet.
    pub fn take(&mut self) -> u64 {
        let index = self.next;
        self.next += 1;
        index
    }
}
