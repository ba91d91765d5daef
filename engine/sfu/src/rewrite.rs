//! Turns one subscriber's view of a switching, pausing publisher into one continuous stream; which layer is wanted is decided by `allocation`.

use std::time::Instant;

pub use huisclos_wire::vp8::PictureNumbers;

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
        incoming.wrapping_add(self.run.timestamp)
    }
    /// The VP8 numbers it left with, from the stored incoming ones.
    pub fn vp8(&self, incoming: PictureNumbers) -> PictureNumbers {
        incoming
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    layer: u8,
    timestamp: u32,
}

/// The numbering of one link (one track to one subscriber), over layer switches, pauses, mutes and publisher restarts.
///
/// Promises: no outgoing index is given out twice; sequence numbers have a gap only where the publisher's had one or a
/// packet was late; a new layer begins with a keyframe; timestamps never run back across a switch.
pub struct Continuity {
    clock_rate: u32,
    wanted: Option<u8>,
    current: Option<u8>,
}

impl Continuity {
    /// `clock_rate` in Hz: 48,000 for Opus, 90,000 for video. Nothing is forwarded until a layer is wanted.
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate, wanted: None, current: None }
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
        if self.wanted == self.current { None } else { self.wanted }
    }

    /// The publisher began a new stream (other SSRC, restarted encoder): go on with it from its next keyframe.
    pub fn restart(&mut self) {
        self.current = None;
    }

    /// What this packet becomes on the link; `None` when it is not for it.
    pub fn on_packet(&mut self, packet: &Incoming) -> Option<Outgoing> {
        let _ = (packet, self.clock_rate);
        None
    }

    /// Which packet left with `sequence` (a NACKed number); `None` when it never left or is too long ago.
    pub fn again(&self, sequence: u16) -> Option<Again> {
        let _ = sequence;
        None
    }

    /// The layer's RTP time as this link says it: for the sender report, with the NTP time unchanged.
    pub fn outgoing_time(&self, layer: u8, rtp: u32) -> Option<u32> {
        let _ = (layer, rtp);
        None
    }

    /// The highest index that has left, for sender statistics and receiver reports.
    pub fn highest(&self) -> Option<u64> {
        None
    }
}

/// The numbering of a link's RTX stream (RFC 4588): own SSRC, own counter, roll-over counter 0 at the start.
pub struct RtxCounter {
    next: u64,
}

impl RtxCounter {
    /// `seed` is any number: the stream starts at (seed mod 2^15) + 1.
    pub fn new(seed: u16) -> Self {
        Self { next: u64::from(seed % (1 << 15)) + 1 }
    }
    /// The 48-bit index of the next RTX packet.
    pub fn take(&mut self) -> u64 {
        let index = self.next;
        self.next += 1;
        index
    }
}
