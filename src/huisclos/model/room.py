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
    """Fixed when the room is made. `E2EE`: only those in the call can read what is said. `TRANSIT`: the server forwards
    media it could read."""

    E2EE = "e2ee"
    TRANSIT = "transit"


class Admission(StrEnum):
    """Who lets a guest in: a host, or the link alone."""

    LOBBY = "lobby"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of an encrypted room as its host signed them. The clients judge them; the server keeps and hands them out."""

    blob: bytes
    seq: int
    """Grows with each change, so that nobody can be shown an older policy again."""
    admission: Admission
    host_key: bytes
    """The room's Ed25519 public key (32 bytes): every later policy must be signed by it too."""


@dataclass(frozen=True, slots=True)
class Room:
    id: RoomId
    claim: ClaimHash
    created_at: datetime
    last_used_at: datetime
    encryption: Encryption = Encryption.TRANSIT
    claimed_by: SeatHash | None = None
    """The seat that used the host's claim. Whoever it is, it was never chosen for coming first."""
    policy: bytes | None = None
    """The signed policy in force (`Policy.blob`); None exactly in a `TRANSIT` room."""
    policy_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser's place in one room, recognised by the hash of its seat key."""

    key: SeatHash
    identity: Identity
    role: Role
    state: SeatState
    certificate: bytes | None = None
    """A host's signed leave for this seat's key in an encrypted room; only clients read it."""
