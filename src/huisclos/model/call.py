"""What passes between a call's signalling and the media plane: commands one way, events the other. No behaviour.

`peer` is a participant's sid, `track` a track's sid, `room` a call's sid: names chosen by signalling, which mean nothing
to the media plane. The embedded engine and any other plane speak these same nouns.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Channel: TypeAlias = Literal["reliable", "lossy", "data_track"]
CloseReason: TypeAlias = Literal[
    "removed", "ice_timeout", "never_connected", "dtls_failed", "panic", "overrun", "protocol"
]


@dataclass(frozen=True, slots=True)
class AddPeer:
    peer: str
    room: str


@dataclass(frozen=True, slots=True)
class RemovePeer:
    peer: str


@dataclass(frozen=True, slots=True)
class ApplyOffer:
    """`Answered` or `Refused` follows with the same `request`."""

    peer: str
    request: int
    sdp: str


@dataclass(frozen=True, slots=True)
class CreateOffer:
    """Make an offer with at least so many sections to send on: `Offered` or `Refused` follows with the same `request`.

    `restart`: with new ICE credentials. An older offer without an answer is void.
    """

    peer: str
    request: int
    audios: int
    videos: int
    restart: bool


@dataclass(frozen=True, slots=True)
class ApplyAnswer:
    """The client's answer to offer `request`. Only a bad one is answered, by `Refused`."""

    peer: str
    request: int
    sdp: str


@dataclass(frozen=True, slots=True)
class AddCandidate:
    peer: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Publish:
    """What `peer` sends on section `mid` is `track`."""

    peer: str
    mid: str
    track: str
    screen: bool


@dataclass(frozen=True, slots=True)
class Unpublish:
    track: str


@dataclass(frozen=True, slots=True)
class Mute:
    track: str
    muted: bool


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Forward `track` to `peer` on section `mid`."""

    peer: str
    mid: str
    track: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    peer: str
    mid: str


@dataclass(frozen=True, slots=True)
class Prefer:
    """The highest simulcast layer wanted on `mid` (0 low, 1, 2 high); `paused` sends nothing."""

    peer: str
    mid: str
    quality: int
    paused: bool
    priority: int


@dataclass(frozen=True, slots=True)
class SendData:
    peers: tuple[str, ...]
    channel: Channel
    payload: bytes


MediaCommand: TypeAlias = (
    AddPeer
    | RemovePeer
    | ApplyOffer
    | CreateOffer
    | ApplyAnswer
    | AddCandidate
    | Publish
    | Unpublish
    | Mute
    | Subscribe
    | Unsubscribe
    | Prefer
    | SendData
)


@dataclass(frozen=True, slots=True)
class Answered:
    peer: str
    request: int
    sdp: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What is to be offered to the client, as `CreateOffer` asked."""

    peer: str
    request: int
    sdp: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The offer or answer could not be applied; the peer lives on as it was."""

    peer: str
    request: int
    code: str


@dataclass(frozen=True, slots=True)
class Connected:
    """Media flows (again)."""

    peer: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing heard for some seconds; `Closed` follows if it lasts."""

    peer: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer is gone from the media plane, its tracks and subscriptions with it."""

    peer: str
    reason: CloseReason


@dataclass(frozen=True, slots=True)
class TrackStarted:
    """The first packet of a published track came in."""

    peer: str
    track: str
    mime: str


@dataclass(frozen=True, slots=True)
class StreamState:
    """Congestion control paused, or resumed, what `peer` receives on `mid`."""

    peer: str
    mid: str
    track: str
    paused: bool


@dataclass(frozen=True, slots=True)
class DataReceived:
    peer: str
    channel: Channel
    payload: bytes


@dataclass(frozen=True, slots=True)
class AudioLevels:
    """Who speaks in `room`, only what changed: (peer, level from 0 to 1, active)."""

    room: str
    levels: tuple[tuple[str, float, bool], ...]


@dataclass(frozen=True, slots=True)
class PeerStats:
    """Loss is a fraction 0..1 of the last window; times in milliseconds; rates in bit/s."""

    peer: str
    loss_up: float
    loss_down: float
    rtt_ms: float
    estimate_bps: int
    sent_bps: int


MediaEvent: TypeAlias = (
    Answered
    | Offered
    | Refused
    | Connected
    | Unreachable
    | Closed
    | TrackStarted
    | StreamState
    | DataReceived
    | AudioLevels
    | PeerStats
)
