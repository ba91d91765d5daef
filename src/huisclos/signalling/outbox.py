"""What one turn of a call wants done, in order. Collects; whoever ran the turn carries it out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType, TypeAlias

from livekit.protocol import rtc

from huisclos.model.call import MediaCommand
from huisclos.model.join_grant import JoinGrant

Connection = NewType("Connection", int)
"""One open signalling socket. A participant that resumes changes its connection and keeps its sid."""


@dataclass(frozen=True, slots=True)
class Send:
    """The same message to each of `connections`; it is encoded once however many they are."""

    connections: tuple[Connection, ...]
    response: rtc.SignalResponse


@dataclass(frozen=True, slots=True)
class SendFreshToken:
    """A new room token with the rights of `grant`, so that a reconnect after the first one's end still succeeds."""

    connection: Connection
    grant: JoinGrant


@dataclass(frozen=True, slots=True)
class Hangup:
    """Close this socket once all that was sent before has left."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Command:
    command: MediaCommand


Output: TypeAlias = Send | SendFreshToken | Hangup | Command


class Outbox:
    """Filled while a turn runs. `take` empties it."""

    def __init__(self) -> None:
        self._outputs: list[Output] = []

    def send(self, connection: Connection | None, response: rtc.SignalResponse) -> None:
        """To nobody when `connection` is None: a participant between two sockets is told the whole state on resuming."""
        if connection is not None:
            self._outputs.append(Send((connection,), response))

    def send_all(self, connections: Iterable[Connection | None], response: rtc.SignalResponse) -> None:
        present = tuple(connection for connection in connections if connection is not None)
        if present:
            self._outputs.append(Send(present, response))

    def send_fresh_token(self, connection: Connection, grant: JoinGrant) -> None:
        self._outputs.append(SendFreshToken(connection, grant))

    def hang_up(self, connection: Connection | None) -> None:
        if connection is not None:
            self._outputs.append(Hangup(connection))

    def command(self, command: MediaCommand) -> None:
        self._outputs.append(Command(command))

    def take(self) -> list[Output]:
        outputs, self._outputs = self._outputs, []
        return outputs
