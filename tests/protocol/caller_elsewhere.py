"""Two callers of one room, started in another network: prints as JSON what the server offers them and what they hear of each other.

python -m protocol.caller_elsewhere URL
"""

import asyncio
import json
import sys

import numpy as np
from livekit import rtc
from livekit.protocol import rtc as messages

from protocol.livekit_keys import token
from protocol.signal_client import joined, offer

ROOM, RATE_HZ, FRAME = "elsewhere", 48_000, 480
WITHIN_S = 12.0


async def candidates(server: str) -> list[str]:
    """The addresses at which the server's answer says that media can be sent."""
    description = messages.SessionDescription(type="offer", sdp=offer())
    async with joined(server, "reader", ROOM, publisher_offer=description) as signal:
        answer = await signal.until("answer")
    lines = [line.split() for line in answer.sdp.splitlines() if line.startswith("a=candidate:")]
    return sorted({line[4] for line in lines})


async def heard(server: str) -> int:
    """The loudest sample of one caller's tone that the other received; 0 when no media came through."""
    speaker, listener = rtc.Room(), rtc.Room()
    subscribed: asyncio.Future[rtc.RemoteTrack] = asyncio.get_running_loop().create_future()
    listener.on("track_subscribed", lambda track, *_: subscribed.set_result(track))
    talking: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(WITHIN_S):
            await listener.connect(server, token("listener", ROOM))
            await speaker.connect(server, token("speaker", ROOM))
            source = rtc.AudioSource(RATE_HZ, 1)
            await speaker.local_participant.publish_track(rtc.LocalAudioTrack.create_audio_track("tone", source))
            talking = asyncio.create_task(_talk(source))
            async for event in rtc.AudioStream(await subscribed):
                if loudest := int(np.abs(np.frombuffer(event.frame.data, np.int16)).max()):
                    return loudest
    except (TimeoutError, rtc.ConnectError):
        pass
    finally:
        if talking is not None:
            talking.cancel()
        await asyncio.gather(speaker.disconnect(), listener.disconnect(), return_exceptions=True)
    return 0


async def _talk(source: rtc.AudioSource) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(FRAME) / RATE_HZ)).astype(np.int16).tobytes()
    while True:
        await source.capture_frame(rtc.AudioFrame(tone, RATE_HZ, 1, FRAME))


async def main(server: str) -> None:
    print(json.dumps({"candidates": await candidates(server), "heard": await heard(server)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
