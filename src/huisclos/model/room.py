"""A room and the seats in it, as they are kept. No name and no address is part of either: those live in memory only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from huisclos.model.ids import ClaimHash, Identity, RoomId, SeatHash


class Role(StrEnum):
    HOST = "host"
    GUEST = "guest"


class SeatState(StrEnum):
    ADMITTED = "admitted"
    DENIED = "denied"


class Encryption(StrEnum):
    """Fixed when the room is made. `TRANSIT`: the server forwards media it could read."""

    TRANSIT = "transit"


@dataclass(frozen=True, slots=True)
class Room:
    id: RoomId
    claim: ClaimHash
    created_at: datetime
    last_used_at: datetime
    encryption: Encryption = Encryption.TRANSIT
    claimed_by: SeatHash | None = None
    """The seat that used the host's claim. Whoever it is, it was never chosen for coming first."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser's place in one room, recognised by the hash of its seat key."""

    key: SeatHash
    identity: Identity
    role: Role
    state: SeatState
