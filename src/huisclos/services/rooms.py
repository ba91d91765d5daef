"""What a person wants of a room: start it, claim its host's seat, look at it, enter it, close it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from huisclos.domain import lobby as lobby_rules
from huisclos.domain import names
from huisclos.domain import rooms as rules
from huisclos.domain.rooms import WayIn
from huisclos.identity import seats
from huisclos.model.errors import ClaimUsed, RoomFull, RoomUnknown
from huisclos.model.events import Answer
from huisclos.model.ids import Identity, KnockId, RoomId, SeatHash, new_identity, new_knock_id
from huisclos.model.lobby import DisplayName, Lobby
from huisclos.model.room import Role, Room, Seat, SeatState
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


@dataclass(frozen=True, slots=True)
class Entered:
    role: Role
    identity: Identity
    token: Secret


@dataclass(frozen=True, slots=True)
class Waits:
    knock: KnockId


@dataclass(frozen=True, slots=True)
class TurnedAway:
    pass


Entry: TypeAlias = Entered | Waits | TurnedAway


async def start_room(deps: Dependencies) -> Started:
    """A new room and the only copy of its host's claim. Raises RoomsExhausted."""
    now = deps.clock()
    claim = seats.new_claim()
    room = Room(RoomId.new(), seats.claim_hash(claim), created_at=now, last_used_at=now)
    await deps.store.add(room, at_most=deps.max_rooms)
    return Started(room.id, claim)


async def claim(deps: Dependencies, room_id: RoomId, claim: Secret, seat_key: Secret) -> Role:
    """Make the browser host of the room. The same browser may repeat it. Raises ClaimUnknown, ClaimUsed, RoomUnknown."""
    seat = seats.seat_hash(seat_key)
    room = await deps.store.room(room_id)
    rules.check_claim(room, seats.claim_hash(claim), seat)
    if not await deps.store.claim(room_id, seat):
        raise ClaimUsed
    await deps.store.keep_seat(room_id, Seat(seat, new_identity(), Role.HOST, SeatState.ADMITTED))
    _leave_lobby(deps, room_id, seat)
    return Role.HOST


async def look(deps: Dependencies, room_id: RoomId, seat_key: Secret) -> View:
    """Raises RoomUnknown."""
    await deps.store.room(room_id)
    seat = await deps.store.seat(room_id, seats.seat_hash(seat_key))
    if seat is None or rules.way_in(seat) is not WayIn.OPEN:
        return View(None, None)
    return View(seat.role, len(deps.people_in(room_id)))


async def enter(deps: Dependencies, room_id: RoomId, seat_key: Secret, name: str) -> Entry:
    """Enter if the seat may, or else knock. Raises NameInvalid, RoomUnknown, RoomFull, LobbyFull."""
    shown = names.checked(name)
    key = seats.seat_hash(seat_key)
    await deps.store.room(room_id)
    seat = await deps.store.seat(room_id, key)
    match rules.way_in(seat), seat:
        case WayIn.OPEN, Seat() as seated:
            return await _enter(deps, room_id, seated, shown)
        case WayIn.KNOCK, _:
            return _knock(deps, room_id, key, shown)
        case _:
            return TurnedAway()


async def _enter(deps: Dependencies, room_id: RoomId, seat: Seat, name: DisplayName) -> Entered:
    inside = deps.people_in(room_id)
    if len(inside) >= deps.max_people and seat.identity not in inside:
        raise RoomFull
    await deps.store.touch([room_id], deps.clock())
    return Entered(seat.role, seat.identity, deps.tokens.mint(room_id, seat.identity, name))


def _knock(deps: Dependencies, room_id: RoomId, seat: SeatHash, name: DisplayName) -> Waits:
    now = deps.clock()
    lobby, knock = lobby_rules.knock(deps.doors.lobby(room_id), seat, name, fresh=new_knock_id(), now=now)
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
