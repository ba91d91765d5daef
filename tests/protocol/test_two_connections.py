"""`/rtc`, the older signalling with a connection for each way, message by message; with `LIVEKIT_SERVER` also against stock."""

import asyncio
import base64
import contextlib
import json as json_text
import uuid

import httpx
import pytest
import websockets
from livekit import rtc as sdk
from livekit.protocol import models, rtc

from protocol.livekit_keys import token
from protocol.signal_client import answer_to, join_request, joined, joined_v0, offer, socket_url

State = models.ParticipantInfo.State
Action = rtc.LeaveRequest.Action


@pytest.fixture
def room() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


def ufrag(sdp: str) -> str:
    return next(line for line in sdp.splitlines() if line.startswith("a=ice-ufrag:"))


@pytest.mark.parametrize("json", [False, True], ids=["binary", "json"])
@pytest.mark.parametrize("protocol", ["9", "12", "16"])
async def test_a_client_is_offered_a_connection_to_receive_on(
    any_server: str, room: str, json: bool, protocol: str
) -> None:
    async with joined_v0(any_server, "anna", room, json=json, protocol=protocol) as anna:
        welcome = await anna.until("join")
        first = await anna.until("offer")

    assert welcome.subscriber_primary
    assert welcome.participant.identity == "anna"
    assert first.type == "offer"
    assert "m=application" in first.sdp


async def test_who_may_not_receive_hears_of_its_sending_connection_first(any_server: str, room: str) -> None:
    jwt = token("anna", room, can_subscribe=False)
    async with joined_v0(any_server, "anna", room, jwt=jwt) as anna:
        assert not (await anna.until("join")).subscriber_primary


@pytest.mark.parametrize("json", [False, True], ids=["binary", "json"])
async def test_what_a_client_sends_is_answered_under_its_number(any_server: str, room: str, json: bool) -> None:
    async with joined_v0(any_server, "anna", room, json=json) as anna:
        await anna.until("join")
        await anna.send(offer=rtc.SessionDescription(type="offer", sdp=offer(audios=0, videos=0), id=3))
        await anna.send(ping=1)

        assert (await anna.until("answer")).id == 3
        assert isinstance(anna.frames[-1], str) == json


async def test_both_generations_meet_in_one_room(any_server: str, room: str) -> None:
    async with joined(any_server, "anna", room) as anna:
        await anna.until("join")
        async with joined_v0(any_server, "ben", room) as ben:
            welcome = await ben.until("join")
            await ben.send(leave=rtc.LeaveRequest())
            await anna.until_update("ben", State.DISCONNECTED)

    assert [info.identity for info in welcome.other_participants] == ["anna"]


async def test_a_new_track_is_offered_by_name_and_a_gone_one_no_more(sdk_server_url: str, room: str) -> None:
    camera = rtc.AddTrackRequest(cid="cam-1", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA)
    async with joined_v0(sdk_server_url, "ben", room) as ben, joined(sdk_server_url, "anna", room) as anna:
        first = await ben.until("offer")
        await ben.send(answer=rtc.SessionDescription(type="answer", sdp=answer_to(first.sdp), id=first.id))
        me = (await anna.until("join")).participant
        await anna.send(add_track=camera)
        track = (await anna.until("track_published")).track
        await anna.send(offer=rtc.SessionDescription(type="offer", sdp=offer(camera="cam-1"), id=1))

        second = await ben.until("offer")
        assert list(second.mid_to_track_id.values()) == [track.sid]
        assert f"a=msid:{me.sid}|camera {track.sid}" in second.sdp
        assert second.id != first.id

        await ben.send(answer=rtc.SessionDescription(type="answer", sdp=answer_to(second.sdp), id=second.id))
        assert (await anna.until("track_subscribed")).track_sid == track.sid

        await ben.send(subscription=rtc.UpdateSubscription(track_sids=[track.sid], subscribe=False))
        third = await ben.until("offer")
        assert not third.mid_to_track_id
        assert track.sid not in third.sdp


async def test_while_one_offer_waits_for_its_answer_no_other_is_made(sdk_server_url: str, room: str) -> None:
    camera = rtc.AddTrackRequest(cid="cam-1", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA)
    async with joined_v0(sdk_server_url, "ben", room) as ben, joined(sdk_server_url, "anna", room) as anna:
        first = await ben.until("offer")
        await anna.until("join")
        await anna.send(add_track=camera)
        await anna.send(offer=rtc.SessionDescription(type="offer", sdp=offer(camera="cam-1"), id=1))
        await anna.until("answer")
        await ben.send(ping=1)
        await ben.until("pong")
        assert sum(message.HasField("offer") for message in ben.messages) == 1

        await ben.send(answer=rtc.SessionDescription(type="answer", sdp=answer_to(first.sdp), id=first.id))
        assert (await ben.until("offer")).mid_to_track_id


