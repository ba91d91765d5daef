"""What is told through doors: to whom, when, and no more than that."""

import asyncio

import pytest

from huisclos.model.errors import HostOnly, TooManyRequests
from huisclos.model.events import Answer, Knocks
from huisclos.model.ids import Identity, RoomId
from huisclos.model.secrecy import Secret
from huisclos.services import lobby, rooms
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Door
from huisclos.services.rooms import Entered, Waits
from unit.conftest import Clock, Inside, new_seat_key

HOST, ANNA, BEN = new_seat_key(), new_seat_key(), new_seat_key()


@pytest.fixture
async def room(deps: Dependencies) -> RoomId:
    """A room whose host is HOST."""
    started = await rooms.start_transit_room(deps)
    await rooms.claim(deps, started.room, started.host_claim, HOST)
    return started.room


async def knock(deps: Dependencies, room: RoomId, key: Secret, name: str = "Anna") -> Waits:
    entry = await rooms.enter(deps, room, key, name)
    assert isinstance(entry, Waits)
    return entry


async def told(door: Door) -> Answer | Knocks:
    """What the door has to tell now; nothing waits for something that may still come."""
    return await asyncio.wait_for(door.next_event(), 1)


def is_silent(door: Door) -> bool:
    return door.pending() == 0


def names(event: Answer | Knocks) -> list[str]:
    assert isinstance(event, Knocks)
    return [guest.caller.reveal() for guest in event.waiting]


async def test_a_host_hears_of_a_knock_and_the_guest_of_the_admission(deps: Dependencies, room: RoomId):
    waits = await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, HOST) as hosts, lobby.open_door(deps, room, ANNA) as annas:
        assert names(await told(hosts)) == ["Anna"]
        assert await told(annas) is Answer.WAITING

        await lobby.admit(deps, room, waits.knock, by=HOST)

        assert names(await told(hosts)) == []
        assert await told(annas) is Answer.ADMITTED
    assert isinstance(await rooms.enter(deps, room, ANNA, "Anna"), Entered)


async def test_an_admitted_guest_comes_back_without_knocking_under_the_same_identity(deps: Dependencies, room: RoomId):
    await lobby.admit(deps, room, (await knock(deps, room, ANNA)).knock, by=HOST)

    first = await rooms.enter(deps, room, ANNA, "Anna")
    again = await rooms.enter(deps, room, ANNA, "Anna at home")

    assert isinstance(first, Entered)
    assert isinstance(again, Entered)
    assert again.identity == first.identity


async def test_one_who_waits_hears_nothing_of_the_others(deps: Dependencies, room: RoomId):
    await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, ANNA) as annas:
        assert await told(annas) is Answer.WAITING

        await lobby.admit(deps, room, (await knock(deps, room, BEN, "Ben")).knock, by=HOST)

        assert is_silent(annas)
    view = await rooms.look(deps, room, ANNA)
    assert (view.role, view.people) == (None, None)


async def test_only_who_is_seated_learns_how_many_are_there(deps: Dependencies, room: RoomId, inside: Inside):
    inside.people[room] = [Identity("p_1"), Identity("p_2")]

    assert (await rooms.look(deps, room, HOST)).people == 2
    assert (await rooms.look(deps, room, ANNA)).people is None


async def test_a_door_opened_after_the_answer_tells_it_at_once(deps: Dependencies, room: RoomId):
    await lobby.admit(deps, room, (await knock(deps, room, ANNA)).knock, by=HOST)
    await lobby.deny(deps, room, (await knock(deps, room, BEN)).knock, by=HOST)

    for key, answer in ((ANNA, Answer.ADMITTED), (BEN, Answer.DENIED), (new_seat_key(), Answer.EXPIRED)):
        async with lobby.open_door(deps, room, key) as door:
            assert await told(door) is answer


async def test_a_guest_who_leaves_the_door_is_gone_after_the_grace(deps: Dependencies, room: RoomId, clock: Clock):
    await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, ANNA):
        clock.forward(minutes=5)
        lobby.expire_knocks(deps)
    async with lobby.open_door(deps, room, HOST) as hosts:
        assert names(await told(hosts)) == ["Anna"]

        clock.forward(seconds=11)
        lobby.expire_knocks(deps)

        assert names(await told(hosts)) == []


