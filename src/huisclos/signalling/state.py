"""The state of one call and the questions every part asks of it. What changes it is in `room`, `requests` and `media`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models

from huisclos.signalling import responses
from huisclos.signalling.data import Replay
from huisclos.signalling.demand import Demand
from huisclos.signalling.outbox import Connection, Outbox
from huisclos.signalling.participant import RECEIVER, Participant

DISCONNECTED: Final = models.ParticipantInfo.State.DISCONNECTED


@dataclass(slots=True)
class CallState:
    sid: str
    name: str
    opened_at: float
    new_id: Callable[[str], str]
    """A fresh random id that begins with the given prefix."""
    encrypted: bool = False
    """End to end, by the participants."""
    metadata: str = ""
    told_people: int = 0
    """How many people everybody was told are here, and when."""
    told_people_at: float = 0.0
    outbox: Outbox = field(default_factory=Outbox)
    participants: dict[str, Participant] = field(default_factory=dict)
    """By sid, in the order of joining."""
    publishers: dict[str, Participant] = field(default_factory=dict)
    """Track sid → who publishes it; only tracks that are bound to a section."""
    replay: Replay = field(default_factory=Replay)
    demand: Demand = field(default_factory=Demand)
    requests: int = 0

    changed: dict[str, Participant] = field(default_factory=dict)
    """Whose info the others must be told when the turn ends."""
    departed: list[models.ParticipantInfo] = field(default_factory=list)
    unsettled: dict[str, Participant] = field(default_factory=dict)
    """Whose sections may no longer carry what they want."""

    def owner(self, peer: str) -> Participant | None:
        """Whose peer this is."""
        return self.participants.get(peer.removesuffix(RECEIVER))

    def with_identity(self, identity: str) -> Participant | None:
        return next((p for p in self.participants.values() if p.identity == identity), None)

    def on_connection(self, connection: Connection) -> Participant | None:
        return next((p for p in self.participants.values() if p.connection == connection), None)

    def others(self, participant: Participant) -> Iterator[Participant]:
        return (other for other in self.participants.values() if other is not participant)

    def next_request(self) -> int:
        self.requests += 1
        return self.requests

    def tell_about(self, participant: Participant) -> None:
        self.changed[participant.sid] = participant

    def unsettle(self, participant: Participant) -> None:
        self.unsettled[participant.sid] = participant

    def unsettle_others(self, participant: Participant) -> None:
        for other in self.others(participant):
            self.unsettle(other)

    def room(self) -> models.Room:
        return models.Room(
            sid=self.sid,
            name=self.name,
            metadata=self.metadata,
            creation_time=int(self.opened_at),
            creation_time_ms=int(self.opened_at * 1000),
            num_participants=len(self.participants),
            num_publishers=sum(bool(p.publications.live) for p in self.participants.values()),
            enabled_codecs=responses.codecs(),
        )
