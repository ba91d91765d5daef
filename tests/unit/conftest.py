"""What unit tests of the control plane share: a clock that tests turn, both databases, and the services on top of them."""

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huisclos.identity.removal_key import RemovalKey
from huisclos.identity.room_tokens import RoomTokens
from huisclos.model.ids import Identity, RoomId
from huisclos.model.secrecy import Secret
from huisclos.services.delivery import Deliveries
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Doors
from huisclos.services.limits import Limits
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore
from postgres import PostgresCluster

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Clock:
    """The time of a test: it stands still until told."""

    now: datetime = NOON
    ran: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.ran

    def forward(self, **by: float) -> None:
        step = timedelta(**by)
        self.now += step
        self.ran += step.total_seconds()


@dataclass
class Inside:
    """Who is in which call, and how old the media plane's last sign of life is: what a running server would know."""

    people: dict[RoomId, list[Identity]] = field(default_factory=dict)
    media_age: float = 0.0

    def send_out(self, room: RoomId, identity: Identity) -> None:
        self.people[room] = [one for one in self.people.get(room, []) if one != identity]

    def people_in(self, room: RoomId) -> list[Identity]:
        return self.people.get(room, [])


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Secret:
    """An empty database. A test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    return cluster.new_database()


@pytest.fixture
async def store(database_url: Secret) -> AsyncIterator[RoomStore]:
    opened = RoomStore(await open_database(database_url))
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
async def deps(tmp_path: Path, clock: Clock, inside: Inside) -> AsyncIterator[Dependencies]:
    """The services' tools over a real SQLite database."""
    sqlite = RoomStore(await open_database(default_url(tmp_path)))
    yield dependencies(sqlite, clock, inside)
    await sqlite.close()


def dependencies(rooms: RoomStore, clock: Clock, inside: Inside) -> Dependencies:
    key = Secret(secrets.token_hex(32))
    return Dependencies(
        store=rooms,
        tokens=RoomTokens(key, {}, clock),
        doors=Doors(),
        deliveries=Deliveries(RemovalKey(key), max_people=3, seconds=time.monotonic),
        limits=Limits(clock.monotonic),
        clock=clock,
        send_out=inside.send_out,
        people_in=inside.people_in,
        media_age=lambda: inside.media_age,
        max_rooms=1000,
        max_people=3,
    )


def new_seat_key() -> Secret:
    return Secret(secrets.token_urlsafe(32))
