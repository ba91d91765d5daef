"""What media a page sends and receives, read from WebRTC statistics and from the pixels on the screen."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

# Two cores are shared by the server and several encoders and decoders: patient, and over as soon as it is true.
PATIENCE = 30.0

# Runs before the page's own code: keeps every connection within reach, and every report of a broken policy.
WATCH = """
window.watched = { connections: [], violations: [] };
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...all) { super(...all); window.watched.connections.push(this); }
};
document.addEventListener('securitypolicyviolation', (event) => {
  window.watched.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""

_INBOUND = """
async () => {
  const found = [];
  for (const connection of window.watched.connections) {
    if (connection.connectionState === 'closed') continue;
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type === 'inbound-rtp' && entry.packetsReceived > 0)
        found.push({ id: entry.trackIdentifier, kind: entry.kind, frames: entry.framesDecoded ?? 0,
                     width: entry.frameWidth ?? 0, energy: entry.totalAudioEnergy ?? 0 });
    }
  }
  return found;
}
"""

# A thumbnail of every video that has a picture; the remote ones are those that no local camera feeds.
_PICTURES = """
() => [...document.querySelectorAll('video')].filter((video) => video.videoWidth > 0).map((video) => {
  const canvas = document.createElement('canvas');
  canvas.width = 32; canvas.height = 18;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen.drawImage(video, 0, 0, 32, 18);
  return [video.srcObject?.getVideoTracks()[0]?.id ?? '', [...pen.getImageData(0, 0, 32, 18).data].join(',')];
})
"""

# Every 100 ms: the time, the epoch the page tells, and the frames decoded so far of each video that arrives.
_RECORD = """
() => {
  window.recorded = [];
  setInterval(async () => {
    const frames = {};
    for (const connection of window.watched.connections) {
      if (connection.connectionState === 'closed') continue;
      for (const entry of (await connection.getStats()).values())
        if (entry.type === 'inbound-rtp' && entry.kind === 'video') frames[entry.trackIdentifier] = entry.framesDecoded ?? 0;
    }
    const epoch = Number(document.querySelectorAll('section.visually-hidden dd')[1]?.textContent ?? -1);
    window.recorded.push({ at: Date.now(), epoch, frames });
  }, 100);
}
"""


@dataclass(frozen=True)
class Moment:
    """What a page received at one time: `at` in Unix milliseconds, `frames` decoded so far by video."""

    at: float
    epoch: int
    frames: dict[str, int]


@dataclass(frozen=True)
class Inbound:
    """One stream that arrives: `frames` decoded so far, `energy` of the sound heard so far, `width` in pixels."""

    id: str
    kind: str
    frames: int
    width: int
    energy: float


async def until(condition: Callable[[], Awaitable[Any]], what: str, *, seconds: float = PATIENCE) -> Any:
    """The first truthy value of `condition`, asked ten times a second. Fails with `what` was awaited and the last value."""
    give_up = time.monotonic() + seconds
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > give_up:
            raise AssertionError(f"{what}: not within {seconds:g} s (last seen: {value!r})")
        await asyncio.sleep(0.1)


async def inbound(page: Page) -> list[Inbound]:
    """The streams the page receives now."""
    return [Inbound(**entry) for entry in await page.evaluate(_INBOUND)]


async def start_recording(page: Page) -> None:
    """Keep a moment ten times a second from now on."""
    await page.evaluate(_RECORD)


async def recorded(page: Page) -> list[Moment]:
    """The moments since the recording began."""
    return [Moment(**moment) for moment in await page.evaluate("window.recorded")]


async def growing(page: Page, kind: str) -> list[str]:
    """The streams of `kind` that brought something new within half a second: decoded frames, or audible sound."""
    before = {stream.id: stream for stream in await inbound(page)}
    await asyncio.sleep(0.5)  # an interval of measurement, not a wait
    return [
        stream.id
        for stream in await inbound(page)
        if stream.kind == kind
        and (earlier := before.get(stream.id)) is not None
        and (stream.frames > earlier.frames or stream.energy > earlier.energy)
    ]


async def moving_pictures(page: Page) -> set[str]:
    """The video tracks whose picture on the screen changed within half a second."""
    before = dict(await page.evaluate(_PICTURES))
    await asyncio.sleep(0.5)  # an interval of measurement, not a wait
    after = dict(await page.evaluate(_PICTURES))
    return {track for track, picture in after.items() if before.get(track, picture) != picture}
