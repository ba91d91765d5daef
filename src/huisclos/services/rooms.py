"""What a person wants of a room: start it, claim its host's seat, look at it, enter it, close it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from huisclos.domain import lobby as lobby_rules
from huisclos.domain import names
from huisclos.domain import rooms as rules
from huisclos.domain.rooms import WayIn
from huisclos.identity import room_policy, seats
from huisclos.model.errors import (
    CardMissing,
    CardNotHere,
    ClaimUsed,
    IdentityMissing,
    IdentityTaken,
    NameNotHere,
    PolicyInvalid,
    PolicyStale,
    RequestInvalid,
    RoomFull,
    RoomUnknown,
)
from huisclos.model.events import Answer
from huisclos.model.ids import Identity, KnockId, RoomId, SeatHash, new_identity, new_knock_id
from huisclos.model.lobby import Caller, Card, Lobby
from huisclos.model.room import Admission, Encryption, Role, Room, Seat, SeatState
from huisclos.model.secrecy import Secret
from huisclos.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Started:
    room: RoomId
    host_claim: Secret


@dataclass(frozen=True, slots=True)
class View:
    """What a browser may know of a room before it enters. `role` None: a stranger, who learns no number."""

    role: Role | None
    people: int | None
    encryption: Encryption
    policy: bytes | None


@dataclass(frozen=True, slots=True)
class Entered:
    role: Role
    identity: Identity
    token: Secret
    encryption: Encryption
    certificate: bytes | None


@dataclass(frozen=True, slots=True)
class Waits:
    knock: KnockId


@dataclass(frozen=True, slots=True)
class TurnedAway:
    pass


Entry: TypeAlias = Entered | Waits | TurnedAway


async def start_transit_room(deps: Dependencies) -> Started:
    """A new room whose media the server could read, and the only copy of its host's claim. Raises RoomsExhausted."""
    now = deps.clock()
    claim = seats.new_claim()
    room = Room(RoomId.new(), seats.claim_hash(claim), now, now, Encryption.TRANSIT)
    await deps.store.add(room, at_most=deps.max_rooms)
    return Started(room.id, claim)


async def start_encrypted_room(deps: Dependencies, room_id: RoomId, policy: bytes) -> Started:
    """An encrypted room under the id and policy that its maker has chosen and signed, and its host's claim.

    Raises PolicyInvalid, RoomTaken, RoomsExhausted.
    """
    now = deps.clock()
    claim = seats.new_claim()
    seq = room_policy.read(policy, room_id).seq
    room = Room(
        room_id, seats.claim_hash(claim), now, now, Encryption.E2EE, claimed_by=None, policy=policy, policy_seq=seq
    )
    await deps.store.add(room, at_most=deps.max_rooms)
    return Started(room.id, claim)


async def claim(
    deps: Dependencies, room_id: RoomId, claim: Secret, seat_key: Secret, identity: Identity | None = None
) -> Role:
    """Make the browser host of the room. The same browser may repeat it. `identity`: of its key, in encrypted rooms only.

    Raises ClaimUnknown, ClaimUsed, RoomUnknown, IdentityMissing, IdentityTaken, RequestInvalid.
    """
    seat = seats.seat_hash(seat_key)
    room = await deps.store.room(room_id)
    rules.check_claim(room, seats.claim_hash(claim), seat)
    shown = _host_identity(room, identity)
    if not await deps.store.claim(room_id, seat):
        raise ClaimUsed
    await deps.store.keep_seat(room_id, Seat(seat, shown, Role.HOST, SeatState.ADMITTED))
    _leave_lobby(deps, room_id, seat)
    return Role.HOST


def _host_identity(room: Room, identity: Identity | None) -> Identity:
    if room.encryption is Encryption.TRANSIT:
        if identity is not None:
            raise RequestInvalid("an identity in a transit room")
        return new_identity()
    if identity is None:
        raise IdentityMissing
    return identity


async def look(deps: Dependencies, room_id: RoomId, seat_key: Secret) -> View:
    """Raises RoomUnknown."""
    room = await deps.store.room(room_id)
    seat = await deps.store.seat(room_id, seats.seat_hash(seat_key))
    if seat is None or rules.way_in(seat) is not WayIn.OPEN:
        return View(None, None, room.encryption, room.policy)
    return View(seat.role, len(deps.people_in(room_id)), room.encryption, room.policy)


async def room_of_host(deps: Dependencies, room_id: RoomId, seat_key: Secret) -> Room:
    """The room, if this is the seat key of one of its hosts. Raises RoomUnknown, HostOnly."""
    room = await deps.store.room(room_id)
    rules.check_host(await deps.store.seat(room_id, seats.seat_hash(seat_key)))
    return room


async def change_policy(deps: Dependencies, room_id: RoomId, policy: bytes, seq: int, *, by: Secret) -> None:
    """Put a newer policy of the same host key in force. `by` is a host's seat key.

    Raises HostOnly, RoomUnknown, PolicyInvalid, PolicyStale; PolicyInvalid also in a transit room, which has none.
    """
    room = await room_of_host(deps, room_id, by)
    if room.policy is None:
        raise PolicyInvalid("a transit room has no policy")
    newer = room_policy.read_next(policy, room_id, now_in_force=room.policy, seq=seq)
    if not await deps.store.replace_policy(room_id, newer):
        raise PolicyStale


