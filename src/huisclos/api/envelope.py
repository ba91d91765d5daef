"""What surrounds every request: size limits, no orders from other sites, one log line, and an answer even to our own bugs.

The log line has method, route, status and time. It has no address, query, token or full room id: what is not written
cannot leak.
"""

import logging
import time
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from huisclos.api.error_answers import error_answer
from huisclos.model.errors import HuisClosError, Internal, OriginRefused, RequestTooLarge
from huisclos.model.ids import RoomId

log = logging.getLogger(__name__)

_LARGEST_BODY: Final = 10 * 1024 * 1024
_LARGEST_JSON: Final = 64 * 1024
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Envelope:
    """ASGI middleware between the security headers and the application. `origins`: own ones besides the Host asked for."""

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        status = 0

        async def watch_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            self._check_origin(scope)
            await self._app(scope, _bounded(scope, receive), watch_status)
        except HuisClosError as error:
            if not status:
                await error_answer(error, HTTPConnection(scope))(scope, receive, watch_status)
        except Exception:
            log.exception("%s %s failed", scope["method"], shown_path(scope))
            if not status:
                await error_answer(Internal(), HTTPConnection(scope))(scope, receive, watch_status)
        finally:
            log.info("%s %s %d %.0f ms", scope["method"], shown_path(scope), status, (time.monotonic() - began) * 1000)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith("/api/") and not self._is_own(Headers(scope=scope)):
            log.info("WebSocket %s refused: origin", shown_path(scope))
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("WebSocket %s failed", shown_path(scope))
            raise

    def _check_origin(self, scope: Scope) -> None:
        """Orders come from our own pages or from programs, not from other sites. Raises OriginRefused.

        Routes of the LiveKit protocol are asked across origins by design: a token in the request is their proof.
        """
        if scope["method"] in _SAFE_METHODS or not scope["path"].startswith("/api/"):
            return
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or not self._is_own(headers):
            raise OriginRefused

    def _is_own(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return origin is None or origin in self._origins or urlsplit(origin).netloc == headers.get("host")


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """`receive`, but raising RequestTooLarge once a body is larger than its route may have."""
    largest = _LARGEST_JSON if scope["path"].startswith("/api/") else _LARGEST_BODY
    announced = Headers(scope=scope).get("content-length", "0")
    if announced.isdecimal() and int(announced) > largest:
        raise RequestTooLarge
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > largest:
            # FastAPI turns any other exception met while it reads a body into a 400.
            raise HTTPException(413)
        return message

    return receive_bounded


def shown_path(scope: Scope) -> str:
    """The path as it may be logged: room ids shortened, anything odd cut off."""
    parts = (part if (room := RoomId.parse(part)) is None else room.short for part in scope["path"].split("/"))
    shown = "/".join("k_…" if part.startswith("k_") else part for part in parts)
    return "".join(character if character.isprintable() else "?" for character in shown[:120])
