"""What clients ask for on the signalling socket, over both protocols and in both encodings; with `LIVEKIT_SERVER` also of stock."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import pytest
import websockets
from livekit.protocol import models, rtc

from protocol.livekit_keys import token
from protocol.signal_client import Signal, joined, joined_v0

Action = rtc.LeaveRequest.Action
Reason = rtc.RequestResponse.Reason
Join: TypeAlias = Callable[..., AbstractAsyncContextManager[Signal]]

CAMERA = models.TrackSource.CAMERA
MICROPHONE = models.TrackSource.MICROPHONE


WAYS = ["rtc-binary", "rtc-json", "v1-binary", "v1-json"]


@pytest.fixture(params=WAYS)
def join(any_server: str, request: pytest.FixtureRequest) -> Join:
    """Joins a room that is this test's own, over one of the two protocols and in one of the two encodings."""
    return joining(any_server, request.param)


@pytest.fixture(params=WAYS)
def join_ours(sdk_server_url: str, request: pytest.FixtureRequest) -> Join:
    """The same for our server alone, where stock does otherwise or waits for media first."""
    return joining(sdk_server_url, request.param)


def joining(server: str, way: str) -> Join:
    path, encoding = way.split("-")
    room = f"room-{uuid.uuid4().hex[:8]}"

    def joins(identity: str = "anna", **grants: Any) -> AbstractAsyncContextManager[Signal]:
        client = joined_v0 if path == "rtc" else joined
        jwt = token(identity, room, **grants)
        return client(server, identity, room, json=encoding == "json", jwt=jwt)

    return joins


async def welcome(signal: Signal) -> rtc.JoinResponse:
    message: rtc.JoinResponse = await signal.until("join")
    return message


async def test_a_ping_is_answered_in_both_forms(join: Join) -> None:
    async with join() as anna:
        await welcome(anna)
        await anna.send(ping=1)
        assert await anna.until("pong") > 1_700_000_000_000, "milliseconds of Unix time"
        await anna.send(ping_req=rtc.Ping(timestamp=42, rtt=3))
        assert (await anna.until("pong_resp")).last_ping_timestamp == 42


@pytest.mark.parametrize(
    ("allowed", "wish", "reason"),
    [
        (True, {"name": "A."}, Reason.OK),
        (False, {"name": "A."}, Reason.NOT_ALLOWED),
        (True, {"metadata": "x" * 600_000}, Reason.LIMIT_EXCEEDED),
        (True, {"name": "x" * 300}, Reason.LIMIT_EXCEEDED),
        (True, {"attributes": {"a": "x" * 70_000}}, Reason.LIMIT_EXCEEDED),
    ],
    ids=["fine", "not allowed", "metadata", "name", "attributes"],
)
async def test_a_change_of_oneself_is_always_answered(
    join: Join, allowed: bool, wish: dict[str, Any], reason: Reason.ValueType
) -> None:
    async with join(can_update_own_metadata=allowed) as anna:
        await welcome(anna)
        await anna.send(update_metadata=rtc.UpdateParticipantMetadata(request_id=5, **wish))
        response = await anna.until("request_response")

    assert (response.request_id, response.reason) == (5, reason)


async def test_an_attribute_with_an_empty_value_goes(join: Join) -> None:
    async with join(can_update_own_metadata=True) as anna, join("ben") as ben:
        await welcome(anna)
        await welcome(ben)
        for hand in ("up", ""):
            await anna.send(update_metadata=rtc.UpdateParticipantMetadata(attributes={"hand": hand, "x": "y"}))
        async for seen in updates(ben, "anna"):
            if dict(seen.attributes) == {"x": "y"}:
                return


async def updates(signal: Signal, identity: str) -> AsyncIterator[models.ParticipantInfo]:
    while True:
        for info in (await signal.until("update")).participants:
            if info.identity == identity:
                yield info


async def test_only_the_sources_that_a_token_names_may_be_published(join: Join) -> None:
    async with join(can_publish_sources=["microphone"]) as anna:
        await welcome(anna)
        await anna.send(add_track=rtc.AddTrackRequest(cid="c", type=models.TrackType.VIDEO, source=CAMERA))
        assert (await anna.until("request_response")).reason == Reason.NOT_ALLOWED
        await anna.send(add_track=rtc.AddTrackRequest(cid="m", type=models.TrackType.AUDIO, source=MICROPHONE))
        assert (await anna.until("track_published")).cid == "m"


