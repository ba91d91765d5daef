"""One signalling socket as the call sees it: frames in, frames out in order, both bounded.

Knows encodings and rates; what the messages mean is signalling's.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from livekit.protocol import rtc

from huisclos.domain import rate_limit
from huisclos.domain.rate_limit import Rate
from huisclos.signalling import frames
from huisclos.signalling.outbox import Connection

# A client in a large room says how it shows each tile, all at once when the layout changes; then it pings.
_REQUESTS: Final = Rate(400, 50)
# Each costs the media thread some tenths of a millisecond; publishing all one has takes three or four.
_OFFERS: Final = Rate(40, 4)
# A client that reads nothing for this long a list of messages is gone; it will resume if it is not.
_MOST_MESSAGES: Final = 2048
_MOST_BYTES: Final = 8 * 1024 * 1024


class Flooded(Exception):
    """The client sends faster than any client needs to."""


class Message:
    """One response, encoded at most once an encoding however many receive it."""

    def __init__(self, response: rtc.SignalResponse) -> None:
        self.response = response
        self._binary: bytes | None = None
        self._json: str | None = None

    @property
    def binary(self) -> bytes:
        if self._binary is None:
            self._binary = frames.encode_binary(self.response)
        return self._binary

    @property
    def json(self) -> str:
        if self._json is None:
            self._json = frames.encode_json(self.response)
        return self._json


class Session:
    """`monotonic` gives seconds and never goes back."""

    def __init__(self, connection: Connection, monotonic: Callable[[], float]) -> None:
        self.connection = connection
        self._monotonic = monotonic
        self._requests = rate_limit.full(_REQUESTS, monotonic())
        self._offers = rate_limit.full(_OFFERS, monotonic())
        self._speaks_json = False
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._ended = False
        self._something = asyncio.Event()

    def take(self, frame: bytes | str) -> rtc.SignalRequest:
        """The request in a frame. From then on answers are in that frame's encoding. Raises FrameUndecodable, Flooded."""
        request = frames.decode_frame(frame)
        self._speaks_json = isinstance(frame, str)
        self._count(request)
        return request

    def _count(self, request: rtc.SignalRequest) -> None:
        now = self._monotonic()
        self._requests, wait_s = rate_limit.take(self._requests, _REQUESTS, now)
        if request.WhichOneof("message") == "offer":
            self._offers, offers_wait_s = rate_limit.take(self._offers, _OFFERS, now)
            wait_s = max(wait_s, offers_wait_s)
        if wait_s:
            raise Flooded

    def put(self, message: Message) -> None:
        """Queue for sending. A reader too far behind loses its socket rather than our memory."""
        if self._ended:
            return
        self._waiting.append(message)
        self._waiting_bytes += len(message.binary)
        if len(self._waiting) > _MOST_MESSAGES or self._waiting_bytes > _MOST_BYTES:
            self._waiting.clear()
            self._ended = True
        self._something.set()

    def end(self) -> None:
        """Close once what waits has been sent."""
        self._ended = True
        self._something.set()

    async def next_frame(self) -> bytes | str | None:
        """The next frame to send, or None when the socket should close."""
        while not self._waiting:
            if self._ended:
                return None
            self._something.clear()
            await self._something.wait()
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message.binary)
        return message.json if self._speaks_json else message.binary
