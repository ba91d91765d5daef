"""The delivery socket as a client meets it: frames over a real server, in the order promised, and how it refuses."""

import asyncio
import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cbor2
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from huisclos.identity import link_secrets
from huisclos.model.ids import Identity
from huisclos.services import rooms
from huisclos.services.dependencies import Dependencies
from unit import mls
from unit.conftest import new_seat_key

ROOMS = "/api/v1/rooms"


def new_fingerprint() -> str:
    return "p_" + base64.urlsafe_b64encode(secrets.token_bytes(15)).decode()


@dataclass
class Meeting:
    """An encrypted room and its host, who gives out certificates."""

    deps: Dependencies
    http: httpx.AsyncClient
    room: str
    host_key: str
    host: str

    @property
    def group(self) -> bytes:
        return self.room.encode() + mls.GROUP_SUFFIX

    async def enter(self, key: str, identity: str) -> httpx.Response:
        body = {"seat_key": key, "identity": identity, "card": "Y2FyZA"}
        return await self.http.post(f"{ROOMS}/{self.room}/enter", json=body)

    async def host_token(self) -> str:
        return str((await self.enter(self.host_key, self.host)).json()["token"])

    async def guest(self) -> tuple[str, str]:
        """Identity and token of one who knocked and was let in."""
        key, identity = new_seat_key().reveal(), new_fingerprint()
        knock = (await self.enter(key, identity)).json()["knock"]
        body = {"seat_key": self.host_key, "certificate": "Y2VydA"}
        assert (await self.http.post(f"{ROOMS}/{self.room}/knocks/{knock}/admit", json=body)).status_code == 204
        return identity, str((await self.enter(key, identity)).json()["token"])


@pytest.fixture
async def meeting(deps: Dependencies, http: httpx.AsyncClient) -> Meeting:
    made = link_secrets.new_room(datetime.now(UTC), max_people=5)
    started = await rooms.start_encrypted_room(deps, made.room, made.policy)
    key, identity = new_seat_key(), new_fingerprint()
    await rooms.claim(deps, made.room, started.host_claim, key, Identity(identity))
    return Meeting(deps, http, made.room, key.reveal(), identity)


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **fields: Any) -> None:
        await self.socket.send(cbor2.dumps(fields))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of that kind; lists of people may come between."""
        async with asyncio.timeout(5):
            while True:
                heard: dict[str, Any] = cbor2.loads(await self.socket.recv())
                if heard["t"] == kind:
                    return heard
                assert heard["t"] in ("people", "switch"), heard


async def greeted(served: str, meeting: Meeting, token: str) -> tuple[Client, dict[str, Any]]:
    client = Client(await connect(f"ws://{served}/api/e2ee/{meeting.room}"))
    await client.say(t="hello", v=1, token=token)
    return client, await client.hear("state")


async def refused(client: Client) -> tuple[str, int | None]:
    """The code of the last frame, and the socket's."""
    last = {}
    async with asyncio.timeout(7):
        try:
            while True:
                last = cbor2.loads(await client.socket.recv())
        except ConnectionClosed as end:
            return last.get("code", ""), end.rcvd.code if end.rcvd else None


async def test_who_is_removed_is_cut_off_at_once_and_its_token_connects_no_more(served: str, meeting: Meeting):
    (out, token), (stays, other) = await meeting.guest(), await meeting.guest()
    (leaving, _), (staying, _) = await greeted(served, meeting, token), await greeted(served, meeting, other)
    url = f"{ROOMS}/{meeting.room}/people/{out}/removal"

    assert (await meeting.http.post(url, json={"seat_key": meeting.host_key})).status_code == 204

    assert (await refused(leaving))[1] == 4001
    again = Client(await connect(f"ws://{served}/api/e2ee/{meeting.room}"))
    await again.say(t="hello", v=1, token=token)
    assert await refused(again) == ("token_invalid", 4000)
    # The control: who was not removed is still there, and told who is.
    async with asyncio.timeout(5):
        while (await staying.hear("people"))["people"] != [stays]:
            pass


async def test_two_come_together_in_one_order(served: str, meeting: Meeting):
    host, state = await greeted(served, meeting, await meeting.host_token())
    assert (state["you"], state["epoch"], state["group"], state["info"]) == (meeting.host, None, None, None)
    assert len(state["sender"]) == 32
    await host.say(t="create", id=1, group=meeting.group, epoch=0, info=b"info 0")
    assert await host.hear("ok") == {"t": "ok", "id": 1, "epoch": 0}
    await host.say(t="ready", epoch=0, leaf=0)
    assert (await host.hear("switch"))["epoch"] == 0

    identity, token = await meeting.guest()
    guest, state = await greeted(served, meeting, token)
    assert (state["epoch"], state["group"], state["info"]) == (0, meeting.group, b"info 0")
    assert state["people"] == [meeting.host, identity]
    await guest.say(t="join_req", kp=b"key package")
    assert await host.hear("join_req") == {"t": "join_req", "kp": b"key package", "from": identity}
    commit = mls.commit(meeting.group, 0)
    await host.say(t="commit", id=2, epoch=0, commit=commit, info=b"info 1", welcome=b"welcome", to=[identity])

    passed_on = {"t": "commit", "seq": 1, "epoch": 0, "commit": commit}
    assert await host.hear("commit") == passed_on
    assert await host.hear("ok") == {"t": "ok", "id": 2, "epoch": 1}
    assert await guest.hear("commit") == passed_on
    assert await guest.hear("welcome") == {"t": "welcome", "epoch": 1, "welcome": b"welcome"}
    await guest.say(t="ready", epoch=1, leaf=1)
    await host.say(t="ready", epoch=1, leaf=0)
    assert (await guest.hear("switch"))["epoch"] == 1
    message = mls.said(meeting.group, 1)
    await guest.say(t="app", epoch=1, message=message)
    assert await host.hear("app") == {"t": "app", "epoch": 1, "message": message, "from": identity}
