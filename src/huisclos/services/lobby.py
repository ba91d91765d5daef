"""What happens at a room's door: a host admits or denies, a browser opens its door and is told, knocks run out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from huisclos.domain import lobby as rules
from huisclos.domain import rooms as room_rules
from huisclos.domain.rooms import WayIn
from huisclos.identity import seats
from huisclos.model.errors import CertificateMissing, RequestInvalid
from huisclos.model.events import Answer
from huisclos.model.ids import KnockId, RoomId, new_identity
from huisclos.model.lobby import Card, Knock
from huisclos.model.room import Encryption, Role, Room, Seat, SeatState
from huisclos.model.secrecy import Secret
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Door
from huisclos.services.rooms import room_of_host


async def admit(
    deps: Dependencies, room: RoomId, knock: KnockId, *, by: Secret, certificate: bytes | None = None
) -> None:
    """Let one in. `by` is a host's seat key. `certificate`: the host's leave for the guest's key, in encrypted rooms only.

    Raises HostOnly, KnockUnknown, RoomUnknown, CertificateMissing, RequestInvalid.
    """
    kept = await room_of_host(deps, room, by)
    _check_certificates(kept, None if certificate is None else {knock: certificate})
    _, waiting = rules.answered(deps.doors.lobby(room), knock, deps.clock())
    await _keep_answer(deps, room, waiting, SeatState.ADMITTED, certificate)


async def deny(deps: Dependencies, room: RoomId, knock: KnockId, *, by: Secret) -> None:
    """Turn one away for good. Raises HostOnly, KnockUnknown, RoomUnknown."""
    await room_of_host(deps, room, by)
    _, waiting = rules.answered(deps.doors.lobby(room), knock, deps.clock())
    await _keep_answer(deps, room, waiting, SeatState.DENIED, None)


async def admit_all(
    deps: Dependencies, room: RoomId, *, by: Secret, certificates: Mapping[KnockId, bytes] | None = None
) -> None:
    """Let in all who wait now; in an encrypted room those of them who are in `certificates`: the others came later.

    Raises HostOnly, RoomUnknown, CertificateMissing, RequestInvalid.
    """
    kept = await room_of_host(deps, room, by)
    _check_certificates(kept, certificates)
    lobby, _ = rules.expired(deps.doors.lobby(room), deps.clock())
    for knock in lobby.knocks.values():
        if certificates is None or knock.id in certificates:
            certificate = None if certificates is None else certificates[knock.id]
            await _keep_answer(deps, room, knock, SeatState.ADMITTED, certificate)


def _check_certificates(room: Room, certificates: Mapping[KnockId, bytes] | None) -> None:
    if room.encryption is Encryption.E2EE and certificates is None:
        raise CertificateMissing
    if room.encryption is Encryption.TRANSIT and certificates is not None:
        raise RequestInvalid("a certificate in a transit room")


async def _keep_answer(
    deps: Dependencies, room: RoomId, knock: Knock, state: SeatState, certificate: bytes | None
) -> None:
    """Take the knock away, so that a second host cannot answer it otherwise; keep the answer; only then tell it:
    whoever hears `admitted` can enter."""
    deps.doors.set_lobby(room, rules.without(deps.doors.lobby(room), knock.seat))
    admitted = state is SeatState.ADMITTED
    # Whoever is turned away keeps no claim to the identity it showed: it may be somebody else's.
    identity = knock.caller.identity if admitted and isinstance(knock.caller, Card) else new_identity()
    try:
        await deps.store.keep_seat(room, Seat(knock.seat, identity, Role.GUEST, state, certificate))
    except BaseException:
        deps.doors.set_lobby(room, rules.put_back(deps.doors.lobby(room), knock))
        raise
    # The guest may have knocked again in that moment.
    lobby = rules.without(deps.doors.lobby(room), knock.seat)
    deps.doors.set_lobby(room, lobby)
    deps.doors.tell_seat(room, knock.seat, Answer.ADMITTED if admitted else Answer.DENIED)
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
