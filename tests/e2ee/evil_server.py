"""Our own server, obeying whoever writes its orders: run like `huisclos`, for tests only.

The orders are a JSON file, `{lie: about}`, read again all the time; an empty object is an honest server. The hooks
replace functions of a running server from outside: nothing of them is in the product.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from e2ee.lies import LIES, Lie, section_commands
from huisclos.app import cli
from huisclos.media.embedded import EmbeddedEngine
from huisclos.model.call import AddPeer, MediaCommand
from huisclos.model.delivery import Output as Delivered
from huisclos.model.ids import Identity, RoomId
from huisclos.model.room import Encryption, Room, Seat, SeatState
from huisclos.services.calls import Calls
from huisclos.services.delivery import Deliveries
from huisclos.signalling.outbox import Output, Send
from huisclos.signalling.room import RoomCall
from huisclos.store.rooms import RoomStore
from serving import Served

ORDERS = "EVIL_ORDERS"
_LOOK_EVERY_S = 0.2
# The engine keeps tracks within their room: all that comes to an evil engine is in one.
_ONE_ROOM = "RM_evil"


class EvilServer(Served):
    """A server of the test's that lies on demand."""

    def __init__(self, directory: Path, *, settings: dict[str, str] | None = None) -> None:
        self._orders = directory / "orders.json"
        self._told: dict[str, dict[str, Any]] = {}
        command = directory / "evil"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m e2ee.evil_server "$@"\n')
        command.chmod(0o755)
        self.tell()
        tests = str(Path(__file__).resolve().parent.parent)
        super().__init__(
            directory, settings={ORDERS: str(self._orders), "PYTHONPATH": tests, **(settings or {})}, command=command
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def tell(self, lie: str | None = None, **about: Any) -> Self:
        """Order one more lie."""
        if lie is not None:
            self._told[lie] = about
        self._write()
        return self

    def be_honest(self) -> None:
        """Take back every order."""
        self._told = {}
        self._write()

    def _write(self) -> None:
        new = self._orders.with_suffix(".new")
        new.write_text(json.dumps(self._told))
        new.replace(self._orders)


class _Obedience:
    """The lies in force."""

    def __init__(self, orders: Path) -> None:
        self._orders = orders
        self._text = "{}"
        self._lies: list[Lie] = []
        self._begun: set[int] = set()
        self._crossed: dict[tuple[str, str], str] = {}

    def lies(self) -> list[Lie]:
        text = self._orders.read_text()
        if text != self._text:
            before = dict(json.loads(self._text))
            kept = {LIES[name]: lie for name, lie in zip(before, self._lies, strict=True)}
            orders = json.loads(text)
            self._text = text
            self._lies = [
                kept[LIES[name]] if before.get(name) == about else LIES[name](about) for name, about in orders.items()
            ]
        return self._lies

    async def act(self, calls: Calls) -> None:
        while True:
            for lie in self.lies():
                if id(lie) not in self._begun:
                    self._begun.add(id(lie))
                    lie.begins(calls)
            self._cross(calls)
            await asyncio.sleep(_LOOK_EVERY_S)

    def _cross(self, calls: Calls) -> None:
        """Put on every section what the lies want there, and the truth where they want nothing any more."""
        for call in list(calls._calls.values()):
            for peer, participant in call._state.participants.items():
                for mid, track in participant.sections.carried.items():
                    chosen = (lie.carries(calls, call, participant, track) for lie in self.lies())
                    wanted = next((other for other in chosen if other is not None), track)
                    if self._crossed.get((peer, mid), track) != wanted:
                        for command in section_commands(peer, mid, wanted):
                            calls._engine.perform(command)
                        self._crossed[peer, mid] = wanted


def install(orders: Path) -> None:
    """Put the hooks into this process, before the server starts in it."""
    obedience = _Obedience(orders)
    _hook_calls(obedience)
    _hook_deliveries(obedience)
    _hook_rooms(obedience)
    _hook_removals(obedience)


def _hook_calls(obedience: _Obedience) -> None:
    carry_out, run, perform = Calls._carry_out, Calls.run, EmbeddedEngine.perform

    def carry_out_as_told(self: Calls, call: RoomCall, outputs: Iterable[Output]) -> None:
        said = list(outputs)
        for lie in obedience.lies():
            said = [
                replace(each, response=lie.says(each.response)) if isinstance(each, Send) else each for each in said
            ]
        carry_out(self, call, said)

    async def run_as_told(self: Calls) -> None:
        acting = asyncio.create_task(obedience.act(self))
        try:
            await run(self)
        finally:
            acting.cancel()

    def perform_as_told(self: EmbeddedEngine, command: MediaCommand) -> None:
        perform(self, replace(command, room=_ONE_ROOM) if isinstance(command, AddPeer) else command)

    Calls._carry_out = carry_out_as_told  # type: ignore[method-assign]
    Calls.run = run_as_told  # type: ignore[method-assign]
    EmbeddedEngine.perform = perform_as_told  # type: ignore[method-assign]


def _hook_deliveries(obedience: _Obedience) -> None:
    tell = Deliveries._tell

    def tell_as_told(self: Deliveries, outputs: Iterable[Delivered]) -> None:
        words = list(outputs)
        for known in list(self._rooms):
            ours = set(self._rooms[known]._lines.values())
            if any(ours & set(getattr(word, "lines", ())) for word in words):
                for lie in obedience.lies():
                    words = lie.delivers(self, RoomId(known), words)
        tell(self, words)

    Deliveries._tell = tell_as_told  # type: ignore[method-assign]


def _hook_rooms(obedience: _Obedience) -> None:
    room = RoomStore.room

    async def room_as_told(self: RoomStore, room_id: RoomId) -> Room:
        found = await room(self, room_id)
        if found.encryption is Encryption.E2EE:
            for lie in obedience.lies():
                found = lie.stored(found)
        return found

    RoomStore.room = room_as_told  # type: ignore[method-assign]


def _hook_removals(obedience: _Obedience) -> None:
    keep_seat, end_line, send_out = RoomStore.keep_seat, Deliveries.remove, Calls.remove

    def keeps(room: RoomId) -> bool:
        return any(lie.keeps(room) for lie in obedience.lies())

    async def keep_seat_as_told(self: RoomStore, room: RoomId, seat: Seat) -> None:
        if seat.state is not SeatState.DENIED or not keeps(room):
            await keep_seat(self, room, seat)

    def end_line_as_told(self: Deliveries, room: RoomId, identity: Identity) -> None:
        if not keeps(room):
            end_line(self, room, identity)

    def send_out_as_told(self: Calls, room: RoomId, identity: Identity) -> None:
        if not keeps(room):
            send_out(self, room, identity)

    RoomStore.keep_seat = keep_seat_as_told  # type: ignore[method-assign]
    Deliveries.remove = end_line_as_told  # type: ignore[method-assign]
    Calls.remove = send_out_as_told  # type: ignore[method-assign]


if __name__ == "__main__":
    if "serve" in sys.argv:
        install(Path(os.environ[ORDERS]))
    sys.exit(cli.main(sys.argv[1:]))