async def enter(deps: Dependencies, room_id: RoomId, seat_key: Secret, caller: str | Card) -> Entry:
    """Enter if the seat may, or else knock. `caller`: a name in a transit room, a card in an encrypted one.

    Raises NameInvalid, RoomUnknown, RoomFull, LobbyFull, CardMissing, NameNotHere, CardNotHere, IdentityTaken.
    """
    key = seats.seat_hash(seat_key)
    room = await deps.store.room(room_id)
    shown = _shown(room, caller)
    seat = await deps.store.seat(room_id, key)
    if isinstance(shown, Card):
        seat = await _seat_of_key(deps, room, key, seat, shown.identity)
    match rules.way_in(seat), seat:
        case WayIn.OPEN, Seat() as seated:
            return await _enter(deps, room, seated, shown)
        case WayIn.KNOCK, _:
            return _knock(deps, room_id, key, shown)
        case _:
            return TurnedAway()


def _shown(room: Room, caller: str | Card) -> Caller:
    """The caller as this room shows it. A name never comes to the server of an encrypted room, not even by mistake."""
    match room.encryption, caller:
        case Encryption.E2EE, "":
            raise CardMissing
        case Encryption.E2EE, str():
            raise NameNotHere
        case Encryption.E2EE, Card() as card:
            return card
        case _, str(name):
            return names.checked(name)
        case _:
            raise CardNotHere


async def _seat_of_key(
    deps: Dependencies, room: Room, key: SeatHash, seat: Seat | None, identity: Identity
) -> Seat | None:
    """The seat of a browser in an encrypted room, or None if that has to knock.

    A host who shows a new key is still host, the claim being proven; a guest was admitted by its key and knocks anew with
    another. Where the policy opens the room to the link, a guest is seated without a host.
    """
    known = await deps.store.seat_of(room.id, identity)
    waiting = deps.doors.lobby(room.id).of_identity(identity)
    if (known is not None and known.key != key) or (waiting is not None and waiting.seat != key):
        raise IdentityTaken
    if seat is not None and (seat.state is SeatState.DENIED or seat.identity == identity):
        return seat
    opens = room.policy is not None and room_policy.read(room.policy, room.id).admission is Admission.OPEN
    if seat is not None and seat.role is Role.HOST:
        seat = Seat(key, identity, Role.HOST, SeatState.ADMITTED)
    elif opens:
        seat = Seat(key, identity, Role.GUEST, SeatState.ADMITTED)
    else:
        return None
    await deps.store.keep_seat(room.id, seat)
    return seat


async def _enter(deps: Dependencies, room: Room, seat: Seat, caller: Caller) -> Entered:
    inside = deps.people_in(room.id)
    if len(inside) >= deps.max_people and seat.identity not in inside:
        raise RoomFull
    await deps.store.touch([room.id], deps.clock())
    name = None if isinstance(caller, Card) else caller
    token = deps.tokens.mint(room.id, seat.identity, name)
    return Entered(seat.role, seat.identity, token, room.encryption, seat.certificate)


def _knock(deps: Dependencies, room_id: RoomId, seat: SeatHash, caller: Caller) -> Waits:
    now = deps.clock()
    lobby, knock = lobby_rules.knock(deps.doors.lobby(room_id), seat, caller, fresh=new_knock_id(), now=now)
    deps.doors.set_lobby(room_id, lobby)
    if deps.doors.count(room_id, seat):
        deps.doors.set_lobby(room_id, lobby_rules.door_opened(lobby, seat))
        deps.doors.tell_seat(room_id, seat, Answer.WAITING)
    deps.doors.tell_hosts(room_id, lobby_rules.seen_by_host(lobby, now))
    return Waits(knock.id)


def _leave_lobby(deps: Dependencies, room_id: RoomId, seat: SeatHash) -> None:
    lobby = lobby_rules.without(deps.doors.lobby(room_id), seat)
    deps.doors.set_lobby(room_id, lobby)
    deps.doors.tell_seat(room_id, seat, Answer.ADMITTED)
    deps.doors.tell_hosts(room_id, lobby_rules.seen_by_host(lobby, deps.clock()))


async def close_room(deps: Dependencies, room_id: RoomId) -> None:
    """Forget the room: nobody enters any more, and those who wait are told. Raises RoomUnknown."""
    if not await deps.store.remove(room_id):
        raise RoomUnknown
    deps.doors.tell_everyone(room_id, Answer.EXPIRED)
    deps.doors.set_lobby(room_id, Lobby())


async def gone(deps: Dependencies, in_use: Sequence[RoomId]) -> list[RoomId]:
    """Which of these rooms were closed, by this process or another one (`huisclos room close`)."""
    kept = await deps.store.among(in_use) if in_use else frozenset()
    return [room for room in in_use if room not in kept]


async def purge(deps: Dependencies, in_use: Sequence[RoomId]) -> int:
    """Forget rooms that nobody used for 30 days, and say how many. A call in progress counts as use."""
    now = deps.clock()
    if in_use:
        await deps.store.touch(in_use, now)
    return await deps.store.remove_unused(rules.forgotten_before(now))
