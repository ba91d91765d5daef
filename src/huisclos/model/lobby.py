"""Those who wait at a room's door. Ruled on in `domain`, held in memory by `services`, never stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from huisclos.model.ids import Identity, KnockId, SeatHash
from huisclos.model.secrecy import Pii

DisplayName: TypeAlias = Pii[str]


@dataclass(frozen=True, slots=True)
class Card:
    """What a guest leaves at the door of an encrypted room: its identity, and a name sealed for those who have the link."""

    identity: Identity
    sealed: bytes


Caller: TypeAlias = DisplayName | Card
"""How one who knocks is shown to hosts: a name in a transit room, a card in an encrypted one."""


@dataclass(frozen=True, slots=True)
class Knock:
    id: KnockId
    seat: SeatHash
    caller: Caller
    knocked_at: datetime
    alone_since: datetime | None
    """When its last door closed (or the knock came, no door being open yet); None while a door is open."""


@dataclass(frozen=True, slots=True)
class Lobby:
    """Knocks in the order in which they came."""

    knocks: Mapping[KnockId, Knock] = field(default_factory=dict)

    def of_seat(self, seat: SeatHash) -> Knock | None:
        return next((knock for knock in self.knocks.values() if knock.seat == seat), None)

    def of_identity(self, identity: Identity) -> Knock | None:
        """Who waits with a card of this identity."""
        return next(
            (k for k in self.knocks.values() if isinstance(k.caller, Card) and k.caller.identity == identity), None
        )
