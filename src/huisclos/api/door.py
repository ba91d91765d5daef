"""The door WebSocket: tells one who waits what becomes of the knock, and hosts who waits. Says nothing about the call."""

import asyncio
import contextlib
from typing import Final

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from huisclos.api.bodies import SeatKey, to_base64url
from huisclos.api.error_answers import error_body, language_of
from huisclos.api.requests import address_of, dependencies, room_of
from huisclos.model.errors import HuisClosError, RequestInvalid
from huisclos.model.events import Answer, DoorEvent, Knocks, WaitingGuest
from huisclos.model.ids import RoomId
from huisclos.model.lobby import Card
from huisclos.model.secrecy import Secret
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Door
from huisclos.services.lobby import open_door

_FIRST_MESSAGE_WITHIN_S: Final = 5
_LONGEST_MESSAGE: Final = 4096
# WebSocket close codes (RFC 6455 section 7.4.1), and one of our own for a refusal told in the last message.
_NORMAL: Final = 1000
_POLICY: Final = 1008
_TOO_BIG: Final = 1009
_REFUSED: Final = 4000

router = APIRouter()


@router.websocket("/api/v1/rooms/{room}/door")
async def door(socket: WebSocket, room: str) -> None:
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        try:
            await _serve(socket, dependencies(socket), room_of(room))
        except HuisClosError as error:
            # A browser shows scripts no status of a refused upgrade, so refusals are told after it.
            language = language_of(socket.headers.get("accept-language", ""))
            await socket.send_json(error_body(error, language))
            await socket.close(_REFUSED, error.code)


async def _serve(socket: WebSocket, deps: Dependencies, room: RoomId) -> None:
    deps.limits.check("door", address_of(socket), room)
    key = await _seat_key(socket)
    async with open_door(deps, room, key) as opened:
        teller = asyncio.create_task(_tell(socket, opened))
        leaver = asyncio.create_task(_until_left(socket))
        try:
            done, _ = await asyncio.wait((teller, leaver), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (teller, leaver):
                task.cancel()
            await asyncio.gather(teller, leaver, return_exceptions=True)
        for task in done:
            await task
    with contextlib.suppress(RuntimeError):  # the peer may have closed first
        await socket.close(_NORMAL)


async def _seat_key(socket: WebSocket) -> Secret:
    try:
        async with asyncio.timeout(_FIRST_MESSAGE_WITHIN_S):
            message = await _receive(socket)
        return SeatKey.model_validate_json(message).key()
    except (TimeoutError, ValidationError):
        raise RequestInvalid from None


async def _receive(socket: WebSocket) -> str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", _NORMAL))
    text = message.get("text")
    if text is None:
        await socket.close(_POLICY)
        raise WebSocketDisconnect(_POLICY)
    if len(text) > _LONGEST_MESSAGE:
        await socket.close(_TOO_BIG)
        raise WebSocketDisconnect(_TOO_BIG)
    return str(text)


async def _until_left(socket: WebSocket) -> None:
    """Clients have nothing more to say; what they send is read, bounded, and dropped."""
    while True:
        await _receive(socket)


async def _tell(socket: WebSocket, opened: Door) -> None:
    """Write events until one ends the wait."""
    while True:
        event = await opened.next_event()
        await socket.send_json(_as_json(event))
        if isinstance(event, Answer) and event is not Answer.WAITING:
            return


def _as_json(event: DoorEvent) -> dict[str, object]:
    match event:
        case Answer():
            return {"type": event.value}
        case Knocks(waiting):
            return {"type": "knocks", "knocks": [_knock(one) for one in waiting]}


def _knock(guest: WaitingGuest) -> dict[str, object]:
    match guest.caller:
        case Card(identity, sealed):
            shown = {"identity": identity, "card": to_base64url(sealed)}
        case name:
            shown = {"name": name.reveal()}
    return {"id": guest.knock, **shown, "waiting_s": guest.waiting_s}
