"""What the test suite of the Python SDK expects beside it: tokens, connected rooms, waiting for events.

The published suite imports these from a module that it does not ship; the names and shapes are those its tests call.
A test that uses this file is copied beside it, so it imports nothing of ours.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from livekit import api, rtc

_WITHIN_S = 15.0

if os.environ.get("TWO_PEER_CONNECTIONS"):
    # The suite knows no options for this: whatever connects here keeps one connection for each way, as on `/rtc`.
    _connect = rtc.Room.connect

    async def _connect_twice(room: rtc.Room, url: str, token: str, options: rtc.RoomOptions | None = None) -> None:
        options = options or rtc.RoomOptions()
        options.single_peer_connection = False
        await _connect(room, url, token, options)

    rtc.Room.connect = _connect_twice  # type: ignore[method-assign]


def skip_if_no_credentials() -> pytest.MarkDecorator:
    needed = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    return pytest.mark.skipif(any(not os.getenv(name) for name in needed), reason="no server named")


def create_token(identity: str, room: str) -> str:
    grants = api.VideoGrants(room_join=True, room=room, can_publish=True, can_subscribe=True)
    token = api.AccessToken(os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
    return token.with_identity(identity).with_name(identity).with_grants(grants).to_jwt()


def unique_room_name(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


async def connect_room(identity: str, room_name: str, room: rtc.Room | None = None) -> rtc.Room:
    connected = room or rtc.Room()
    await connected.connect(os.environ["LIVEKIT_URL"], create_token(identity, room_name))
    return connected


async def ensure_rooms_all_connected(rooms: list[rtc.Room]) -> None:
    """All connected, and each sees each other: only then does a message from one reach all."""
    for room in rooms:
        await wait_until(lambda room=room: room.isconnected(), message="a room did not connect")
        others = [other.local_participant.identity for other in rooms if other is not room]
        await ensure_participants_visible(room, others)


async def ensure_participants_visible(room: rtc.Room, identities: list[str]) -> None:
    await wait_until(
        lambda: set(identities) <= set(room.remote_participants),
        message=f"{room.local_participant.identity} does not see all of {identities}",
    )


async def ensure_track_subscribed(room: rtc.Room, track_sid: str) -> rtc.RemoteTrackPublication:
    def found() -> rtc.RemoteTrackPublication | None:
        for participant in room.remote_participants.values():
            publication = participant.track_publications.get(track_sid)
            if publication is not None and publication.track is not None:
                return publication
        return None

    await wait_until(lambda: found() is not None, message=f"no subscription to {track_sid}")
    publication = found()
    assert publication is not None
    return publication


def expect_room_event(
    room: rtc.Room, name: Any, predicate: Callable[..., bool] | None = None
) -> asyncio.Future[tuple[Any, ...]]:
    """Resolves on the first such event from now on."""
    happened: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def on_event(*arguments: Any) -> None:
        if not happened.done() and (predicate is None or predicate(*arguments)):
            happened.set_result(arguments)
            room.off(name, on_event)

    room.on(name, on_event)
    return happened


async def await_event(happened: asyncio.Future[tuple[Any, ...]], timeout: float = _WITHIN_S) -> tuple[Any, ...]:  # noqa: ASYNC109  # the shape that the suite calls
    return await asyncio.wait_for(happened, timeout)


async def wait_until(condition: Callable[[], Any], *, timeout: float = _WITHIN_S, message: str = "") -> None:  # noqa: ASYNC109  # the shape that the suite calls
    give_up = time.monotonic() + timeout
    while not await _truth(condition()):
        assert time.monotonic() < give_up, message or "the condition never held"
        await asyncio.sleep(0.02)


async def assert_eventually(condition: Callable[[], Any], *, timeout: float = _WITHIN_S, message: str = "") -> None:  # noqa: ASYNC109  # the shape that the suite calls
    await wait_until(condition, timeout=timeout, message=message)


async def _truth(value: bool | Awaitable[bool]) -> bool:
    return await value if isinstance(value, Awaitable) else bool(value)


def publish_dummy_video(source: rtc.VideoSource, stop_event: asyncio.Event) -> Coroutine[Any, Any, None]:
    """Moving pictures at 15 frames a second until `stop_event`; run it as a task."""

    async def frames() -> None:
        width, height = 320, 180
        shade = 0
        while not stop_event.is_set():
            shade = (shade + 8) % 256
            picture = np.full((height, width, 4), shade, dtype=np.uint8)
            source.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.RGBA, picture.tobytes()))
            await asyncio.sleep(1 / 15)

    return frames()
