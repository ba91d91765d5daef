"""A host puts somebody out of a room: seat, tokens, door, delivery and call end together. Keys are the clients' to change."""

from dataclasses import replace

from huisclos.model.errors import PersonUnknown
from huisclos.model.events import Answer
from huisclos.model.ids import Identity, RoomId
from huisclos.model.room import Role, SeatState
from huisclos.model.secrecy import Secret
from huisclos.services.dependencies import Dependencies
from huisclos.services.rooms import room_of_host


async def remove(deps: Dependencies, room: RoomId, identity: Identity, *, by: Secret) -> None:
    """Put a guest out for good. `by` is a host's seat key. Repeating it does no harm.

    The store knows first, so that whoever is on the way in meanwhile is refused.
    Raises HostOnly, RoomUnknown, PersonUnknown (also for a host).
    """
    await room_of_host(deps, room, by)
    seat = await deps.store.seat_of(room, identity)
    if seat is None:
        if not await deps.store.is_removed(room, identity):
            raise PersonUnknown
    elif seat.role is Role.HOST:
        raise PersonUnknown
    else:
        await deps.store.keep_seat(room, replace(seat, state=SeatState.DENIED))
        deps.doors.tell_seat(room, seat.key, Answer.DENIED)
    deps.deliveries.remove(room, identity)
    deps.send_out(room, identity)
