"""The embedded media engine as Python sees it: commands in, events out, never a packet and never a decision.

Commands only queue: they return at once and never wait for the media thread. What comes of them arrives as events;
`fileno()` turns readable when there are some. A command about a peer or track that is no longer there does nothing:
that race is normal. Names (`room`, `peer`, `track`) are chosen by the caller and mean nothing to the engine.
"""

from typing import Final, Literal, Self, TypeAlias, final

__all__ = [
    "Answered",
    "AudioLevels",
    "Channel",
    "CloseReason",
    "Closed",
    "Connected",
    "Data",
    "Engine",
    "EngineBusy",
    "Event",
    "Offered",
    "PeerStats",
    "Refused",
    "StreamState",
    "TrackStarted",
    "Unreachable",
    "version",
]

Channel: TypeAlias = Literal["reliable", "lossy", "data_track"]
CloseReason: TypeAlias = Literal[
    "removed", "ice_timeout", "never_connected", "dtls_failed", "panic", "overrun", "protocol"
]

class EngineBusy(RuntimeError):
    """The bounded command queue is full: the media thread is overloaded or stuck. Nothing was queued."""

@final
class Answered:
    """The SDP answer to `Engine.offer` number `request`. Its msids are random: the caller rewrites them."""

    peer: Final[str]
    request: Final[int]
    sdp: Final[str]

@final
class Offered:
    """Our own offer, asked for by `Engine.create_offer` number `request`. Its msids are random: the caller rewrites them."""

    peer: Final[str]
    request: Final[int]
    sdp: Final[str]

@final
class Refused:
    """The offer or answer number `request` could not be applied; the peer lives on as it was."""

    peer: Final[str]
    request: Final[int]
    code: Final[Literal["sdp_invalid", "sdp_too_large", "unknown_peer", "internal"]]
    detail: Final[str]

@final
class Connected:
    """ICE and DTLS are up (sent again when a peer whose `Unreachable` was sent is heard again)."""

    peer: Final[str]

@final
class Unreachable:
    """No consent heard for about 5 s; media is held. `Closed` follows if it lasts (about 15 s)."""

    peer: Final[str]

@final
class Closed:
    """The peer is gone from the engine; its tracks and subscriptions with it. Sent once a peer."""

    peer: Final[str]
    reason: Final[CloseReason]

@final
class TrackStarted:
    """The first packet of a published track came in. `mime` is for example `video/VP8` or `audio/opus`."""

    peer: Final[str]
    track: Final[str]
    mime: Final[str]

@final
class StreamState:
    """Congestion control paused (or resumed) what `peer` receives on section `mid`."""

    peer: Final[str]
    mid: Final[str]
    track: Final[str]
    paused: Final[bool]

@final
class Data:
    """One data-channel message of at most 64 KiB + protocol overhead, as the peer sent it."""

    peer: Final[str]
    channel: Final[Channel]
    payload: Final[bytes]

@final
class AudioLevels:
    """Who speaks in `room`, sent only when it changes (at most every 300 ms).

    Each entry is (peer, level from 0 to 1, active); a peer that stopped is listed once with level 0 and False.
    """

    room: Final[str]
    levels: Final[list[tuple[str, float, bool]]]

@final
class PeerStats:
    """Every 5 s for each connected peer. Loss is a fraction 0..1 of the window; times in milliseconds; rates in bit/s."""

    peer: Final[str]
    loss_up: Final[float]
    loss_down: Final[float]
    rtt_ms: Final[float]
    estimate_bps: Final[int]
    sent_bps: Final[int]

Event: TypeAlias = (
    Answered
    | Offered
    | Refused
    | Connected
    | Unreachable
    | Closed
    | TrackStarted
    | StreamState
    | Data
    | AudioLevels
    | PeerStats
)

@final
class Engine:
    def __new__(
        cls,
        *,
        media_port: int,
        bind: list[str] | None = None,
        public_addresses: list[str] | None = None,
        loopback: bool = True,
        segmentation_offload: bool = True,
        max_peers: int = 10_000,
    ) -> Self:
        """Bind the UDP media port (0 = any free one) and start the media thread.

        `bind`: addresses to listen on, default every IPv4 and IPv6 address. `public_addresses`: what candidates say
        instead of the host's own addresses (NAT). `loopback`: also offer 127.0.0.1 and ::1 as candidates.
        Raises OSError (EADDRINUSE among them) and ValueError (an address that does not parse).
        """

    @property
    def media_port(self) -> int: ...
    def candidates(self) -> list[str]:
        """`address:port` of each host candidate offered now."""

    def fileno(self) -> int:
        """A non-blocking eventfd that is readable while events wait; `events()` clears it."""

    def events(self, limit: int = 4096) -> list[Event]: ...
    def lost_events(self) -> int:
        """How many events a full queue has dropped so far (data and levels are dropped first, never `Closed`)."""

    def heartbeat_age(self) -> float:
        """Seconds since the media thread last came round its loop: over 2 is unhealthy, over 10 is stuck."""

    def stats(self) -> dict[str, int]:
        """Counters since the start: packets_in, packets_out, bytes_in, bytes_out, send_calls, send_errors,
        dropped_unknown, dropped_malformed, srtp_failed, nacks_in, rtx_sent, plis_sent, panics, peers, tracks,
        subscriptions, segmentation_offload (0 or 1), and more."""

    def shutdown(self) -> None:
        """Close every peer and join the media thread. Safe to call twice."""

    def add_peer(self, peer: str, room: str) -> None: ...
    def remove_peer(self, peer: str) -> None: ...
    def offer(self, peer: str, request: int, sdp: str) -> None:
        """Apply a client's offer (also an ICE restart): `Answered` or `Refused` follows with the same `request`."""

    def create_offer(self, peer: str, request: int, *, audios: int, videos: int, restart: bool = False) -> None:
        """Make an offer with at least so many sections to send on, and LiveKit's data channels: `Offered` follows.

        It makes one that has no answer yet void. `restart`: with new ICE credentials.
        """

    def apply_answer(self, peer: str, request: int, sdp: str) -> None:
        """The client's answer to the offer of `create_offer` number `request`. `Refused` follows if it is no good."""

    def candidate(self, peer: str, candidate: str) -> None:
        """A trickled remote candidate, the `candidate:…` line. Not needed for ICE-lite to work; bad ones are ignored."""

    def publish(self, peer: str, mid: str, track: str, *, screen: bool = False) -> None:
        """What `peer` sends on section `mid` is `track`. Media that came before is not replayed."""

    def unpublish(self, track: str) -> None: ...
    def mute(self, track: str, muted: bool) -> None:
        """A muted track is not forwarded, whatever its publisher sends."""

    def subscribe(self, peer: str, mid: str, track: str) -> None:
        """Forward `track` to `peer` on section `mid` (one the peer offered `recvonly`). Replaces what was on `mid`."""

    def unsubscribe(self, peer: str, mid: str) -> None: ...
    def prefer(self, peer: str, mid: str, *, quality: int, paused: bool = False, priority: int = 0) -> None:
        """What the subscriber wants on `mid`: simulcast layer 0 (low), 1 or 2 (high) at most; `paused` sends nothing.
        Under a tight estimate lower `priority` goes first; audio always goes before video."""

    def request_keyframe(self, track: str) -> None: ...
    def send_data(self, peers: list[str], channel: Channel, payload: bytes) -> None:
        """The same message to each of `peers`. Lossy messages are dropped when a peer's channel is full."""

def version() -> str: ...
