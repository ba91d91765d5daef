"""What strangers and broken clients send to the signalling socket and the media port.

Each attack runs beside an honest call on the same server, which must stay whole: its socket answers and nobody leaves it.
"""

import base64
import gzip
import random
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
import websockets
from livekit import api
from livekit.protocol import models, rtc

from protocol.livekit_keys import KEY, SECRET, token
from protocol.signal_client import Signal, join_request, joined, offer, socket_url
from serving import Served

Action = rtc.LeaveRequest.Action


@asynccontextmanager
async def honest_call(server: Served) -> AsyncIterator[None]:
    """Two people who notice, when the block ends, whether anything happened to them."""
    room = f"honest-{uuid.uuid4().hex[:8]}"
    first_offer = rtc.SessionDescription(type="offer", sdp=offer(), id=1)
    async with (
        joined(server.url, "anna", room, publisher_offer=first_offer) as anna,
        joined(server.url, "ben", room) as ben,
    ):
        await anna.until("answer")
        await ben.until("join")
        yield
        for person in (anna, ben):
            await person.send(ping_req=rtc.Ping(timestamp=99))
            assert (await person.until("pong_resp")).last_ping_timestamp == 99
            kinds = [message.WhichOneof("message") for message in person.messages]
            assert "leave" not in kinds
        last_seen = [info.identity for message in anna.messages for info in message.update.participants]
        assert "ben" in last_seen
    fresh = token("carla", room)
    async with joined(server.url, "carla", room, jwt=fresh) as carla:
        await carla.until("join")


async def refused(url: str) -> tuple[int, str]:
    """Status and text of a socket that must not open."""
    with pytest.raises(websockets.InvalidStatus) as refusal:
        async with websockets.connect(url):
            pass
    response = refusal.value.response
    return response.status_code, bytes(response.body or b"").decode()


def forged(identity: str, room: str) -> str:
    return token(identity, room, secret="another-secret-that-is-long-enough-0123")


def unsigned(identity: str, room: str) -> str:
    claims = token(identity, room).split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{header}.{claims}."


@pytest.mark.parametrize(
    "jwt",
    [
        "",
        "nonsense",
        forged("anna", "den"),
        unsigned("anna", "den"),
        token("anna", "den", lifetime=timedelta(seconds=-60)),
        token("anna", "den", key="somebody-else"),
        token("anna", "den", key="internal"),
        token("anna", "den", hidden=True),
    ],
    ids=["none", "nonsense", "forged", "unsigned", "expired", "unknown-key", "our-own-name", "hidden"],
)
async def test_a_token_that_proves_nothing_opens_nothing(sdk_server: Served, jwt: str) -> None:
    async with honest_call(sdk_server):
        query = {"access_token": jwt} if jwt else {}

        status, text = await refused(socket_url(sdk_server.url, join_request=join_request(), **query))

        assert status == 401
        assert "den" not in text
        if jwt:
            assert jwt not in sdk_server.log_text()


async def test_a_right_to_join_is_needed(sdk_server: Served) -> None:
    grants = api.VideoGrants(room_list=True, room="den")
    jwt = api.AccessToken(KEY, SECRET).with_identity("anna").with_grants(grants).to_jwt()

    status, _ = await refused(socket_url(sdk_server.url, join_request=join_request(), access_token=jwt))

    assert status == 401


async def test_a_token_of_a_key_holder_never_opens_a_room_of_this_server(sdk_server: Served) -> None:
    """A room of the same name is another room: the holder of a key meets only those of that key."""
    room = sdk_server.create_room("--transit")["room"]

    async with joined(sdk_server.url, "spy", room) as spy:
        welcome = await spy.until("join")

    assert welcome.other_participants == []
    async with httpx.AsyncClient(base_url=sdk_server.url) as http:
        look = await http.post(f"/api/v1/rooms/{room}/look", json={"seat_key": "A" * 43})
    assert (look.json()["role"], look.json()["people"]) == ("stranger", None)


async def test_a_token_of_a_key_holder_is_refused_by_the_name_of_an_encrypted_room(sdk_server: Served) -> None:
    room = sdk_server.create_room()["room"]

    url = socket_url(sdk_server.url, join_request=join_request(), access_token=token("spy", room))
    status, reason = await refused(url)

    assert status == 403
    assert "room_encrypted" in str(reason)
    # The control: the same key and person in a room of the key's own.
    async with joined(sdk_server.url, "spy", "den") as spy:
        assert await spy.until("join")


async def test_a_join_request_that_is_none_is_refused_before_the_socket_opens(sdk_server: Served) -> None:
    jwt = token("anna", "den")
    bomb = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.Compression.GZIP, join_request=gzip.compress(b"\0" * 20_000_000)
    )
    requests = {
        "": "join_request is required",
        "****": "join_request cannot be decoded",
        base64.urlsafe_b64encode(b"\xff\xff\xff").decode(): "join_request cannot be decoded",
        base64.urlsafe_b64encode(bomb.SerializeToString()).decode(): "join_request cannot be decoded",
    }
    async with honest_call(sdk_server):
        for request, text in requests.items():
            query = {"join_request": request} if request else {}
            assert await refused(socket_url(sdk_server.url, access_token=jwt, **query)) == (400, text)


