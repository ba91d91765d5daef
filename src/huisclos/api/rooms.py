"""REST of rooms: start, claim, look, enter, and a host's answers to knocks. The contract is docs/develop/api.md."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Response

from huisclos.api import bodies
from huisclos.api.requests import Address, Deps, Room
from huisclos.model.ids import KnockId
from huisclos.model.secrecy import Secret
from huisclos.services import lobby, rooms

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": bodies.ErrorAnswer} for status in (403, 404, 409, 413, 422, 429, 503)
}
router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"], responses=_REFUSALS)

Knock = Annotated[str, Path(max_length=64)]


@router.post("", status_code=201)
async def start(
    deps: Deps, address: Address, body: Annotated[bodies.Nothing | None, Body()] = None
) -> bodies.RoomStarted:
    """Start a room. The claim makes one browser its host; it is given out this once."""
    del body
    deps.limits.check("start", address)
    started = await rooms.start_room(deps)
    return bodies.RoomStarted(room=started.room, host_claim=started.host_claim.reveal())


@router.post("/{room}/claim")
async def claim(deps: Deps, address: Address, room: Room, body: bodies.Claim) -> bodies.Claimed:
    """Become host by the claim of the host's link; the same browser may repeat it."""
    deps.limits.check("claim", address, room)
    await rooms.claim(deps, room, Secret(body.claim.get_secret_value()), body.key())
    return bodies.Claimed(role="host")


@router.post("/{room}/look")
async def look(deps: Deps, address: Address, room: Room, body: bodies.SeatKey) -> bodies.Look:
    """What this browser is in the room, before it enters."""
    deps.limits.check("look", address, room)
    view = await rooms.look(deps, room, body.key())
    return bodies.Look(role="stranger" if view.role is None else view.role.value, people=view.people)


@router.post(
    "/{room}/enter",
    response_model=bodies.Admitted | bodies.Waiting | bodies.Denied,
    responses={202: {"model": bodies.Waiting, "description": "Knocked; the door tells the rest"}},
)
async def enter(
    deps: Deps, address: Address, room: Room, body: bodies.Enter, response: Response
) -> bodies.Admitted | bodies.Waiting | bodies.Denied:
    """Enter with a token if this browser may, or else knock."""
    deps.limits.check("enter", address, room)
    response.headers["cache-control"] = "no-store"
    match await rooms.enter(deps, room, body.key(), body.name):
        case rooms.Entered(role, identity, token):
            return bodies.Admitted(role=role.value, identity=identity, token=token.reveal(), signal_path="/")
        case rooms.Waits(knock):
            response.status_code = 202
            return bodies.Waiting(knock=knock)
        case rooms.TurnedAway():
            return bodies.Denied()


@router.post("/{room}/knocks/admit-all", status_code=204)
async def admit_all(deps: Deps, address: Address, room: Room, body: bodies.SeatKey) -> None:
    deps.limits.check("answer", address, room)
    await lobby.admit_all(deps, room, by=body.key())


@router.post("/{room}/knocks/{knock}/admit", status_code=204)
async def admit(deps: Deps, address: Address, room: Room, knock: Knock, body: bodies.SeatKey) -> None:
    deps.limits.check("answer", address, room)
    await lobby.admit(deps, room, KnockId(knock), by=body.key())


@router.post("/{room}/knocks/{knock}/deny", status_code=204)
async def deny(deps: Deps, address: Address, room: Room, knock: Knock, body: bodies.SeatKey) -> None:
    deps.limits.check("answer", address, room)
    await lobby.deny(deps, room, KnockId(knock), by=body.key())
