"""What happens at a room's door: a host admits or denies, a browser opens its door and is told, knocks run out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from huisclos.domain import lobby as rules
from huisclos.domain import rooms as room_rules
from huisclos.domain.rooms import WayIn
from huisclos.identity import seats
from huisclos.model.events import Answer
from huisclos.model.ids import KnockId, RoomId, new_identity
from huisclos.model.lobby import Knock
from huisclos.model.room import Role, Seat, SeatState
from huisclos.model.secrecy import Secret
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Door


async def admit(deps: Dependencies, room: RoomId, knock: KnockId, *, by: Secret) -> None:
    """Let one in. `by` is a host's seat key. Raises HostOnly, KnockUnknown, RoomUnknown."""
    await _answer(deps, room, knock, SeatState.ADMITTED, by=by)


async def deny(deps: Dependencies, room: RoomId, knock: KnockId, *, by: Secret) -> None:
    """Turn one away for good. Raises HostOnly, KnockUnknown, RoomUnknown."""
    await _answer(deps, room, knock, SeatState.DENIED, by=by)


async def admit_all(deps: Dependencies, room: RoomId, *, by: Secret) -> None:
    """Let in all who wait now. Raises HostOnly, RoomUnknown."""
    await _check_host(deps, room, by)
    lobby, _ = rules.expired(deps.doors.lobby(room), deps.clock())
    for knock in lobby.knocks.values():
        await _keep_answer(deps, room, knock, SeatState.ADMITTED)


async def _answer(deps: Dependencies, room: RoomId, knock_id: KnockId, state: SeatState, *, by: Secret) -> None:
    await _check_host(deps, room, by)
    _, knock = rules.answered(deps.doors.lobby(room), knock_id, deps.clock())
    await _keep_answer(deps, room, knock, state)


async def _check_host(deps: Dependencies, room: RoomId, seat_key: Secret) -> None:
    await deps.store.room(room)
    room_rules.check_host(await deps.store.seat(room, seats.seat_hash(seat_key)))


async def _keep_answer(deps: Dependencies, room: RoomId, knock: Knock, state: SeatState) -> None:
    """Take the knock away, so that a second host cannot answer it otherwise; keep the answer; only then tell it:
    whoever hears `admitted` can enter."""
    deps.doors.set_lobby(room, rules.without(deps.doors.lobby(room), knock.seat))
    try:
        await deps.store.keep_seat(room, Seat(knock.seat, new_identity(), Role.GUEST, state))
    except BaseException:
        deps.doors.set_lobby(room, rules.put_back(deps.doors.lobby(room), knock))
        raise
    # The guest may have knocked again in that moment.
    lobby = rules.without(deps.doors.lobby(room), knock.seat)
    deps.doors.set_lobby(room, lobby)
    deps.doors.tell_seat(room, knock.seat, Answer.ADMITTED if state is SeatState.ADMITTED else Answer.DENIED)
    deps.doors.tell_hosts(room, rules.seen_by_host(lobby, deps.clock()))


@asynccontextmanager
async def open_door(deps: Dependencies, room: RoomId, seat_key: Secret) -> AsyncIterator[Door]:
    """The door of a browser while the block lasts, its first event already in it. Raises RoomUnknown, TooManyRequests.

    A host is told who waits, one who waits that it does. Whoever has been answered before is told so again, and who never
    knocked (or waited too long) hears `expired`: a door opened a moment too late must not stay silent.
    """
    key = seats.seat_hash(seat_key)
    await deps.store.room(room)
    seat = await deps.store.seat(room, key)
    hosts = seat is not None and seat.role is Role.HOST
    with deps.doors.opened(room, key, hosts=hosts) as door:
        lobby = rules.door_opened(deps.doors.lobby(room), key)
        deps.doors.set_lobby(room, lobby)
        if hosts:
            door.tell(rules.seen_by_host(lobby, deps.clock()))
        elif lobby.of_seat(key) is not None:
            door.tell(Answer.WAITING)
        else:
            # Read again: the answer may have come between the look at the store and the opening.
            door.tell(_known_answer(await deps.store.seat(room, key)))
        try:
            yield door
        finally:
            _door_closes(deps, room, door)


def _known_answer(seat: Seat | None) -> Answer:
    match room_rules.way_in(seat):
        case WayIn.OPEN:
            return Answer.ADMITTED
        case WayIn.CLOSED:
            return Answer.DENIED
        case WayIn.KNOCK:
            return Answer.EXPIRED


def _door_closes(deps: Dependencies, room: RoomId, door: Door) -> None:
    if deps.doors.count(room, door.seat) == 1:
        deps.doors.set_lobby(room, rules.door_closed(deps.doors.lobby(room), door.seat, deps.clock()))


def expire_knocks(deps: Dependencies) -> None:
    """End the knocks whose time is over, and tell both sides. `app` calls this about once a second."""
    now = deps.clock()
    for room in deps.doors.rooms_with_knocks():
        lobby, over = rules.expired(deps.doors.lobby(room), now)
        if not over:
            continue
        deps.doors.set_lobby(room, lobby)
        for knock in over:
            deps.doors.tell_seat(room, knock.seat, Answer.EXPIRED)
        deps.doors.tell_hosts(room, rules.seen_by_host(lobby, now))
