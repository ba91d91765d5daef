"""What a door tells the person behind it. `services` makes these, `api` writes them as JSON."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from huisclos.model.ids import KnockId
from huisclos.model.lobby import Caller


class Answer(StrEnum):
    """Told to one who knocked. `EXPIRED`: nobody answered in time, or there is no such knock (any more)."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class WaitingGuest:
    knock: KnockId
    caller: Caller
    waiting_s: int


@dataclass(frozen=True, slots=True)
class Knocks:
    """Told to hosts: everybody who waits now. Each one replaces the one before."""

    waiting: tuple[WaitingGuest, ...]


DoorEvent: TypeAlias = Answer | Knocks
