"""The delivery services of all encrypted rooms in which somebody is connected: who may connect, queues, rates and clocks.

What is passed on to whom is `domain.delivery`'s. In memory only: when the last one of a room has been gone for a while,
nothing is left.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import count
from typing import Final

from huisclos.domain import rate_limit
from huisclos.domain.delivery import Delivery
from huisclos.domain.rate_limit import Bucket, Rate
from huisclos.identity.removal_key import RemovalKey
from huisclos.model.delivery import (
    AskLog,
    AskState,
    AskToJoin,
    Commit,
    Create,
    Drop,
    Farewell,
    Line,
    Output,
    Propose,
    Ready,
    Refused,
    Request,
    Say,
    Tell,
)
from huisclos.model.errors import FrameInvalid
from huisclos.model.ids import Identity, RoomId
from huisclos.services import delivery_frames

# A client asks a few things a second at its busiest, when it joins or many do.
_FRAMES: Final = Rate(300, 50)
# What each kind may do, and how many bytes of the kind may come: these are passed on to everybody.
_RATES: Final[dict[type[Request], tuple[Rate, Rate]]] = {
    Create: (Rate(5, 0.2), Rate(2_000_000, 100_000)),
    Commit: (Rate(40, 4), Rate(4_000_000, 400_000)),
    Propose: (Rate(40, 4), Rate(128_000, 16_000)),
    AskToJoin: (Rate(10, 0.5), Rate(64_000, 4_000)),
    Say: (Rate(100, 10), Rate(512_000, 32_000)),
    Ready: (Rate(100, 10), Rate(100_000, 10_000)),
    AskLog: (Rate(20, 1), Rate(100_000, 10_000)),
    AskState: (Rate(20, 1), Rate(100_000, 10_000)),
}
# A reader further behind than this is gone; it will come back if it is not.
_MOST_WAITING: Final = 1024
_MOST_WAITING_BYTES: Final = 8 * 1024 * 1024


class Connection:
    """One client's socket: what waits to be sent to it, and how much it has sent."""

    def __init__(self, line: Line, room: RoomId, now: float) -> None:
        self.line = line
        self.room = room
        self.farewell: Farewell | None = None
        """Why the server ends it, once it does."""
        self._frames = rate_limit.full(_FRAMES, now)
        self._buckets: dict[tuple[type[Request], bool], Bucket] = {}
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._something = asyncio.Event()
        self._hopeless = asyncio.Event()

    def floods(self, now: float) -> bool:
        self._frames, wait_s = rate_limit.take(self._frames, _FRAMES, now)
        return wait_s > 0

    def grants(self, kind: type[Request], size: int, now: float) -> bool:
        """Whether one more request of this kind and size may pass."""
        for in_bytes, rate in enumerate(_RATES[kind]):
            key = (kind, bool(in_bytes))
            bucket = self._buckets.get(key) or rate_limit.full(rate, now)
            self._buckets[key], wait_s = rate_limit.take(bucket, rate, now, size if in_bytes else 1)
            if wait_s:
                return False
        return True

    def put(self, frame: bytes) -> None:
        if self.farewell is not None:
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        if len(self._waiting) > _MOST_WAITING or self._waiting_bytes > _MOST_WAITING_BYTES:
            self._waiting.clear()
            self.end("slow")
        self._something.set()

    def end(self, why: Farewell) -> None:
        """Close it once what waits has been sent."""
        self.farewell = self.farewell or why
        self._something.set()
        if why in ("slow", "flooded"):
            self._hopeless.set()

    async def hopeless(self) -> None:
        """Return when the socket should close without waiting for the peer to read."""
        await self._hopeless.wait()

    async def next_frame(self) -> bytes | None:
        """The next frame to send, or None when the socket should close."""
        while not self._waiting:
            if self.farewell is not None:
                return None
            self._something.clear()
            await self._something.wait()
        frame = self._waiting.popleft()
        self._waiting_bytes -= len(frame)
        return frame


