"""What every request brings along: the services' dependencies, where it comes from, and which room it names."""

from typing import Annotated, cast

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from huisclos.model.errors import RoomUnknown
from huisclos.model.ids import RoomId
from huisclos.services.dependencies import Dependencies


def dependencies(connection: HTTPConnection) -> Dependencies:
    return cast("Dependencies", connection.app.state.dependencies)


def address_of(connection: HTTPConnection) -> str:
    """The peer's address; behind a trusted proxy the one that it names (the server has put it in place already)."""
    return connection.client.host if connection.client else ""


def room_of(room: Annotated[str, Path(max_length=256)]) -> RoomId:
    """A text that cannot be an id is answered as an id that nobody has."""
    parsed = RoomId.parse(room)
    if parsed is None:
        raise RoomUnknown
    return parsed


Deps = Annotated[Dependencies, Depends(dependencies)]
Address = Annotated[str, Depends(address_of)]
Room = Annotated[RoomId, Depends(room_of)]