async def test_closing_one_of_two_doors_of_a_browser_keeps_the_place(deps: Dependencies, room: RoomId, clock: Clock):
    await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, ANNA) as first:
        async with lobby.open_door(deps, room, ANNA):
            pass
        clock.forward(seconds=60)

        lobby.expire_knocks(deps)

        assert await told(first) is Answer.WAITING
        assert is_silent(first)


async def test_a_knock_nobody_answers_runs_out_and_both_sides_hear_it(deps: Dependencies, room: RoomId, clock: Clock):
    await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, HOST) as hosts, lobby.open_door(deps, room, ANNA) as annas:
        await told(hosts)
        await told(annas)

        clock.forward(minutes=10, seconds=1)
        lobby.expire_knocks(deps)

        assert await told(annas) is Answer.EXPIRED
        assert names(await told(hosts)) == []
    assert isinstance(await rooms.enter(deps, room, ANNA, "Anna"), Waits)


async def test_two_hosts_answering_one_knock_differently_at_once_give_one_answer(deps: Dependencies, room: RoomId):
    waits = await knock(deps, room, ANNA)
    async with lobby.open_door(deps, room, ANNA) as annas:
        await told(annas)

        outcomes = await asyncio.gather(
            lobby.deny(deps, room, waits.knock, by=HOST),
            lobby.admit(deps, room, waits.knock, by=HOST),
            return_exceptions=True,
        )

        assert [outcome for outcome in outcomes if outcome is None] == [None]
        await told(annas)
        assert is_silent(annas)


async def test_an_admitted_guest_admits_nobody(deps: Dependencies, room: RoomId):
    await lobby.admit(deps, room, (await knock(deps, room, ANNA)).knock, by=HOST)
    waits = await knock(deps, room, BEN)

    for key in (ANNA, BEN, new_seat_key()):
        with pytest.raises(HostOnly):
            await lobby.admit(deps, room, waits.knock, by=key)
        with pytest.raises(HostOnly):
            await lobby.admit_all(deps, room, by=key)


async def test_a_host_of_one_room_is_nobody_in_another(deps: Dependencies, room: RoomId):
    other = (await rooms.start_transit_room(deps)).room
    waits = await knock(deps, other, ANNA)

    with pytest.raises(HostOnly):
        await lobby.admit(deps, other, waits.knock, by=HOST)


async def test_a_guest_who_claims_the_hosts_seat_stops_waiting(deps: Dependencies):
    started = await rooms.start_transit_room(deps)
    await knock(deps, started.room, ANNA)
    async with lobby.open_door(deps, started.room, ANNA) as annas:
        await told(annas)

        await rooms.claim(deps, started.room, started.host_claim, ANNA)

        assert await told(annas) is Answer.ADMITTED
    assert deps.doors.lobby(started.room).knocks == {}


async def test_a_reader_that_sleeps_gets_the_newest_list(deps: Dependencies, room: RoomId):
    async with lobby.open_door(deps, room, HOST) as hosts:
        for number in range(20):
            await knock(deps, room, new_seat_key(), f"guest {number}")

        events = [await told(hosts) for _ in range(hosts.pending())]

    assert len(events) == 8
    assert len(names(events[-1])) == 20


async def test_one_browser_cannot_collect_doors(deps: Dependencies, room: RoomId):
    async with (
        lobby.open_door(deps, room, ANNA),
        lobby.open_door(deps, room, ANNA),
        lobby.open_door(deps, room, ANNA),
        lobby.open_door(deps, room, ANNA),
    ):
        with pytest.raises(TooManyRequests):
            async with lobby.open_door(deps, room, ANNA):
                pass
    async with lobby.open_door(deps, room, ANNA):
        pass


async def test_doors_and_knocks_that_are_over_leave_nothing_in_memory(deps: Dependencies, room: RoomId, clock: Clock):
    for _ in range(20):
        key = new_seat_key()
        await knock(deps, room, key)
        async with lobby.open_door(deps, room, key):
            pass
    clock.forward(seconds=11)

    lobby.expire_knocks(deps)

    assert deps.doors.is_empty()