async def test_an_answer_that_is_none_starts_this_client_over_and_nobody_else(sdk_server_url: str, room: str) -> None:
    async with joined(sdk_server_url, "anna", room) as anna, joined_v0(sdk_server_url, "eve", room) as eve:
        await anna.until("join")
        bad = await eve.until("offer")
        await eve.send(answer=rtc.SessionDescription(type="answer", sdp="v=0\r\nrubbish", id=bad.id))
        assert (await eve.until("leave")).action == Action.RECONNECT

        await anna.send(ping=1)
        await anna.until("pong")


async def test_a_join_request_on_the_older_path_means_one_connection(any_server: str, room: str) -> None:
    first = rtc.SessionDescription(type="offer", sdp=offer(), id=7)
    async with joined(any_server, "anna", room, path="/rtc", publisher_offer=first) as anna:
        welcome = await anna.until("join")
        assert (await anna.until("answer")).id == 7

    assert not welcome.subscriber_primary
    assert not any(message.HasField("offer") for message in anna.messages)


async def test_a_client_says_in_the_query_what_it_is_and_has(any_server: str, room: str) -> None:
    attributes = base64.urlsafe_b64encode(json_text.dumps({"team": "blue"}).encode()).decode()
    jwt = token("anna", room, can_update_own_metadata=True)
    query = {"attributes": attributes, "client_protocol": "1"}
    async with joined_v0(any_server, "anna", room, jwt=jwt, **query) as anna:
        me = (await anna.until("join")).participant

    assert (dict(me.attributes), me.client_protocol) == ({"team": "blue"}, 1)


async def test_a_second_session_that_only_publishes_is_somebody_else(any_server: str, room: str) -> None:
    async with (
        joined_v0(any_server, "anna", room) as anna,
        joined_v0(any_server, "anna", room, publish="screen") as too,
    ):
        await anna.until("join")
        welcome = await too.until("join")
        await anna.send(ping=1)
        await anna.until("pong")

    assert welcome.participant.identity == "anna#screen"
    assert not any(message.HasField("leave") for message in anna.messages)


@pytest.mark.parametrize("parameter", ["%%%", base64.urlsafe_b64encode(b"[1]").decode(), "a" * 300_000])
async def test_attributes_that_are_none_are_refused(sdk_server_url: str, room: str, parameter: str) -> None:
    url = socket_url(sdk_server_url, "/rtc", access_token=token("anna", room), attributes=parameter)
    with pytest.raises((websockets.InvalidStatus, websockets.InvalidMessage)):
        await websockets.connect(url)

    fine = base64.urlsafe_b64encode(b'{"a": "b"}').decode()
    async with joined_v0(sdk_server_url, "anna", room, attributes=fine) as control:
        await control.until("join")


async def test_resuming_an_unknown_session_is_answered_by_start_over(any_server: str, room: str) -> None:
    async with joined_v0(any_server, "anna", room, reconnect="1", sid="PA_nobody") as anna:
        first = await anna.next()

    assert first.leave.action == Action.RECONNECT


def test_validate_takes_a_token_alone(any_server: str, room: str) -> None:
    url = f"{any_server}/rtc/validate"
    answers = [
        httpx.get(url, params={"access_token": token("anna", room)}),
        httpx.get(url),
        httpx.get(url, params={"access_token": token("anna", room), "join_request": join_request()}),
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 200]
    assert answers[0].text == "success"


async def test_an_offer_without_an_answer_does_not_keep_others_waiting(any_server: str, room: str) -> None:
    async with joined_v0(any_server, "eve", room) as eve, joined_v0(any_server, "anna", room) as anna:
        await eve.until("offer")
        async with asyncio.timeout(5):
            assert ufrag((await anna.until("offer")).sdp) != ufrag(
                next(message.offer.sdp for message in eve.messages if message.HasField("offer"))
            )


@pytest.mark.parametrize(("one", "path"), [(True, "/rtc/v1"), (False, "/rtc")])
async def test_the_sdk_s_option_chooses_the_path_that_the_suites_rely_on(one: bool, path: str) -> None:
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        if not asked.done():
            asked.set_result(line.split(" ")[1].partition("?")[0])
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = sdk.RoomOptions(single_peer_connection=one)
        connecting = asyncio.create_task(sdk.Room().connect(f"ws://127.0.0.1:{port}", token("anna", "den"), options))
        async with asyncio.timeout(10):
            assert await asked == path
        with contextlib.suppress(sdk.ConnectError):
            await connecting
