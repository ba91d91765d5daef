"""REST of rooms: start, claim, look, enter, and a host's answers to knocks. The contract is docs/develop/api.md."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Response

from huisclos.api import bodies
from huisclos.api.bodies import from_base64url, to_base64url
from huisclos.api.requests import Address, Deps, Room
from huisclos.model.errors import CardMissing, EncryptionMissing, NameNotHere, PolicyInvalid, RequestInvalid
from huisclos.model.ids import Identity, KnockId, RoomId
from huisclos.model.lobby import Card
from huisclos.model.secrecy import Secret
from huisclos.services import lobby, removal, rooms

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": bodies.ErrorAnswer} for status in (403, 404, 409, 413, 422, 429, 503)
}
router = APIRouter(prefix="/api/v1/rooms", tags=["rooms"], responses=_REFUSALS)

Knock = Annotated[str, Path(max_length=64)]
Person = Annotated[str, Path(max_length=64)]


@router.post("", status_code=201)
async def start(
    deps: Deps, address: Address, body: Annotated[bodies.Start | None, Body()] = None
) -> bodies.RoomStarted:
    """Start a room. The claim makes one browser its host; it is given out this once."""
    deps.limits.check("start", address)
    match body or bodies.Start():
        case bodies.Start(encryption="transit", room=None, policy=None):
            started = await rooms.start_transit_room(deps)
        case bodies.Start(encryption="e2ee", room=str(room), policy=str(policy)):
            id_ = RoomId.parse(room)
            if id_ is None:
                raise RequestInvalid("not a room id")
            started = await rooms.start_encrypted_room(deps, id_, from_base64url(policy))
        case bodies.Start(encryption=None):
            raise EncryptionMissing
        case bodies.Start(encryption="e2ee", policy=None):
            raise PolicyInvalid("no policy")
        case _:
            raise RequestInvalid
    return bodies.RoomStarted(room=started.room, host_claim=started.host_claim.reveal())


@router.post("/{room}/claim")
async def claim(deps: Deps, address: Address, room: Room, body: bodies.Claim) -> bodies.Claimed:
    """Become host by the claim of the host's link; the same browser may repeat it."""
    deps.limits.check("claim", address, room)
    await rooms.claim(deps, room, Secret(body.claim.get_secret_value()), body.key(), body.key_identity())
    return bodies.Claimed(role="host")


@router.post("/{room}/look")
async def look(deps: Deps, address: Address, room: Room, body: bodies.SeatKey) -> bodies.Look:
    """What this browser is in the room, before it enters."""
    deps.limits.check("look", address, room)
    view = await rooms.look(deps, room, body.key())
    return bodies.Look(
        role="stranger" if view.role is None else view.role.value,
        people=view.people,
        encryption=view.encryption.value,
        policy=None if view.policy is None else to_base64url(view.policy),
    )


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
    match await rooms.enter(deps, room, body.key(), _caller(body)):
        case rooms.Entered(role, identity, token, encryption, certificate):
            return bodies.Admitted(
                role=role.value,
                identity=identity,
                token=token.reveal(),
                signal_path="/",
                encryption=encryption.value,
                certificate=None if certificate is None else to_base64url(certificate),
            )
        case rooms.Waits(knock):
            response.status_code = 202
            return bodies.Waiting(knock=knock)
        case rooms.TurnedAway():
            return bodies.Denied()


def _caller(body: bodies.Enter) -> str | Card:
    """A name or a card, never both. Which of them the room takes is for the room to say; nothing at all is no name."""
    match body:
        case bodies.Enter(identity=None, card=None):
            return body.name or ""
        case bodies.Enter(name=None, identity=str(identity), card=str(card)):
            return Card(Identity(identity), from_base64url(card))
        case bodies.Enter(name=None):
            raise CardMissing
        case _:
            raise NameNotHere


@router.post("/{room}/people/{identity}/removal", status_code=204)
async def remove(deps: Deps, address: Address, room: Room, identity: Person, body: bodies.SeatKey) -> None:
    """Put somebody out of the room for good, in the same moment. Repeating it does no harm."""
    deps.limits.check("answer", address, room)
    await removal.remove(deps, room, Identity(identity), by=body.key())


@router.post("/{room}/policy", status_code=204)
async def change_policy(deps: Deps, address: Address, room: Room, body: bodies.ChangePolicy) -> None:
    """Put a newer policy in force, signed by the same host key."""
    deps.limits.check("answer", address, room)
    await rooms.change_policy(deps, room, from_base64url(body.policy), body.seq, by=body.key())


@router.post("/{room}/knocks/admit-all", status_code=204)
async def admit_all(deps: Deps, address: Address, room: Room, body: bodies.AdmitAll) -> None:
    deps.limits.check("answer", address, room)
    given = body.certificates
    certificates = None if given is None else {KnockId(knock): from_base64url(one) for knock, one in given.items()}
    await lobby.admit_all(deps, room, by=body.key(), certificates=certificates)


@router.post("/{room}/knocks/{knock}/admit", status_code=204)
async def admit(deps: Deps, address: Address, room: Room, knock: Knock, body: bodies.Admit) -> None:
    deps.limits.check("answer", address, room)
    certificate = None if body.certificate is None else from_base64url(body.certificate)
    await lobby.admit(deps, room, KnockId(knock), by=body.key(), certificate=certificate)


@router.post("/{room}/knocks/{knock}/deny", status_code=204)
async def deny(deps: Deps, address: Address, room: Room, knock: Knock, body: bodies.SeatKey) -> None:
    deps.limits.check("answer", address, room)
    await lobby.deny(deps, room, KnockId(knock), by=body.key())
