"""Names that the service gives to rooms, people and knocks: random, opaque, never built from anything a person typed.

A room id is a capability (who has it may knock), so it has 128 random bits and is shortened wherever it is shown.
"""

import base64
import re
import secrets
from typing import NewType, Self

_RANDOM_BYTES = 16
_BASE32 = re.compile(r"[a-z2-7]{26}")


def _random_base32() -> str:
    return base64.b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode().rstrip("=").lower()


class RoomId(str):
    """Where people meet: 26 characters of lower-case base32, 128 bits from the system's generator."""

    __slots__ = ()

    @classmethod
    def new(cls) -> Self:
        return cls(_random_base32())

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The id that `text` is, or None: nothing else is ever looked up."""
        return cls(text) if _BASE32.fullmatch(text) else None

    @property
    def short(self) -> str:
        """For logs: enough to follow one room through them, not enough to enter it."""
        return f"{self[:5]}…"

    def __repr__(self) -> str:
        return f"RoomId({self.short})"


Identity = NewType("Identity", str)
"""Who a seat is in the call, for the others. `p_` and 26 random characters, kept over reloads; in an encrypted room `p_`
and 20 characters of base64url, the fingerprint of a key that the browser made."""

_KEY_IDENTITY = re.compile(r"p_[A-Za-z0-9_-]{20}")

KnockId = NewType("KnockId", str)
"""One wait at one door: `k_` and 26 random characters."""

SeatHash = NewType("SeatHash", str)
"""SHA-256 of a seat key in hexadecimal: how the server knows a browser again without being able to pass for it."""

ClaimHash = NewType("ClaimHash", str)
"""SHA-256 of a room's one-time host claim in hexadecimal."""


def new_identity() -> Identity:
    return Identity(f"p_{_random_base32()}")


def key_identity(text: str) -> Identity | None:
    """The fingerprint identity that `text` is, or None."""
    return Identity(text) if _KEY_IDENTITY.fullmatch(text) else None


def new_knock_id() -> KnockId:
    return KnockId(f"k_{_random_base32()}")
