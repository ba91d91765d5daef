"""No order of knocks, admissions, denials, claims and comings lets in a guest whom no host let in, and nobody becomes
host but by the claim: above all not by being first."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from huisclos.model.errors import ClaimUnknown, ClaimUsed, HostOnly, KnockUnknown
from huisclos.model.ids import KnockId
from huisclos.model.room import Role
from huisclos.services import lobby, rooms
from huisclos.services.dependencies import Dependencies
from huisclos.services.rooms import Entered, TurnedAway, Waits
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore
from unit.conftest import Clock, Inside, dependencies, new_seat_key

PEOPLE = 4
people = st.integers(0, PEOPLE - 1)


class Door(RuleBasedStateMachine):
    """What the services do, beside a plain account of what was decided about whom."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.store = RoomStore(self.run(open_database(default_url(self.folder))))
        self.deps = dependencies(self.store, self.clock, Inside())
        started = self.run(rooms.start_transit_room(self.deps))
        self.room, self.claim = started.room, started.host_claim
        self.keys = [new_seat_key() for _ in range(PEOPLE)]
        self.host: int | None = None
        self.admitted: set[int] = set()
        self.denied: set[int] = set()
        self.knocks: dict[KnockId, int] = {}

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(person=people)
    def come(self, person: int) -> None:
        entry = self.run(rooms.enter(self.deps, self.room, self.keys[person], f"person {person}"))
        match entry:
            case Entered(role, _, _):
                assert person == self.host or person in self.admitted
                assert (role is Role.HOST) == (person == self.host)
            case TurnedAway():
                assert person in self.denied
            case Waits(knock):
                assert person not in self.admitted | self.denied | {self.host}
                assert self.knocks.setdefault(knock, person) == person

    @rule(person=people)
    def claim_the_hosts_seat(self, person: int) -> None:
        try:
            self.run(rooms.claim(self.deps, self.room, self.claim, self.keys[person]))
        except ClaimUsed:
            assert self.host not in (None, person)
        else:
            assert self.host in (None, person)
            self.host = person
            self.admitted.discard(person)
            self.denied.discard(person)

    @precondition(lambda self: self.knocks)
    @rule(by=people, pick=st.integers(0, 50), let_in=st.booleans())
    def answer(self, by: int, pick: int, let_in: bool) -> None:
        knock = list(self.knocks)[pick % len(self.knocks)]
        answer = lobby.admit if let_in else lobby.deny
        try:
            self.run(answer(self.deps, self.room, knock, by=self.keys[by]))
        except HostOnly:
            assert by != self.host
        except KnockUnknown:
            assert by == self.host
        else:
            assert by == self.host
            (self.admitted if let_in else self.denied).add(self.knocks[knock])

    @rule(by=people)
    def admit_everybody(self, by: int) -> None:
        waiting = {knock.id for knock in self.deps.doors.lobby(self.room).knocks.values()}
        try:
            self.run(lobby.admit_all(self.deps, self.room, by=self.keys[by]))
        except HostOnly:
            assert by != self.host
        else:
            assert by == self.host
            self.admitted |= {self.knocks[knock] for knock in waiting}

    @rule(seconds=st.sampled_from([1, 11, 700]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)
        lobby.expire_knocks(self.deps)

    @rule()
    def a_server_starts_anew(self) -> None:
        self.deps = dependencies(self.store, self.clock, Inside())

    @invariant()
    def nobody_who_was_answered_waits(self) -> None:
        waiting = {self.knocks[knock] for knock in self.deps.doors.lobby(self.room).knocks}
        assert not waiting & (self.admitted | self.denied | {self.host})


TestTheLawOfTheDoor = Door.TestCase
TestTheLawOfTheDoor.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


async def test_the_claim_of_another_room_makes_nobody_host(deps: Dependencies):
    one, other = await rooms.start_transit_room(deps), await rooms.start_transit_room(deps)
    key = new_seat_key()

    with pytest.raises(ClaimUnknown):
        await rooms.claim(deps, one.room, other.host_claim, key)

    assert (await rooms.look(deps, one.room, key)).role is None
    assert await rooms.claim(deps, one.room, one.host_claim, key) is Role.HOST
