"""What the services work with, put together once by `app`. It holds tools and takes no decision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from huisclos.identity.room_tokens import RoomTokens
from huisclos.model.ids import Identity, RoomId
from huisclos.services.delivery import Deliveries
from huisclos.services.doors import Doors
from huisclos.services.limits import Limits
from huisclos.store.rooms import RoomStore

Clock: TypeAlias = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: RoomStore
    tokens: RoomTokens
    doors: Doors
    deliveries: Deliveries
    limits: Limits
    clock: Clock
    """The time of day, aware."""
    send_out: Callable[[RoomId, Identity], None]
    """End somebody's part in the call of a room, and keep it ended."""
    people_in: Callable[[RoomId], Sequence[Identity]]
    """Who is in the call of a room right now."""
    media_age: Callable[[], float]
    """Seconds since the media plane last gave a sign of life; infinite when there is none."""
    max_rooms: int
    max_people: int
    """In one room."""
