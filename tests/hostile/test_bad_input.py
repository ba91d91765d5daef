"""What strangers throw at a running server: a clear answer or silence, no flood in the log, and the call goes on.

The witness of all attacks is one call of two people through the official SDK: what one says still reaches the other.
"""

import asyncio
import base64
import http.client
import json
import os
import secrets
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio
from livekit import api, rtc
from livekit.protocol import models
from livekit.protocol import rtc as signal
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serving import Served

KEY, SECRET = "hostile", "a-secret-of-the-hostile-tests-0123456789"
ROOM, NAME = "besieged", "Ségolène Vasseur"
JOIN = signal.JoinRequest(client_info=models.ClientInfo(sdk=models.ClientInfo.SDK.PYTHON, protocol=16))
# The attacks below are thousands of things; the server may write some lines about each kind, never one about each.
FLOOD = 50


def token(identity: str, *, secret: str = SECRET, lifetime: timedelta = timedelta(hours=1)) -> str:
    made = api.AccessToken(KEY, secret).with_identity(identity).with_name(NAME).with_ttl(lifetime)
    return made.with_grants(api.VideoGrants(room_join=True, room=ROOM)).to_jwt()


class Call:
    """Two people, of whom one speaks to the other."""

    def __init__(self) -> None:
        self.speaker, self.listener = rtc.Room(), rtc.Room()
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.listener.on("data_received", lambda packet: self._heard.put_nowait(packet.data))

    async def join(self, server: Served) -> None:
        await self.speaker.connect(server.url, token("speaker"))
        await self.listener.connect(server.url, token("listener"))
        await self.goes_on()

    async def goes_on(self) -> None:
        """What is said now arrives."""
        word = secrets.token_bytes(16)
        async with asyncio.timeout(20):
            while True:
                await self.speaker.local_participant.publish_data(word, reliable=True)
                try:
                    heard = await asyncio.wait_for(self._heard.get(), 2)
                except TimeoutError:
                    continue  # said before the other's channel was open
                if heard == word:
                    return

    async def leave(self) -> None:
        await self.speaker.disconnect()
        await self.listener.disconnect()


in_one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("besieged"), settings={"LIVEKIT_KEYS": f"{KEY}: {SECRET}"}) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def call(server: Served) -> AsyncIterator[Call]:
    witnesses = Call()
    await witnesses.join(server)
    yield witnesses
    await witnesses.leave()


def signalling(server: Served, access_token: str) -> str:
    """The address of a signalling socket, as SDKs ask for it."""
    wrapped = signal.WrappedJoinRequest(join_request=JOIN.SerializeToString())
    join_request = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    query = urllib.parse.urlencode({"access_token": access_token, "join_request": join_request})
    return f"ws://localhost:{server.port}/rtc/v1?{query}"


async def told(socket_: ClientConnection) -> signal.SignalResponse:
    frame = await socket_.recv()
    assert isinstance(frame, bytes)
    return signal.SignalResponse.FromString(frame)


async def closed(socket_: ClientConnection) -> int | None:
    """How the server closed; what it still said before is passed over."""
    async with asyncio.timeout(10):
        while True:
            try:
                await socket_.recv()
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else None


def post(url: str, body: bytes) -> tuple[int, dict[str, dict[str, str]]]:
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


@in_one_loop
async def test_ten_thousand_random_datagrams_get_silence(server: Served, call: Call):
    before = len(server.log_text().splitlines())

    def attack() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            attacker.connect(("127.0.0.1", server.media_port))
            for number in range(10_000):
                # A third look like STUN, DTLS or RTP in their first byte, which is what the port sorts by.
                first = (secrets.token_bytes(1), b"\x00", b"\x16", b"\x80")[number % 4]
                attacker.send(first + os.urandom(1 + number % 1400))
            attacker.settimeout(0.5)
            try:
                return attacker.recv(2048)
            except TimeoutError:
                return b""

    answer = await asyncio.to_thread(attack)

    assert answer == b""
    assert len(server.log_text().splitlines()) - before < FLOOD
    await call.goes_on()


@in_one_loop
async def test_a_good_token_opens_the_signalling(server: Served):
    # The positive control of the refusals below.
    async with connect(signalling(server, token("guest"))) as socket_:
        assert (await told(socket_)).WhichOneof("message") == "join"


@pytest.mark.parametrize(
    "bad",
    [
        token("guest", secret="another-secret-of-the-right-length-012345"),
        token("guest", lifetime=timedelta(hours=-1)),
        token("guest")[:-4] + "AAAA",
        "no.token.atall",
        "",
    ],
    ids=["forged", "expired", "altered", "nonsense", "none"],
)
@in_one_loop
async def test_a_bad_token_is_refused_before_the_socket_opens(server: Served, call: Call, bad: str):
    with pytest.raises(InvalidStatus) as refusal:
        await connect(signalling(server, bad))

    assert refusal.value.response.status_code == 401
    await call.goes_on()


@pytest.mark.parametrize("garbage", [b"\xff" * 400, "{not json", "[" * 100_000], ids=["bytes", "text", "deep"])
@in_one_loop
async def test_undecodable_signalling_ends_that_session_alone(server: Served, call: Call, garbage: bytes | str):
    async with connect(signalling(server, token("guest"))) as socket_:
        await told(socket_)

        await socket_.send(garbage)

        await closed(socket_)
    await call.goes_on()


@in_one_loop
async def test_a_message_over_two_mebibytes_ends_that_session_alone(server: Served, call: Call):
    async with connect(signalling(server, token("guest")), max_size=None) as socket_:
        await told(socket_)

        await socket_.send(bytes(2 * 1024 * 1024 + 1))

        assert await closed(socket_) == 1009
    await call.goes_on()


def test_a_body_over_the_limit_is_refused_by_name(server: Served):
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    connection.putrequest("POST", "/api/v1/rooms")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(10 * 1024 * 1024 + 1))
    connection.endheaders()

    # Said by the header, not after ten mebibytes have been taken in.
    answer = connection.getresponse()

    assert answer.status == 413
    assert json.load(answer)["error"]["code"] == "request_too_large"


def test_an_unknown_room_is_named_as_such(server: Served):
    status, answer = post(f"{server.url}/api/v1/rooms/{'a' * 26}/look", json.dumps({"seat_key": "A" * 43}).encode())

    assert (status, answer["error"]["code"]) == (404, "room_unknown")
    assert answer["error"]["message"]
    assert answer["error"]["help"]


@in_one_loop
async def test_the_log_has_no_token_and_no_name(server: Served, call: Call):
    async with connect(signalling(server, token("guest"))) as socket_:
        await told(socket_)
    log = server.log_text()

    assert "POST" in log or "GET" in log
    assert "eyJ" not in log
    assert NAME not in log
    assert "access_token" not in log
