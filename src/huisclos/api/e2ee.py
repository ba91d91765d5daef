"""The delivery WebSocket of an encrypted room: frames to the service and back. The contract is docs/develop/api.md."""

import asyncio
import contextlib
from typing import Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from huisclos.api.requests import address_of, dependencies, room_of
from huisclos.model.errors import FrameInvalid, HuisClosError
from huisclos.model.ids import RoomId
from huisclos.services import delivery_frames, encrypted_rooms
from huisclos.services.delivery import Connection, Deliveries
from huisclos.services.dependencies import Dependencies

_HELLO_WITHIN_S: Final = 5
_LONGEST_HELLO: Final = 70 * 1024
# A peer that reads nothing shall not keep us waiting for its goodbye.
_LAST_WORD_S: Final = 1
# WebSocket close codes (RFC 6455 section 7.4.1), and two of our own: refused by the last frame, ended by the server.
_TOO_BIG: Final = 1009
_REFUSED: Final = 4000
_ENDED: Final = 4001

router = APIRouter()


@router.websocket("/api/e2ee/{room}")
async def delivery(socket: WebSocket, room: str) -> None:
    await socket.accept()
    # The peer may vanish at any moment, also while it is told why it must.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        try:
            await _serve(socket, dependencies(socket), room_of(room))
        except HuisClosError as error:
            # A browser shows scripts no status of a refused upgrade, so refusals are told after it.
            await socket.send_bytes(delivery_frames.refusal(error.code))
            await socket.close(_REFUSED, error.code)


async def _serve(socket: WebSocket, deps: Dependencies, room: RoomId) -> None:
    deps.limits.check("delivery", address_of(socket), room)
    connection = await encrypted_rooms.connect(deps, room, await _token(socket))
    try:
        await _relay(socket, deps.deliveries, connection)
    finally:
        deps.deliveries.closed(connection)


async def _token(socket: WebSocket) -> str:
    try:
        async with asyncio.timeout(_HELLO_WITHIN_S):
            frame = await _receive(socket, _LONGEST_HELLO)
    except TimeoutError:
        raise FrameInvalid("no hello in time") from None
    return delivery_frames.hello(frame)


async def _receive(socket: WebSocket, longest: int) -> bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    frame = message.get("bytes")
    if frame is None:
        raise FrameInvalid("text")
    if len(frame) > longest:
        await socket.close(_TOO_BIG)
        raise WebSocketDisconnect(_TOO_BIG)
    return bytes(frame)


async def _relay(socket: WebSocket, deliveries: Deliveries, connection: Connection) -> None:
    """Both ways until one of them ends, or the connection is given up."""
    ways = (_write(socket, connection), _read(socket, deliveries, connection), connection.hopeless())
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        await task
    if connection.farewell is not None:
        async with asyncio.timeout(_LAST_WORD_S):
            await socket.close(_ENDED, connection.farewell)


async def _read(socket: WebSocket, deliveries: Deliveries, connection: Connection) -> None:
    while True:
        deliveries.receive(connection, await _receive(socket, delivery_frames.MOST_BYTES))


async def _write(socket: WebSocket, connection: Connection) -> None:
    while (frame := await connection.next_frame()) is not None:
        await socket.send_bytes(frame)
