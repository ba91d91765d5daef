"""Who is a host, who may enter a room, and when a room is forgotten. Every way into a call asks `way_in`."""

from datetime import datetime, timedelta
from enum import Enum, auto

from huisclos.model.errors import ClaimUnknown, ClaimUsed, HostOnly
from huisclos.model.ids import ClaimHash, SeatHash
from huisclos.model.room import Role, Room, Seat, SeatState

# Long enough for a monthly meeting to keep its link with some slack, short enough that the store holds no history.
FORGOTTEN_AFTER = timedelta(days=30)


class WayIn(Enum):
    OPEN = auto()
    KNOCK = auto()
    CLOSED = auto()


def way_in(seat: Seat | None) -> WayIn:
    """What the door does for a browser. Being the first, or the only one, changes nothing."""
    match seat:
        case None:
            return WayIn.KNOCK
        case Seat(role=Role.HOST) | Seat(state=SeatState.ADMITTED):
            return WayIn.OPEN
        case _:
            return WayIn.CLOSED


def check_claim(room: Room, claim: ClaimHash, seat: SeatHash) -> None:
    """Return if `seat` is host of `room` by `claim`. Raises ClaimUnknown, or ClaimUsed if another seat was before."""
    if claim != room.claim:
        raise ClaimUnknown
    if room.claimed_by not in (None, seat):
        raise ClaimUsed


def check_host(seat: Seat | None) -> None:
    """Return if `seat` is a host's. Raises HostOnly."""
    if seat is None or seat.role is not Role.HOST:
        raise HostOnly


def forgotten_before(now: datetime) -> datetime:
    """Rooms last used before this are purged."""
    return now - FORGOTTEN_AFTER
