//! What the control plane may ask of the engine and what it is told; decides nothing.
//!
//! Names of rooms, peers and tracks are the caller's and mean nothing here.

use std::sync::Arc;

/// A name the caller chose.
pub type Name = Arc<str>;

/// The data channels every LiveKit client opens, by label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `_reliable`: ordered, always arrives.
    Reliable,
    /// `_lossy`: unordered, never sent again.
    Lossy,
    /// `_data_track`: as `_lossy`, for data tracks.
    DataTrack,
}

impl Channel {
    pub(crate) const ALL: [Channel; 3] = [Channel::Reliable, Channel::Lossy, Channel::DataTrack];

    pub(crate) fn from_label(label: &str) -> Option<Channel> {
        match label {
            "_reliable" => Some(Channel::Reliable),
            "_lossy" => Some(Channel::Lossy),
            "_data_track" => Some(Channel::DataTrack),
            _ => None,
        }
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// Each is about a peer or track by name; one that is no longer there makes it do nothing.
#[derive(Clone, Debug)]
pub enum Command {
    AddPeer {
        peer: Name,
        room: Name,
    },
    RemovePeer {
        peer: Name,
    },
    Offer {
        peer: Name,
        request: u64,
        sdp: String,
    },
    /// Make an offer with at least so many sections to send on, and LiveKit's data channels; `Offered` or `Refused` follows with
    /// the same number. An offer before it that has no answer yet is void. `restart`: with new ICE credentials.
    CreateOffer {
        peer: Name,
        request: u64,
        audios: usize,
        videos: usize,
        restart: bool,
    },
    /// The client's answer to offer number `request`; only a bad one is answered, by `Refused`.
    ApplyAnswer {
        peer: Name,
        request: u64,
        sdp: String,
    },
    Candidate {
        peer: Name,
        candidate: String,
    },
    Publish {
        peer: Name,
        mid: String,
        track: Name,
        screen: bool,
    },
    Unpublish {
        track: Name,
    },
    Mute {
        track: Name,
        muted: bool,
    },
    Subscribe {
        peer: Name,
        mid: String,
        track: Name,
    },
    Unsubscribe {
        peer: Name,
        mid: String,
    },
    Prefer {
        peer: Name,
        mid: String,
        wish: Wish,
    },
    RequestKeyframe {
        track: Name,
    },
    SendData {
        peers: Vec<Name>,
        channel: Channel,
        payload: Arc<[u8]>,
    },
}

/// What a subscriber wants of one track at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Simulcast layer, 0 (low) to 2 (high).
    pub quality: u8,
    pub paused: bool,
    /// Under a tight estimate lower goes first; audio always goes before video.
    pub priority: i32,
}

impl Default for Wish {
    fn default() -> Self {
        Wish {
            quality: 2,
            paused: false,
            priority: 0,
        }
    }
}

/// Why a peer is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// By command, or the peer said goodbye itself.
    Removed,
    IceTimeout,
    NeverConnected,
    DtlsFailed,
    /// A defect in our code or str0m's, ended with this peer alone.
    Panic,
    /// It produced more output in one go than any sane peer.
    Overrun,
    Protocol,
}

/// Why an offer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    SdpInvalid,
    SdpTooLarge,
    UnknownPeer,
    Internal,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Answered {
        peer: Name,
        request: u64,
        sdp: String,
    },
    Offered {
        peer: Name,
        request: u64,
        sdp: String,
    },
    Refused {
        peer: Name,
        request: u64,
        code: Refusal,
        detail: String,
    },
    Connected {
        peer: Name,
    },
    Unreachable {
        peer: Name,
    },
    Closed {
        peer: Name,
        reason: CloseReason,
    },
    TrackStarted {
        peer: Name,
        track: Name,
        mime: &'static str,
    },
    StreamState {
        peer: Name,
        mid: String,
        track: Name,
        paused: bool,
    },
    Data {
        peer: Name,
        channel: Channel,
        payload: Vec<u8>,
    },
    AudioLevels {
        room: Name,
        levels: Vec<(Name, f32, bool)>,
    },
    PeerStats {
        peer: Name,
        stats: PeerStats,
    },
}

impl Event {
    /// Whether a full queue may drop it: the next one of its kind makes up for it, or its sender expects losses.
    #[must_use]
    pub fn is_expendable(&self) -> bool {
        matches!(
            self,
            Event::AudioLevels { .. } | Event::PeerStats { .. } | Event::Data { .. }
        )
    }
}

/// Of the last window of about 5 s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerStats {
    /// Fraction lost of what the peer sent us, 0 to 1.
    pub loss_up: f32,
    /// Fraction lost of what we sent the peer, 0 to 1.
    pub loss_down: f32,
    pub rtt_ms: f32,
    pub estimate_bps: u64,
    pub sent_bps: u64,
}
