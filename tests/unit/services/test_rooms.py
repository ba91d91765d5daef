"""Rooms are started, found, filled and forgotten."""

from datetime import timedelta

import pytest

from huisclos.model.errors import ClaimUsed, NameInvalid, RoomFull, RoomUnknown
from huisclos.model.events import Answer
from huisclos.model.ids import Identity, RoomId
from huisclos.services import lobby, rooms
from huisclos.services.dependencies import Dependencies
from huisclos.services.rooms import Entered
from unit.conftest import Clock, Inside, new_seat_key


async def test_the_claim_makes_one_browser_host_and_only_that_one(deps: Dependencies):
    started = await rooms.start_transit_room(deps)
    key = new_seat_key()

    await rooms.claim(deps, started.room, started.host_claim, key)
    await rooms.claim(deps, started.room, started.host_claim, key)

    with pytest.raises(ClaimUsed):
        await rooms.claim(deps, started.room, started.host_claim, new_seat_key())
    entry = await rooms.enter(deps, started.room, key, "Zoé")
    assert isinstance(entry, Entered)
    grant = deps.tokens.verify_join_token(entry.token.reveal())
    assert (grant.room, grant.identity, grant.name.reveal()) == (started.room, entry.identity, "Zoé")


async def test_every_way_to_an_unknown_room_is_refused_alike(deps: Dependencies):
    room, key = RoomId.new(), new_seat_key()

    with pytest.raises(RoomUnknown):
        await rooms.claim(deps, room, key, key)
    with pytest.raises(RoomUnknown):
        await rooms.look(deps, room, key)
    with pytest.raises(RoomUnknown):
        await rooms.enter(deps, room, key, "x")
    with pytest.raises(RoomUnknown):
        await lobby.admit_all(deps, room, by=key)
    with pytest.raises(RoomUnknown):
        async with lobby.open_door(deps, room, key):
            pass


async def test_a_full_room_takes_nobody_new_but_takes_back_who_is_in_it(deps: Dependencies, inside: Inside):
    started = await rooms.start_transit_room(deps)
    key = new_seat_key()
    await rooms.claim(deps, started.room, started.host_claim, key)
    entry = await rooms.enter(deps, started.room, key, "x")
    assert isinstance(entry, Entered)
    others = [Identity(f"p_{number}") for number in range(deps.max_people)]

    inside.people[started.room] = others
    with pytest.raises(RoomFull):
        await rooms.enter(deps, started.room, key, "x")
    inside.people[started.room] = [*others[1:], entry.identity]

    assert isinstance(await rooms.enter(deps, started.room, key, "x"), Entered)


async def test_a_name_that_deceives_is_refused_before_anything_happens(deps: Dependencies):
    started = await rooms.start_transit_room(deps)

    with pytest.raises(NameInvalid):
        await rooms.enter(deps, started.room, new_seat_key(), "anna\u202e")

    assert deps.doors.is_empty()


async def test_closing_a_room_ends_the_wait_of_those_at_its_door(deps: Dependencies):
    room = (await rooms.start_transit_room(deps)).room
    key = new_seat_key()
    await rooms.enter(deps, room, key, "Anna")
    async with lobby.open_door(deps, room, key) as door:
        await door.next_event()

        await rooms.close_room(deps, room)

        assert await door.next_event() is Answer.EXPIRED
    with pytest.raises(RoomUnknown):
        await rooms.close_room(deps, room)
    assert await rooms.gone(deps, [room]) == [room]


async def test_rooms_unused_for_thirty_days_are_forgotten_unless_a_call_goes_on(deps: Dependencies, clock: Clock):
    unused, in_use, entered = [await rooms.start_transit_room(deps) for _ in range(3)]
    key = new_seat_key()
    await rooms.claim(deps, entered.room, entered.host_claim, key)
    clock.forward(days=20)
    await rooms.enter(deps, entered.room, key, "x")
    clock.forward(days=10)
    assert await rooms.purge(deps, []) == 0
    clock.now += timedelta(seconds=1)

    assert await rooms.purge(deps, [in_use.room]) == 1

    assert await rooms.gone(deps, [unused.room, in_use.room, entered.room]) == [unused.room]
