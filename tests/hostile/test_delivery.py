"""What strangers and false friends throw at the delivery socket of an encrypted room: they end themselves, and the two
people who meet there go on. Each attack is tried beside what an honest client does, which must still work."""

import asyncio
import base64
import contextlib
import json
import secrets
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import cbor2
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from serving import Served
from unit import mls

in_one_loop = pytest.mark.asyncio(loop_scope="module")


def post(server: Served, path: str, **body: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.url}/api/v1/rooms/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
        return json.loads(text) if text else {}


@dataclass
class Seat:
    room: str
    key: str
    identity: str
    token: str


def new_key() -> str:
    return secrets.token_urlsafe(32)


def new_identity() -> str:
    return "p_" + base64.urlsafe_b64encode(secrets.token_bytes(15)).decode()


def host_of_new_room(server: Served) -> Seat:
    room = server.create_room()
    claim = room["host_link"].split("#")[1].split(".")[3]
    key, identity = new_key(), new_identity()
    post(server, f"{room['room']}/claim", claim=claim, seat_key=key, identity=identity)
    entered = post(server, f"{room['room']}/enter", seat_key=key, identity=identity, card="Y2FyZA")
    return Seat(room["room"], key, identity, entered["token"])


def guest_of(server: Served, host: Seat) -> Seat:
    key, identity = new_key(), new_identity()
    me = {"seat_key": key, "identity": identity, "card": "Y2FyZA"}
    knock = post(server, f"{host.room}/enter", **me)["knock"]
    post(server, f"{host.room}/knocks/{knock}/admit", seat_key=host.key, certificate="Y2VydA")
    return Seat(host.room, key, identity, post(server, f"{host.room}/enter", **me)["token"])


async def opened(server: Served, room: str) -> ClientConnection:
    return await connect(f"ws://localhost:{server.port}/api/e2ee/{room}", max_size=None)


async def greeted(server: Served, seat: Seat) -> ClientConnection:
    socket = await opened(server, seat.room)
    await say(socket, t="hello", v=1, token=seat.token)
    await heard(socket, "state")
    return socket


async def say(socket: ClientConnection, **fields: Any) -> None:
    await socket.send(cbor2.dumps(fields))


