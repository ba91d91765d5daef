"""The signalling sockets `/rtc/v1` and `/rtc` of LiveKit's protocol and their `validate` companions: HTTP and frames to `Calls`.

A refusal is an HTTP answer with a line of plain text, given before the socket opens: clients choose by its status what
to try next. On `/rtc` a client without a join request describes itself in the query and keeps two peer connections.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from livekit.protocol import rtc
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from huisclos.api.requests import address_of
from huisclos.model.error_texts import STATUS
from huisclos.model.errors import (
    HuisClosError,
    JoinRequestInvalid,
    JoinRequestMissing,
    RoomUnknown,
    TokenFault,
    TokenMissing,
)
from huisclos.model.join_grant import JoinGrant
from huisclos.services.calls import Calls
from huisclos.services.limits import Limits
from huisclos.services.sessions import Session
from huisclos.signalling.frames import decode_join_request
from huisclos.signalling.query import join_request_of, publish_only

log = logging.getLogger(__name__)

MAX_FRAME_BYTES: Final = 2 * 1024 * 1024
_TOO_BIG: Final = 1009  # RFC 6455 section 7.4.1
_NORMAL: Final = 1000
# `validate` is asked by pages of any origin to learn why their socket failed. It answers to a token, never to a cookie.
_CORS: Final = {"access-control-allow-origin": "*"}
_PREFLIGHT: Final = {
    **_CORS,
    "access-control-allow-methods": "GET, OPTIONS",
    "access-control-allow-headers": "authorization",
    "access-control-max-age": "86400",
}


def rtc_routes(calls: Calls, limits: Limits) -> list[BaseRoute]:
    """All routes of the signalling protocol."""

    async def socket(websocket: WebSocket) -> None:
        limits.check("join", address_of(websocket))
        grant, request = await _admitted(calls, websocket)
        await _served(calls, grant, request, websocket, dual=False)

    async def socket_v0(websocket: WebSocket) -> None:
        limits.check("join", address_of(websocket))
        grant, request, dual = await _admitted_v0(calls, websocket)
        await _served(calls, grant, request, websocket, dual=dual)

    async def validate(request: Request) -> Response:
        limits.check("join", address_of(request))
        await _admitted(calls, request)
        return PlainTextResponse("success", headers=_CORS)

    async def validate_v0(request: Request) -> Response:
        limits.check("join", address_of(request))
        await _admitted_v0(calls, request)
        return PlainTextResponse("success", headers=_CORS)

    return [
        WebSocketRoute("/rtc/v1", _refusing_socket(socket)),
        WebSocketRoute("/rtc", _refusing_socket(socket_v0)),
        Route("/rtc/v1/validate", _refusing(validate), methods=["GET", "OPTIONS"]),
        Route("/rtc/validate", _refusing(validate_v0), methods=["GET", "OPTIONS"]),
        Route("/rtc/v1", _absent, methods=["GET"]),
        Route("/rtc", _absent, methods=["GET"]),
    ]


async def _admitted(calls: Calls, connection: HTTPConnection) -> tuple[JoinGrant, rtc.JoinRequest]:
    grant = await calls.admit(_token(connection))
    parameter = connection.query_params.get("join_request", "")
    if not parameter:
        raise JoinRequestMissing
    return grant, decode_join_request(parameter)


async def _admitted_v0(calls: Calls, connection: HTTPConnection) -> tuple[JoinGrant, rtc.JoinRequest, bool]:
    """Also whether the client keeps two peer connections: it does unless it sends a join request, as on `/rtc/v1`."""
    query = connection.query_params
    if query.get("join_request"):
        return *(await _admitted(calls, connection)), False
    grant = await calls.admit(_token(connection))
    request = join_request_of(query)
    if name := query.get("publish", ""):
        grant = publish_only(grant, name)
        calls.expect_room_for(grant)
    return grant, request, True


async def _served(
    calls: Calls, grant: JoinGrant, request: rtc.JoinRequest, websocket: WebSocket, *, dual: bool
) -> None:
    session = calls.join(grant, request, dual=dual)
    try:
        await websocket.accept()
        await _relay(calls, session, grant, websocket)
    finally:
        calls.closed(session, grant)


def _token(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    token = connection.query_params.get("access_token", "")
    if not token:
        raise TokenMissing
    return token


async def _relay(calls: Calls, session: Session, grant: JoinGrant, websocket: WebSocket) -> None:
    """Read here until the socket closes; when the session ends first, the writer closes it."""
    writer = asyncio.create_task(_write(session, websocket))
    try:
        await _read(calls, session, grant, websocket)
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


async def _read(calls: Calls, session: Session, grant: JoinGrant, websocket: WebSocket) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        frame: bytes | str = message["bytes"] if message.get("bytes") is not None else message["text"]
        if len(frame) > MAX_FRAME_BYTES:
            await websocket.close(_TOO_BIG)
            return
        calls.receive(session, grant, frame)


async def _write(session: Session, websocket: WebSocket) -> None:
    # The peer may vanish at any moment; that is `_read`'s to notice.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        while (frame := await session.next_frame()) is not None:
            if isinstance(frame, bytes):
                await websocket.send_bytes(frame)
            else:
                await websocket.send_text(frame)
        await websocket.close(_NORMAL)


def _refusing_socket(serve: Callable[[WebSocket], Awaitable[None]]) -> Callable[[WebSocket], Awaitable[None]]:
    async def served(websocket: WebSocket) -> None:
        try:
            await serve(websocket)
        except HuisClosError as error:
            await websocket.send_denial_response(_refusal(error))

    return served


def _refusing(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        try:
            return await answer(request)
        except HuisClosError as error:
            return _refusal(error)

    return answered


def _refusal(error: HuisClosError) -> Response:
    """The statuses and texts that SDKs know. Which token fault it was is for the log, not for who forges tokens."""
    match error:
        case TokenFault():
            return PlainTextResponse("no permissions to access the room", 401, _CORS)
        case RoomUnknown():
            # SDKs look for these words: any other 404 means to them that this protocol is not spoken here.
            return PlainTextResponse("requested room does not exist", 404, _CORS)
        case JoinRequestMissing():
            return PlainTextResponse("join_request is required", 400, _CORS)
        case JoinRequestInvalid():
            return PlainTextResponse("join_request cannot be decoded", 400, _CORS)
        case _:
            return PlainTextResponse(error.code, STATUS.get(error.code, 500), _CORS)


async def _absent(_request: Request) -> Response:
    return PlainTextResponse("not found", 404)
