"""Pictures in each codec that both ends offer, from one SDK client to another with real media, whichever connections they keep."""

import asyncio
import uuid

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc import VideoCodec

from protocol.livekit_keys import token

WITHIN_S = 30.0


async def paint(source: rtc.VideoSource) -> None:
    """Moving pictures until cancelled."""
    shade = 0
    while True:
        shade = (shade + 8) % 256
        picture = np.full((360, 640, 4), shade, dtype=np.uint8)
        source.capture_frame(rtc.VideoFrame(640, 360, rtc.VideoBufferType.RGBA, picture.tobytes()))
        await asyncio.sleep(1 / 15)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("one", [True, False], ids=["one connection", "two connections"])
@pytest.mark.parametrize(
    ("codec", "mime"),
    [
        (VideoCodec.VP8, "video/VP8"),
        (VideoCodec.H264, "video/H264"),
        (VideoCodec.VP9, "video/VP9"),
        (VideoCodec.AV1, "video/AV1"),
    ],
    ids=["vp8", "h264", "vp9", "av1"],
)
async def test_pictures_arrive(any_server: str, codec: VideoCodec.ValueType, mime: str, one: bool) -> None:
    room = f"room-{uuid.uuid4().hex[:8]}"
    url = any_server.replace("http", "ws", 1)
    painter, viewer = rtc.Room(), rtc.Room()
    seen: asyncio.Future[tuple[rtc.Track, rtc.RemoteTrackPublication]] = asyncio.get_running_loop().create_future()
    viewer.on("track_subscribed", lambda track, publication, _who: seen.set_result((track, publication)))
    await viewer.connect(url, token("viewer", room), rtc.RoomOptions(single_peer_connection=one))
    await painter.connect(url, token("painter", room), rtc.RoomOptions(single_peer_connection=one))
    source = rtc.VideoSource(640, 360)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, video_codec=codec)
    painting = asyncio.create_task(paint(source))
    try:
        await painter.local_participant.publish_track(rtc.LocalVideoTrack.create_video_track("face", source), options)
        async with asyncio.timeout(WITHIN_S):
            track, publication = await seen
            pictures = rtc.VideoStream(track)
            for _ in range(20):
                await anext(pictures)
        assert publication.mime_type.lower() == mime.lower()
        await pictures.aclose()
    finally:
        painting.cancel()
        await painter.disconnect()
        await viewer.disconnect()