async def heard(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = cbor2.loads(await socket.recv())
            if message["t"] == kind:
                return message


async def ended(socket: ClientConnection) -> tuple[int | None, str]:
    """How the server closed it: the code, and the last refusal or the reason."""
    last = ""
    async with asyncio.timeout(15):
        while True:
            try:
                message = cbor2.loads(await socket.recv())
                last = message["code"] if message["t"] == "refused" else last
            except ConnectionClosed as end:
                return (end.rcvd.code, last or end.rcvd.reason) if end.rcvd else (None, last)


class Meeting:
    """A host and a guest in a group: the witnesses. What one says still reaches the other, sealed."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.host = host_of_new_room(server)
        self.guest = guest_of(server, self.host)
        self.group = self.host.room.encode() + mls.GROUP_SUFFIX

    async def begin(self) -> None:
        self.speaker = await greeted(self.server, self.host)
        self.listener = await greeted(self.server, self.guest)
        await say(self.speaker, t="create", id=1, group=self.group, epoch=0, info=b"info")
        await heard(self.speaker, "ok")
        await self.goes_on()

    async def goes_on(self) -> None:
        message = mls.said(self.group, 0, secrets.token_bytes(16))
        await say(self.speaker, t="app", epoch=0, message=message)
        said = await heard(self.listener, "app")
        assert (said["message"], said["from"]) == (message, self.host.identity)

    async def epoch_is(self, epoch: int) -> None:
        await say(self.speaker, t="state")
        assert (await heard(self.speaker, "state"))["epoch"] == epoch

    async def end(self) -> None:
        await self.speaker.close()
        await self.listener.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("delivery")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meeting(server: Served) -> AsyncIterator[Meeting]:
    witnesses = await asyncio.to_thread(Meeting, server)
    await witnesses.begin()
    yield witnesses
    await witnesses.end()


@pytest_asyncio.fixture(loop_scope="module")
async def mallory(meeting: Meeting) -> Seat:
    """A guest who was let in, and means no good."""
    return await asyncio.to_thread(guest_of, meeting.server, meeting.host)


@in_one_loop
async def test_a_good_token_is_told_the_state(server: Served, meeting: Meeting, mallory: Seat):
    # The positive control of the refusals below.
    socket = await greeted(server, mallory)
    await socket.close()


@in_one_loop
@pytest.mark.parametrize("bad", ["", "no.token.atall", "altered", "other room"])
async def test_a_token_that_is_none_of_this_room_opens_nothing(server: Served, meeting: Meeting, bad: str):
    token = bad
    if bad == "altered":
        token = meeting.guest.token[:-4] + "AAAA"
    if bad == "other room":
        token = (await asyncio.to_thread(host_of_new_room, server)).token
    socket = await opened(server, meeting.host.room)

    await say(socket, t="hello", v=1, token=token)

    code, refusal = await ended(socket)
    assert code == 4000
    assert refusal in ("token_missing", "token_invalid")
    await meeting.goes_on()


@in_one_loop
@pytest.mark.parametrize(
    "first",
    [b"", b"\xff", b"\xa0", cbor2.dumps({"t": "app", "epoch": 0, "message": b"x"}), b"\x81" * 5000, "text"],
    ids=["empty", "break", "no fields", "no hello", "deep", "text"],
)
async def test_whoever_does_not_greet_is_sent_away(server: Served, meeting: Meeting, first: bytes | str):
    socket = await opened(server, meeting.host.room)

    await socket.send(first)

    assert await ended(socket) == (4000, "frame_invalid")
    await meeting.goes_on()


@in_one_loop
async def test_a_greeting_too_large_or_never_given_ends_the_connection(server: Served, meeting: Meeting):
    large, silent = await opened(server, meeting.host.room), await opened(server, meeting.host.room)

    await large.send(bytes(100_000))

    assert (await ended(large))[0] == 1009
    assert await ended(silent) == (4000, "frame_invalid")


@in_one_loop
async def test_an_encrypted_rooms_delivery_is_nowhere_else(server: Served, meeting: Meeting):
    transit = (await asyncio.to_thread(server.create_room, "--transit"))["room"]
    for room in (transit, "a" * 26, "nonsense"):
        socket = await opened(server, room)
        with contextlib.suppress(ConnectionClosed):  # what cannot be a room's id is refused before the greeting
            await say(socket, t="hello", v=1, token=meeting.guest.token)
        assert await ended(socket) == (4000, "room_unknown")


@in_one_loop
@pytest.mark.parametrize(
    "frame",
    [b"\xff" * 100, cbor2.dumps([1]), cbor2.dumps({"t": "nonsense"}), cbor2.dumps({"t": ["app"]}), b"\xc2\x41\x01"],
    ids=["bytes", "list", "unknown", "odd kind", "tagged"],
)
async def test_an_undecodable_frame_ends_its_sender_alone(
    server: Served, meeting: Meeting, mallory: Seat, frame: bytes
):
    socket = await greeted(server, mallory)

    await socket.send(frame)

    assert await ended(socket) == (4000, "frame_invalid")
    await meeting.goes_on()


@in_one_loop
async def test_a_frame_over_one_mebibyte_ends_its_sender_alone(server: Served, meeting: Meeting, mallory: Seat):
    socket = await greeted(server, mallory)

    await socket.send(bytes(1024 * 1024 + 1))

    assert (await ended(socket))[0] == 1009
    await meeting.goes_on()


@in_one_loop
async def test_nobody_speaks_as_somebody_else(server: Served, meeting: Meeting, mallory: Seat):
    socket = await greeted(server, mallory)
    message = mls.said(meeting.group, 0, b"spoofed")

    await say(socket, **{"t": "app", "epoch": 0, "message": message, "from": meeting.host.identity, "you": "p_x"})
    await say(socket, **{"t": "join_req", "kp": b"package", "from": meeting.guest.identity})

    said = await heard(meeting.listener, "app")
    assert (said["message"], said["from"]) == (message, mallory.identity)
    assert (await heard(meeting.speaker, "join_req"))["from"] == mallory.identity
    await socket.close()
    await meeting.goes_on()


@in_one_loop
async def test_commits_that_are_none_change_nothing(server: Served, meeting: Meeting, mallory: Seat):
    socket = await greeted(server, mallory)
    for number, commit in enumerate((b"junk", mls.said(meeting.group, 0), mls.commit(b"another", 0))):
        await say(socket, t="commit", id=number, epoch=0, commit=commit, info=b"info")
        assert (await heard(socket, "refused"))["code"] == "header_invalid"
    await say(socket, t="commit", id=7, epoch=5, commit=mls.commit(meeting.group, 5), info=b"info")
    assert (await heard(socket, "refused"))["code"] == "conflict"
    await say(socket, t="create", id=8, group=meeting.group, epoch=99, info=b"info")
    assert (await heard(socket, "refused"))["code"] == "group_exists"

    await meeting.epoch_is(0)
    await socket.close()
    await meeting.goes_on()


@in_one_loop
async def test_a_flood_is_cut_off_and_little_of_it_reaches_the_others(server: Served, meeting: Meeting, mallory: Seat):
    socket = await greeted(server, mallory)
    frame = cbor2.dumps({"t": "app", "epoch": 0, "message": mls.said(meeting.group, 0, b"flood" * 100)})

    async def flood() -> int:
        sent = 0
        try:
            while sent < 5000:
                await socket.send(frame)
                sent += 1
        except ConnectionClosed:
            pass
        return sent

    await flood()

    code, reason = await ended(socket)
    assert code == 4001
    assert reason in ("flooded", "too_many_requests")
    await say(meeting.speaker, t="app", epoch=0, message=(last := mls.said(meeting.group, 0, b"after the flood")))
    floods = 0
    while (await heard(meeting.listener, "app"))["message"] != last:
        floods += 1
    assert 0 < floods < 300


@in_one_loop
async def test_one_who_reads_nothing_costs_nobody_anything(server: Served, meeting: Meeting, mallory: Seat):
    sleeper = await greeted(server, mallory)
    sleeper.transport.pause_reading()  # type: ignore[attr-defined]

    await meeting.goes_on()

    sleeper.transport.resume_reading()  # type: ignore[attr-defined]
    await sleeper.close()


@in_one_loop
async def test_the_log_names_no_token_and_no_whole_room(server: Served, meeting: Meeting):
    log = server.log_text()

    # The links of the first room are printed for the operator by the command that makes it, and are none of this one.
    assert meeting.host.room not in log
    assert "eyJ" not in log
    assert "Traceback" not in log
