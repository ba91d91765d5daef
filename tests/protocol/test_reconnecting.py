"""SDK clients with real media whose connection breaks: they find back, and sound and messages go on.

The SDK asks the server to break it by `simulate` requests; stock livekit-server is the control of the expectations.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc._proto.room_pb2 import SimulateScenarioKind

from protocol.livekit_keys import token

WITHIN_S = 30.0


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not condition():  # noqa: ASYNC110  # a condition on state that belongs to the SDK
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


class Listener:
    """A room that counts loud sound and keeps messages."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.loud_frames = 0
        self.heard: list[bytes] = []
        self.reconnected = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", lambda packet: self.heard.append(packet.data))
        self.room.on("reconnected", self._count)

    def _count(self) -> None:
        self.reconnected += 1

    def _subscribed(self, track: rtc.Track, *_: object) -> None:
        self._tasks.append(asyncio.create_task(self._listen(rtc.AudioStream(track))))

    async def _listen(self, stream: rtc.AudioStream) -> None:
        async for event in stream:
            self.loud_frames += bool(np.abs(np.frombuffer(event.frame.data, dtype=np.int16)).max() > 1000)

    async def hears_sound(self) -> None:
        before = self.loud_frames
        await until(lambda: self.loud_frames > before + 20, "sound")

    async def close(self) -> None:
        await self.room.disconnect()
        for task in self._tasks:
            task.cancel()


async def sing(source: rtc.AudioSource) -> None:
    tone = (np.sin(2 * np.pi * 440 * np.arange(480) / 48_000) * 12_000).astype(np.int16).tobytes()
    while True:
        await source.capture_frame(rtc.AudioFrame(tone, 48_000, 1, 480))


@pytest.fixture(params=["one connection", "two connections", "the listener two"])
def single(request: pytest.FixtureRequest) -> tuple[bool, bool]:
    """Whether singer and listener each keep one peer connection (`/rtc/v1`) or one for each way (`/rtc`)."""
    return {"one connection": (True, True), "two connections": (False, False), "the listener two": (True, False)}[
        request.param
    ]


@pytest.fixture
async def pair(any_server: str, single: tuple[bool, bool]) -> AsyncIterator[tuple[Listener, Listener]]:
    """One who sings and one who hears it."""
    room = f"room-{uuid.uuid4().hex[:8]}"
    singer, listener = Listener(), Listener()
    url = any_server.replace("http", "ws", 1)
    for who, one in zip((singer, listener), single, strict=True):
        identity = "singer" if who is singer else "listener"
        await who.room.connect(url, token(identity, room), rtc.RoomOptions(single_peer_connection=one))
    source = rtc.AudioSource(48_000, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    singing = asyncio.create_task(sing(source))
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await singer.room.local_participant.publish_track(track, options)
    await listener.hears_sound()
    yield singer, listener
    singing.cancel()
    await singer.close()
    await listener.close()


SCENARIOS = {
    "the socket closes": SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT,
    "the server asks for a new connection": SimulateScenarioKind.SIMULATE_FULL_RECONNECT,
    "the server dies": SimulateScenarioKind.SIMULATE_NODE_FAILURE,
    "the session moves": SimulateScenarioKind.SIMULATE_MIGRATION,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("who", ["singer", "listener"])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
async def test_sound_and_messages_go_on_after(
    pair: tuple[Listener, Listener], scenario: SimulateScenarioKind.ValueType, who: str
) -> None:
    singer, listener = pair
    broken = singer if who == "singer" else listener

    await broken.room.simulate_scenario(scenario)

    await until(lambda: broken.reconnected > 0, "reconnected")
    await until(lambda: "listener" in singer.room.remote_participants, "the listener is seen again")
    await listener.hears_sound()
    await singer.room.local_participant.publish_data(b"still here", reliable=True)
    await until(lambda: b"still here" in listener.heard, "the message")
    assert listener.heard.count(b"still here") == 1