class Deliveries:
    """All of this process. Only one event loop may touch it, so it needs no lock. `seconds` never goes back."""

    def __init__(self, key: RemovalKey, *, max_people: int, seconds: Callable[[], float]) -> None:
        self._key = key
        self._max_people = max_people
        self._seconds = seconds
        self._rooms: dict[RoomId, Delivery] = {}
        self._connections: dict[Line, Connection] = {}
        self._timers: dict[RoomId, asyncio.TimerHandle] = {}
        self._lines = count(1)

    def connect(self, room: RoomId, identity: Identity, *, hosts: bool) -> Connection:
        """A connection of somebody who may; what it is to be told first waits in it already. Raises RoomFull."""
        now = self._seconds()
        delivery = self._rooms.get(room)
        if delivery is None:
            delivery = Delivery(room, self._key.public, self._key.sign, at_most=self._max_people, now=now)
        connection = Connection(Line(next(self._lines)), room, now)
        outputs = delivery.enter(connection.line, identity, hosts=hosts, now=now)
        self._rooms[room] = delivery
        self._connections[connection.line] = connection
        self._carry_out(room, outputs)
        return connection

    def receive(self, connection: Connection, frame: bytes) -> None:
        """A frame from a socket. Raises FrameInvalid for what no client sends; too much of anything is not passed on."""
        now = self._seconds()
        if connection.floods(now):
            connection.end("flooded")
            return
        if len(frame) > delivery_frames.MOST_BYTES:
            raise FrameInvalid("too large")
        request = delivery_frames.request(frame)
        delivery = self._rooms.get(connection.room)
        if delivery is None or connection.farewell is not None:
            return
        if connection.grants(type(request), len(frame), now):
            self._carry_out(connection.room, delivery.receive(connection.line, request, now))
        else:
            refused = Refused(getattr(request, "id", None), "too_many_requests", delivery.epoch)
            connection.put(delivery_frames.encode(refused))

    def closed(self, connection: Connection) -> None:
        """The socket is gone."""
        self._connections.pop(connection.line, None)
        delivery = self._rooms.get(connection.room)
        if delivery is not None:
            self._carry_out(connection.room, delivery.leave(connection.line, self._seconds()))

    def remove(self, room: RoomId, identity: Identity) -> None:
        """End the connection of somebody whom a host has put out."""
        delivery = self._rooms.get(room)
        if delivery is not None:
            self._carry_out(room, delivery.remove(identity, self._seconds()))

    def rooms_in_use(self) -> list[RoomId]:
        return list(self._rooms)

    def close_room(self, room: RoomId) -> None:
        """End it all for a room that no longer exists."""
        delivery = self._rooms.get(room)
        if delivery is not None:
            outputs = delivery.close()
            self._forget(room)
            self._tell(outputs)

    def _carry_out(self, room: RoomId, outputs: Iterable[Output]) -> None:
        self._tell(outputs)
        self._set_timer(room)

    def _tell(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Tell(lines, message):
                    frame = delivery_frames.encode(message)
                    for line in lines:
                        if (connection := self._connections.get(line)) is not None:
                            connection.put(frame)
                case Drop(line, why):
                    if (connection := self._connections.pop(line, None)) is not None:
                        connection.end(why)

    def _set_timer(self, room: RoomId) -> None:
        former = self._timers.pop(room, None)
        if former is not None:
            former.cancel()
        due = self._rooms[room].due()
        if due is not None:
            delay = max(0.0, due - self._seconds())
            self._timers[room] = asyncio.get_running_loop().call_later(delay, self._tick, room)

    def _tick(self, room: RoomId) -> None:
        now = self._seconds()
        delivery = self._rooms[room]
        self._tell(delivery.tick(now))
        if delivery.is_over(now):
            self._forget(room)
        else:
            self._set_timer(room)

    def _forget(self, room: RoomId) -> None:
        self._rooms.pop(room, None)
        timer = self._timers.pop(room, None)
        if timer is not None:
            timer.cancel()