async def test_a_request_line_without_end_is_answered_and_not_left_open(sdk_server: Served) -> None:
    async with honest_call(sdk_server):
        url = socket_url(sdk_server.url, access_token="x" * 200_000, join_request=join_request())

        status, _ = await refused(url)

        assert status == 431


async def test_refused_sockets_are_not_logged_one_by_one(sdk_server: Served) -> None:
    lines = sdk_server.log_text().count("\n")

    for _ in range(50):
        await refused(socket_url(sdk_server.url, join_request=join_request()))

    assert sdk_server.log_text().count("\n") - lines < 5


@pytest.mark.parametrize(
    "frame",
    [b"\xff\xff\xff", "{", '{"offer": 7}', "\x00" * 100, '{"a":' * 5000],
    ids=["binary", "open-brace", "wrong-type", "zeros", "deep"],
)
async def test_a_frame_that_cannot_be_decoded_ends_that_session_with_a_word(
    sdk_server: Served, frame: bytes | str
) -> None:
    async with honest_call(sdk_server), joined(sdk_server.url, "mallory", f"den-{uuid.uuid4().hex}") as mallory:
        await mallory.until("join")
        await mallory.send_raw(frame)

        leave = await mallory.until("leave")

        assert (leave.reason, leave.action) == (models.DisconnectReason.STATE_MISMATCH, Action.DISCONNECT)
        await mallory.closed()


async def test_a_frame_of_three_mebibytes_closes_its_socket(sdk_server: Served) -> None:
    async with honest_call(sdk_server), joined(sdk_server.url, "mallory", f"den-{uuid.uuid4().hex}") as mallory:
        await mallory.until("join")
        await mallory.send_raw(b"x" * (3 * 1024 * 1024))

        await mallory.closed()


async def test_a_frame_of_almost_two_mebibytes_is_taken(sdk_server: Served) -> None:
    """The control of the test above: large is not yet too large."""
    async with joined(sdk_server.url, "anna", f"den-{uuid.uuid4().hex}") as anna:
        await anna.until("join")
        await anna.send(update_metadata=rtc.UpdateParticipantMetadata(metadata="x" * (2 * 1024 * 1024 - 100)))

        assert (await anna.until("request_response")).reason == rtc.RequestResponse.Reason.NOT_ALLOWED


async def test_a_flood_of_requests_ends_that_session_with_a_word(sdk_server: Served) -> None:
    async with honest_call(sdk_server), joined(sdk_server.url, "mallory", f"den-{uuid.uuid4().hex}") as mallory:
        await mallory.until("join")
        for _ in range(1000):
            await mallory.send(ping=1)

        assert (await mallory.until("leave")).action == Action.DISCONNECT


@pytest.mark.parametrize("sdp", ["", "v=0", "\0" * 1000, "m=" * 50_000, offer().replace("sha-256", "md5")])
async def test_an_offer_that_is_none_ends_at_most_its_own_session(sdk_server: Served, sdp: str) -> None:
    async with honest_call(sdk_server), joined(sdk_server.url, "mallory", f"den-{uuid.uuid4().hex}") as mallory:
        await mallory.until("join")
        await mallory.send(offer=rtc.SessionDescription(type="offer", sdp=sdp, id=1))
        await mallory.send(ping_req=rtc.Ping(timestamp=1))

        await _answered_or_sent_out(mallory)


async def _answered_or_sent_out(mallory: Signal) -> None:
    while True:
        kind = (await mallory.next()).WhichOneof("message")
        if kind in ("leave", "pong_resp"):
            return


async def test_random_bytes_at_the_media_port_disturb_nobody_and_are_not_logged_one_by_one(sdk_server: Served) -> None:
    randomness = random.Random(3)
    async with honest_call(sdk_server):
        lines = sdk_server.log_text().count("\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for _ in range(10_000):
                udp.sendto(randomness.randbytes(randomness.randrange(1, 1400)), ("127.0.0.1", sdk_server.media_port))
            udp.settimeout(0.5)
            with pytest.raises(TimeoutError):
                udp.recv(2048)  # to strangers the port is silent

        assert sdk_server.log_text().count("\n") - lines < 10


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1"])
def test_a_page_that_is_no_socket_is_not_found(sdk_server: Served, path: str) -> None:
    assert httpx.get(f"{sdk_server.url}{path}").status_code == 404


def test_validate_says_what_the_socket_would_to_pages_of_any_origin(sdk_server: Served) -> None:
    url = f"{sdk_server.url}/rtc/v1/validate"
    good = {"access_token": token("anna", "den"), "join_request": join_request()}
    origin = {"Origin": "https://elsewhere.example"}

    answers = [
        httpx.get(url, params=good, headers=origin),
        httpx.get(url, params={"access_token": good["access_token"]}, headers=origin),
        httpx.get(url, headers=origin),
    ]

    assert [(a.status_code, a.text) for a in answers[:2]] == [(200, "success"), (400, "join_request is required")]
    assert answers[2].status_code == 401
    assert all(answer.headers["access-control-allow-origin"] == "*" for answer in answers)
