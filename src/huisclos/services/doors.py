"""The live side of lobbies: who waits at which room and which doors are open. In memory only; a restart empties it.

Holds and tells; when somebody may knock or be let in is decided elsewhere.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from huisclos.model.errors import TooManyRequests
from huisclos.model.events import Answer, DoorEvent, Knocks
from huisclos.model.ids import RoomId, SeatHash
from huisclos.model.lobby import Lobby

# A reader this far behind is stuck. The newest events are the ones that count, so the oldest goes.
_QUEUE_LENGTH: Final = 8
# A few tabs of one browser; beyond it somebody is collecting sockets.
_DOORS_PER_SEAT: Final = 4


class Door:
    """One open door: what is told through it waits here until it is read."""

    def __init__(self, seat: SeatHash, *, hosts: bool) -> None:
        self.seat = seat
        self.hosts = hosts
        self._events: asyncio.Queue[DoorEvent] = asyncio.Queue(_QUEUE_LENGTH)

    def tell(self, event: DoorEvent) -> None:
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)

    def pending(self) -> int:
        """How many events wait to be read."""
        return self._events.qsize()

    async def next_event(self) -> DoorEvent:
        return await self._events.get()


@dataclass
class _Threshold:
    lobby: Lobby = field(default_factory=Lobby)
    doors: list[Door] = field(default_factory=list)


class Doors:
    """All doors of this server, by room. Only one event loop may touch it, so it needs no lock."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, _Threshold] = {}

    def lobby(self, room: RoomId) -> Lobby:
        threshold = self._rooms.get(room)
        return Lobby() if threshold is None else threshold.lobby

    def set_lobby(self, room: RoomId, lobby: Lobby) -> None:
        self._rooms.setdefault(room, _Threshold()).lobby = lobby
        self._forget_if_idle(room)

    def is_empty(self) -> bool:
        return not self._rooms

    def rooms_with_knocks(self) -> list[RoomId]:
        return [room for room, threshold in self._rooms.items() if threshold.lobby.knocks]

    def tell_hosts(self, room: RoomId, knocks: Knocks) -> None:
        for door in self._doors(room):
            if door.hosts:
                door.tell(knocks)

    def tell_seat(self, room: RoomId, seat: SeatHash, answer: Answer) -> None:
        for door in self._doors(room):
            if door.seat == seat and not door.hosts:
                door.tell(answer)

    def tell_everyone(self, room: RoomId, answer: Answer) -> None:
        for door in self._doors(room):
            door.tell(answer)

    def count(self, room: RoomId, seat: SeatHash) -> int:
        """How many doors of `seat` are open."""
        return sum(door.seat == seat for door in self._doors(room))

    @contextmanager
    def opened(self, room: RoomId, seat: SeatHash, *, hosts: bool) -> Iterator[Door]:
        """A door for `seat` while the block lasts. Raises TooManyRequests if there are too many already."""
        doors = self._rooms.setdefault(room, _Threshold()).doors
        if self.count(room, seat) >= _DOORS_PER_SEAT:
            raise TooManyRequests(60)
        door = Door(seat, hosts=hosts)
        doors.append(door)
        try:
            yield door
        finally:
            doors.remove(door)
            self._forget_if_idle(room)

    def _doors(self, room: RoomId) -> tuple[Door, ...]:
        threshold = self._rooms.get(room)
        return () if threshold is None else tuple(threshold.doors)

    def _forget_if_idle(self, room: RoomId) -> None:
        threshold = self._rooms.get(room)
        if threshold is not None and not threshold.lobby.knocks and not threshold.doors:
            del self._rooms[room]
