"""The media plane in this process: our Rust engine behind the port. Translates nouns; keeps order under pressure.

The compiled module is imported when an engine is made, so that all else works, and is tested, without it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from huisclos.media.engine import EventHandler, MediaOverloaded
from huisclos.model.call import (
    AddCandidate,
    AddPeer,
    Answered,
    ApplyAnswer,
    ApplyOffer,
    AudioLevels,
    Closed,
    Connected,
    CreateOffer,
    DataReceived,
    MediaCommand,
    MediaEvent,
    Mute,
    Offered,
    PeerStats,
    Prefer,
    Publish,
    Refused,
    RemovePeer,
    SendData,
    StreamState,
    Subscribe,
    TrackStarted,
    Unpublish,
    Unreachable,
    Unsubscribe,
)

if TYPE_CHECKING:
    from huisclos import _engine

# The engine's own queue is bounded. A join storm fills it for some milliseconds: wait here, in order; past this
# number the media thread is not slow but stuck.
_MOST_WAITING: Final = 50_000
_RETRY_S: Final = 0.005
# One batch of events is handled before the loop sees its sockets again.
_EVENTS_AT_ONCE: Final = 1024


class EmbeddedEngine:
    """Raises OSError if the media port is taken, ValueError for an address that does not parse."""

    def __init__(
        self,
        *,
        media_port: int,
        bind: list[str] | None = None,
        public_addresses: list[str] | None = None,
        loopback: bool = True,
        segmentation_offload: bool = True,
    ) -> None:
        from huisclos import _engine  # noqa: PLC0415  # see above

        self._module = _engine
        self._nouns = _nouns(_engine)
        self._engine = _engine.Engine(
            media_port=media_port,
            bind=bind,
            public_addresses=public_addresses,
            loopback=loopback,
            segmentation_offload=segmentation_offload,
        )
        self._waiting: deque[MediaCommand] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handler: EventHandler | None = None

    @property
    def media_port(self) -> int:
        return self._engine.media_port

    def listen(self, handler: EventHandler) -> None:
        self._handler = handler
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._engine.fileno(), self._drain)

    def perform(self, command: MediaCommand) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            raise MediaOverloaded
        if self._waiting or not self._accepted(command):
            self._waiting.append(command)
            if len(self._waiting) == 1:
                self._retry_soon()

    def age(self) -> float:
        return self._engine.heartbeat_age()

    def stats(self) -> dict[str, int]:
        return self._engine.stats() | {"lost_events": self._engine.lost_events()}

    def shutdown(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._engine.fileno())
        self._loop = None
        self._engine.shutdown()

    def _drain(self) -> None:
        events = self._engine.events(_EVENTS_AT_ONCE)
        if len(events) == _EVENTS_AT_ONCE and self._loop is not None:
            # Reading cleared the file descriptor although more may wait.
            self._loop.call_soon(self._drain)
        if events and self._handler is not None:
            self._handler([self._noun(event) for event in events])

    def _retry_soon(self) -> None:
        asyncio.get_running_loop().call_later(_RETRY_S, self._retry)

    def _retry(self) -> None:
        if self._loop is None:
            return
        while self._waiting and self._accepted(self._waiting[0]):
            self._waiting.popleft()
        if self._waiting:
            self._retry_soon()

    def _accepted(self, command: MediaCommand) -> bool:
        try:
            self._pass_on(command)
        except self._module.EngineBusy:
            return False
        return True

    def _pass_on(self, command: MediaCommand) -> None:  # noqa: C901, PLR0912  # one line a noun
        engine = self._engine
        match command:
            case AddPeer(peer, room):
                engine.add_peer(peer, room)
            case RemovePeer(peer):
                engine.remove_peer(peer)
            case ApplyOffer(peer, request, sdp):
                engine.offer(peer, request, sdp)
            case CreateOffer(peer, request, audios, videos, restart):
                engine.create_offer(peer, request, audios=audios, videos=videos, restart=restart)
            case ApplyAnswer(peer, request, sdp):
                engine.apply_answer(peer, request, sdp)
            case AddCandidate(peer, candidate):
                engine.candidate(peer, candidate)
            case Publish(peer, mid, track, screen):
                engine.publish(peer, mid, track, screen=screen)
            case Unpublish(track):
                engine.unpublish(track)
            case Mute(track, muted):
                engine.mute(track, muted)
            case Subscribe(peer, mid, track):
                engine.subscribe(peer, mid, track)
            case Unsubscribe(peer, mid):
                engine.unsubscribe(peer, mid)
            case Prefer(peer, mid, quality, paused, priority):
                engine.prefer(peer, mid, quality=quality, paused=paused, priority=priority)
            case SendData(peers, channel, payload):
                engine.send_data(list(peers), channel, payload)

    def _noun(self, event: "_engine.Event") -> MediaEvent:
        return self._nouns[type(event)](event)


def _nouns(engine: ModuleType) -> Mapping[type, Callable[[Any], MediaEvent]]:
    """How to make our noun of each kind of engine event."""
    return {
        engine.Data: lambda e: DataReceived(e.peer, e.channel, e.payload),
        engine.Answered: lambda e: Answered(e.peer, e.request, e.sdp),
        engine.Offered: lambda e: Offered(e.peer, e.request, e.sdp),
        engine.Refused: lambda e: Refused(e.peer, e.request, e.code),
        engine.Connected: lambda e: Connected(e.peer),
        engine.Unreachable: lambda e: Unreachable(e.peer),
        engine.Closed: lambda e: Closed(e.peer, e.reason),
        engine.TrackStarted: lambda e: TrackStarted(e.peer, e.track, e.mime),
        engine.StreamState: lambda e: StreamState(e.peer, e.mid, e.track, e.paused),
        engine.AudioLevels: lambda e: AudioLevels(e.room, tuple(e.levels)),
        engine.PeerStats: lambda e: PeerStats(e.peer, e.loss_up, e.loss_down, e.rtt_ms, e.estimate_bps, e.sent_bps),
    }
