"""People without a browser, for large meetings on small machines: they knock by the REST API, as a page does, and join by LiveKit's
Python SDK. They take no media; what they send is a tone and small moving pictures.
"""

import asyncio
import base64
import math
import os
from array import array
from typing import Self
from urllib.parse import urlsplit

import httpx
from livekit import rtc

RATE_HZ = 48_000
FRAME_SAMPLES = 480
TONE_HZ = 440
WIDTH, HEIGHT = 160, 90
PICTURE_EVERY_S = 1 / 8


class Crowd:
    """Guests of one room. `async with` sends them home at the end."""

    def __init__(self, link: str) -> None:
        at = urlsplit(link)
        self._origin = f"{at.scheme}://{at.netloc}"
        self._enter = f"/api/v1/rooms/{at.path.rpartition('/')[2]}/enter"
        self._http = httpx.AsyncClient(base_url=self._origin)
        self._seats: dict[str, str] = {}
        self._rooms: dict[str, rtc.Room] = {}
        self._sending: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        for name in list(self._rooms):
            await self.leaves(name)
        await self._http.aclose()

    async def knock(self, *names: str) -> None:
        """All of them ask to be let in."""
        for name in names:
            self._seats[name] = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
            assert (await self._ask(name))["state"] == "waiting"

    async def come_in(self) -> None:
        """All who knocked and have been admitted join the call."""
        for name in self._seats:
            admitted = await self._ask(name)
            assert admitted["state"] == "admitted", f"{name} was not let in"
            room = self._rooms[name] = rtc.Room()
            address = self._origin.replace("http", "ws", 1)
            await room.connect(address, admitted["token"], rtc.RoomOptions(auto_subscribe=False))

    async def talks(self, name: str) -> None:
        """A tone from this person's microphone, until they leave."""
        source = rtc.AudioSource(RATE_HZ, 1)
        await self._publish(
            name, rtc.LocalAudioTrack.create_audio_track("voice", source), rtc.TrackSource.SOURCE_MICROPHONE
        )
        self._sending.append(asyncio.create_task(_tone(source)))

    async def films(self, name: str, hue: int) -> None:
        """A small moving picture from this person's camera, until they leave."""
        source = rtc.VideoSource(WIDTH, HEIGHT)
        await self._publish(name, rtc.LocalVideoTrack.create_video_track("face", source), rtc.TrackSource.SOURCE_CAMERA)
        self._sending.append(asyncio.create_task(_pictures(source, hue)))

    async def leaves(self, name: str) -> None:
        await self._rooms.pop(name).disconnect()

    async def _publish(self, name: str, track: rtc.LocalTrack, source: rtc.TrackSource.ValueType) -> None:
        options = rtc.TrackPublishOptions(source=source, simulcast=False)
        await self._rooms[name].local_participant.publish_track(track, options)

    async def _ask(self, name: str) -> dict[str, str]:
        answer = await self._http.post(self._enter, json={"seat_key": self._seats[name], "name": name})
        answer.raise_for_status()
        entry: dict[str, str] = answer.json()
        return entry


async def _tone(source: rtc.AudioSource) -> None:
    samples = 0
    while True:
        wave = (8_000 * math.sin(2 * math.pi * TONE_HZ * (samples + n) / RATE_HZ) for n in range(FRAME_SAMPLES))
        frame = array("h", map(int, wave)).tobytes()
        # Waits while the source has enough.
        await source.capture_frame(rtc.AudioFrame(frame, RATE_HZ, 1, FRAME_SAMPLES))
        samples += FRAME_SAMPLES


async def _pictures(source: rtc.VideoSource, hue: int) -> None:
    bright, quarter = 0, bytes([127]) * (WIDTH * HEIGHT // 4)
    while True:
        bright = (bright + 6) % 160
        luma = bytes(40 + (bright + x) % 160 for x in range(WIDTH)) * HEIGHT
        picture = luma + bytes([hue]) * len(quarter) + quarter
        source.capture_frame(rtc.VideoFrame(WIDTH, HEIGHT, rtc.VideoBufferType.I420, picture))
        await asyncio.sleep(PICTURE_EVERY_S)  # the pace of a camera, not a wait
