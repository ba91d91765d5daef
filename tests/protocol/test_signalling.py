"""The signalling protocol at the level of its messages, against a real server; with `LIVEKIT_SERVER` also against stock."""

import asyncio
import uuid

import pytest
import websockets
from livekit.protocol import models, rtc

from protocol.livekit_keys import token
from protocol.signal_client import join_request, joined, offer, socket_url

State = models.ParticipantInfo.State
Action = rtc.LeaveRequest.Action
Reason = models.DisconnectReason


@pytest.fixture
def room() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("json", [False, True], ids=["binary", "json"])
async def test_two_people_join_and_see_each_other(any_server: str, room: str, json: bool) -> None:
    async with joined(any_server, "anna", room, json=json) as anna:
        welcome = await anna.until("join")
        assert welcome.participant.identity == "anna"
        assert welcome.participant.sid.startswith("PA_")
        assert welcome.room.name == room
        assert (welcome.ping_interval, welcome.ping_timeout) == (5, 15)

        async with joined(any_server, "ben", room, json=json) as ben:
            others = (await ben.until("join")).other_participants
            assert [info.identity for info in others] == ["anna"]
            await anna.until_update("ben", State.JOINED)
            await ben.send(leave=rtc.LeaveRequest())
            gone = await anna.until_update("ben", State.DISCONNECTED)
            assert gone.disconnect_reason == Reason.CLIENT_INITIATED


@pytest.mark.parametrize("json", [False, True], ids=["binary", "json"])
async def test_answers_come_in_the_encoding_of_the_last_request(any_server: str, room: str, json: bool) -> None:
    async with joined(any_server, "anna", room, json=json) as anna:
        await anna.until("join")
        await anna.send(ping_req=rtc.Ping(timestamp=42))

        pong = await anna.until("pong_resp")

        assert pong.last_ping_timestamp == 42
        assert isinstance(anna.frames[-1], str) == json


async def test_a_client_that_goes_back_to_binary_is_answered_in_binary(any_server: str, room: str) -> None:
    async with joined(any_server, "anna", room) as anna:
        await anna.until("join")
        await anna.send_raw('{"ping": "1"}')
        await anna.until("pong")
        assert isinstance(anna.frames[-1], str)

        await anna.send(ping=1)
        await anna.until("pong")
        assert isinstance(anna.frames[-1], bytes)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
async def test_the_offer_inside_the_join_request_is_answered(any_server: str, room: str, compressed: bool) -> None:
    first = rtc.SessionDescription(type="offer", sdp=offer(), id=7)

    async with joined(any_server, "anna", room, compressed=compressed, publisher_offer=first) as anna:
        answer = await anna.until("answer")

    assert anna.messages[0].WhichOneof("message") == "join"
    assert (answer.type, answer.id) == ("answer", 7)
    assert answer.sdp.count("m=") == offer().count("m=")
    assert "a=fingerprint:sha-256" in answer.sdp


async def test_a_later_offer_is_answered_under_its_own_number(any_server: str, room: str) -> None:
    async with joined(any_server, "anna", room) as anna:
        await anna.until("join")
        await anna.send(offer=rtc.SessionDescription(type="offer", sdp=offer(), id=3))

        assert (await anna.until("answer")).id == 3


async def test_a_track_is_confirmed_under_a_sid_of_the_server(any_server: str, room: str) -> None:
    request = rtc.AddTrackRequest(
        cid="cam-1", name="face", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA, width=640, height=360
    )
    async with joined(any_server, "anna", room) as anna:
        await anna.until("join")
        await anna.send(add_track=request)

        published = await anna.until("track_published")

    assert published.cid == "cam-1"
    assert published.track.sid.startswith("TR_")
    assert (published.track.name, published.track.source) == ("face", models.TrackSource.CAMERA)


async def test_a_track_announced_in_the_join_request_is_confirmed(any_server: str, room: str) -> None:
    request = rtc.AddTrackRequest(cid="mic-1", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE)

    async with joined(any_server, "anna", room, add_track_requests=[request]) as anna:
        assert (await anna.until("track_published")).cid == "mic-1"


async def test_the_same_identity_again_ends_the_first_session(any_server: str, room: str) -> None:
    async with joined(any_server, "anna", room) as first:
        await first.until("join")
        async with joined(any_server, "anna", room) as second:
            await second.until("join")

            leave = await first.until("leave")
            assert (leave.reason, leave.action) == (Reason.DUPLICATE_IDENTITY, Action.DISCONNECT)
            await first.closed()

            await second.send(ping=1)
            await second.until("pong")


async def test_resuming_an_unknown_session_is_answered_by_start_over_as_the_first_message(
    any_server: str, room: str
) -> None:
    async with joined(any_server, "anna", room, reconnect=True, participant_sid="PA_nobody") as anna:
        first = await anna.next()

    assert first.WhichOneof("message") == "leave"
    assert first.leave.action == Action.RECONNECT


async def test_who_may_not_publish_is_refused(any_server: str, room: str) -> None:
    jwt = token("anna", room, can_publish=False)
    request = rtc.AddTrackRequest(cid="cam-1", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA)

    async with joined(any_server, "anna", room, jwt=jwt) as anna:
        await anna.until("join")
        await anna.send(add_track=request)

        response = await anna.until("request_response")

    assert response.reason == rtc.RequestResponse.Reason.NOT_ALLOWED
    assert not any(message.HasField("track_published") for message in anna.messages)


@pytest.mark.parametrize("allowed", [True, False])
async def test_metadata_changes_only_with_the_right_to_it(any_server: str, room: str, allowed: bool) -> None:
    jwt = token("anna", room, can_update_own_metadata=allowed)
    async with joined(any_server, "anna", room, jwt=jwt) as anna:
        await anna.until("join")
        wish = rtc.UpdateParticipantMetadata(name="A. K.", attributes={"hand": "up"}, request_id=5)
        await anna.send(update_metadata=wish)

        response = await anna.until("request_response")

    expected = rtc.RequestResponse.Reason.OK if allowed else rtc.RequestResponse.Reason.NOT_ALLOWED
    assert (response.request_id, response.reason) == (5, expected)


async def test_the_token_may_come_in_the_header(any_server: str, room: str) -> None:
    url = socket_url(any_server, join_request=join_request())
    headers = {"Authorization": f"Bearer {token('anna', room)}"}

    async with websockets.connect(url, additional_headers=headers) as socket:
        first = await asyncio.wait_for(socket.recv(), 10)

    assert isinstance(first, bytes)
    assert rtc.SignalResponse.FromString(first).join.participant.identity == "anna"
