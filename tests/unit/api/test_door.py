"""The door's WebSocket on a real server: what it says, and how it ends."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from huisclos.model.ids import RoomId
from huisclos.services import lobby, rooms
from huisclos.services.dependencies import Dependencies
from unit.conftest import new_seat_key

HOST, ANNA = new_seat_key(), new_seat_key()


@pytest.fixture
async def room(deps: Dependencies) -> RoomId:
    started = await rooms.start_transit_room(deps)
    await rooms.claim(deps, started.room, started.host_claim, HOST)
    return started.room


def door(served: str, room: str, **options: Any) -> connect:
    return connect(f"ws://{served}/api/v1/rooms/{room}/door", **options)


async def say(socket: ClientConnection, key: Any) -> None:
    await socket.send(json.dumps({"seat_key": key.reveal()}))


async def hear(socket: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def test_a_guest_waits_and_is_let_in_while_the_host_watches(served: str, deps: Dependencies, room: RoomId):
    entry = await rooms.enter(deps, room, ANNA, "Zoé")
    assert isinstance(entry, rooms.Waits)
    async with door(served, room) as hosts, door(served, room) as annas:
        await say(hosts, HOST)
        assert await hear(hosts) == {"type": "knocks", "knocks": [{"id": entry.knock, "name": "Zoé", "waiting_s": 0}]}
        await say(annas, ANNA)
        assert await hear(annas) == {"type": "waiting"}

        await lobby.admit(deps, room, entry.knock, by=HOST)

        assert await hear(annas) == {"type": "admitted"}
        assert await hear(hosts) == {"type": "knocks", "knocks": []}
        with pytest.raises(ConnectionClosed) as closed:
            await annas.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


async def test_a_closed_door_starts_the_grace(served: str, deps: Dependencies, room: RoomId):
    await rooms.enter(deps, room, ANNA, "Anna")
    async with door(served, room) as annas:
        await say(annas, ANNA)
        await hear(annas)
        assert [knock.alone_since for knock in deps.doors.lobby(room).knocks.values()] == [None]

    async with asyncio.timeout(5):
        while [knock.alone_since for knock in deps.doors.lobby(room).knocks.values()] == [None]:  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "first", ["", "{}", "nonsense", '{"seat_key": "short"}', '{"seat_key": 1}', "[" * 4000, b"bytes", "x" * 5000]
)
async def test_a_first_message_that_is_no_key_ends_the_door(served: str, room: RoomId, first: Any):
    async with door(served, room) as socket:
        await socket.send(first)

        said = []
        with suppress(ConnectionClosed):
            while True:
                said.append(await hear(socket))

    assert [message["error"]["code"] for message in said] in ([], ["request_invalid"])
    assert socket.close_code in (1008, 1009, 4000)


async def test_a_room_that_is_not_there_is_told_in_the_askers_language(served: str):
    async with door(served, RoomId.new(), additional_headers={"accept-language": "fr"}) as socket:
        await say(socket, ANNA)
        refused = await hear(socket)

    assert refused["error"]["code"] == "room_unknown"
    assert "réunion" in refused["error"]["message"]


async def test_a_page_of_another_site_cannot_open_a_door(served: str, room: RoomId):
    with pytest.raises(InvalidStatus) as refused:
        await door(served, room, origin="https://evil.test")
    assert refused.value.response.status_code == 403

    async with door(served, room, origin=f"http://{served}") as socket:
        await say(socket, HOST)
        assert (await hear(socket))["type"] == "knocks"


async def test_a_server_that_is_served_answers_like_one_that_is_called(served: str):
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://{served}/healthz")

    assert answer.json() == {"status": "ok"}