async def test_more_tracks_than_anybody_needs_are_refused(join_ours: Join) -> None:
    async with join_ours() as anna:
        await welcome(anna)
        for number in range(21):
            request = rtc.AddTrackRequest(cid=f"c{number}", type=models.TrackType.VIDEO, source=CAMERA)
            await anna.send(add_track=request)
        assert (await anna.until("request_response")).reason == Reason.LIMIT_EXCEEDED


async def test_a_published_track_that_the_server_does_not_know_means_starting_over(join: Join) -> None:
    unknown = rtc.TrackPublishedResponse(cid="c", track=models.TrackInfo(sid="TR_unknown"))
    async with join() as anna:
        await welcome(anna)
        await anna.send(sync_state=rtc.SyncState(publish_tracks=[unknown]))
        assert (await anna.until("leave")).action == Action.RECONNECT


async def test_wishes_about_tracks_that_are_not_there_do_no_harm(join: Join) -> None:
    async with join() as anna:
        await welcome(anna)
        await anna.send(subscription=rtc.UpdateSubscription(track_sids=["TR_a"], subscribe=True))
        await anna.send(track_setting=rtc.UpdateTrackSettings(track_sids=["TR_a"], disabled=True))
        await anna.send(mute=rtc.MuteTrackRequest(sid="TR_a", muted=True))
        await anna.send(update_audio_track=rtc.UpdateLocalAudioTrack(track_sid="TR_a"))
        await anna.send(update_video_track=rtc.UpdateLocalVideoTrack(track_sid="TR_a"))
        await anna.send(update_layers=rtc.UpdateVideoLayers(track_sid="TR_a"))
        await anna.send(subscription_permission=rtc.SubscriptionPermission(all_participants=True))
        await anna.send(ping=1)
        await anna.until("pong")


@pytest.mark.parametrize(
    ("scenario", "action"),
    [
        ({"leave_request_full_reconnect": True}, Action.RECONNECT),
        ({"server_leave": True}, Action.DISCONNECT),
        ({"node_failure": True}, None),
        ({"migration": True}, None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
async def test_a_failure_that_is_asked_for_touches_only_who_asked(
    join_ours: Join, scenario: dict[str, bool], action: Action.ValueType | None
) -> None:
    async with join_ours() as anna, join_ours("ben") as ben:
        await welcome(anna)
        await welcome(ben)
        await ben.send(simulate=rtc.SimulateScenario(**scenario))  # type: ignore[arg-type]
        try:
            leave = await ben.until("leave")
            assert action is None or leave.action == action
        except websockets.ConnectionClosed:
            assert action is None

        await anna.send(ping=1)
        await anna.until("pong")


@pytest.mark.parametrize(
    "scenario",
    [
        {"disconnect_signal_on_resume": True},
        {"disconnect_signal_on_resume_no_messages": True},
        {"switch_candidate_protocol": rtc.CandidateProtocol.TCP},
        {"subscriber_bandwidth": 100_000},
    ],
    ids=lambda scenario: next(iter(scenario)),
)
async def test_a_failure_that_is_for_later_changes_nothing_now(join_ours: Join, scenario: dict[str, Any]) -> None:
    async with join_ours() as anna:
        await welcome(anna)
        await anna.send(simulate=rtc.SimulateScenario(**scenario))
        await anna.send(ping=1)
        await anna.until("pong")


async def test_what_is_not_served_is_refused_in_words(join_ours: Join) -> None:
    async with join_ours() as anna:
        await welcome(anna)
        await anna.send(publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="d"))
        assert (await anna.until("request_response")).reason == Reason.UNSUPPORTED_TYPE
        await anna.send(unpublish_data_track_request=rtc.UnpublishDataTrackRequest(pub_handle=1))
        assert (await anna.until("request_response")).reason == Reason.UNSUPPORTED_TYPE
        await anna.send(store_data_blob_request=rtc.StoreDataBlobRequest(request_id=7))
        stored = await anna.until("request_response")
        await anna.send(get_data_blob_request=rtc.GetDataBlobRequest(request_id=8))
        got = await anna.until("request_response")

    assert [(r.request_id, r.reason) for r in (stored, got)] == [(7, Reason.NOT_ALLOWED), (8, Reason.NOT_ALLOWED)]


async def test_a_goodbye_is_told_and_no_session_is_left_to_resume(join: Join) -> None:
    async with join() as anna, join("ben") as ben:
        await welcome(anna)
        await welcome(ben)
        await ben.send(leave=rtc.LeaveRequest(reason=models.DisconnectReason.CLIENT_INITIATED))
        gone = await anna.until_update("ben", models.ParticipantInfo.State.DISCONNECTED)

    assert gone.disconnect_reason == models.DisconnectReason.CLIENT_INITIATED
