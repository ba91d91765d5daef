"""Who may connect to the delivery service of an encrypted room: whoever may join its call, by the same token."""

from huisclos.model.errors import RoomUnknown, TokenInvalid
from huisclos.model.ids import Identity, RoomId
from huisclos.model.room import Encryption, Role
from huisclos.services.delivery import Connection
from huisclos.services.dependencies import Dependencies


async def connect(deps: Dependencies, room_id: RoomId, token: str) -> Connection:
    """Raises RoomUnknown (also for a transit room), TokenFault, RoomFull."""
    room = await deps.store.room(room_id)
    if room.encryption is not Encryption.E2EE:
        raise RoomUnknown
    grant = deps.tokens.verify_join_token(token)
    if not grant.is_internal or grant.room != room_id:
        raise TokenInvalid("a token of another room")
    # The token outlives what was decided about its seat, by minutes.
    seat = await deps.store.seat_of(room_id, Identity(grant.identity))
    if seat is None:
        raise TokenInvalid("no such seat any more")
    connection = deps.deliveries.connect(room_id, seat.identity, hosts=seat.role is Role.HOST)
    # A host may have put the seat out between the look and the connection.
    if await deps.store.seat_of(room_id, seat.identity) is None:
        deps.deliveries.closed(connection)
        raise TokenInvalid("no such seat any more")
    return connection
