"""The waiting at a door: places, times, and the end of a wait."""

from datetime import timedelta

import pytest

from huisclos.domain import lobby as rules
from huisclos.domain.lobby import DOOR_GRACE, KNOCK_LIFETIME, MOST_KNOCKS
from huisclos.model.errors import KnockUnknown, LobbyFull
from huisclos.model.ids import SeatHash, new_knock_id
from huisclos.model.lobby import Knock, Lobby
from huisclos.model.secrecy import Pii
from unit.conftest import NOON

ANNA, BEN = SeatHash("anna"), SeatHash("ben")
MOMENT = timedelta(milliseconds=1)


def knocked(lobby: Lobby, seat: SeatHash, name: str = "x", *, after: timedelta = timedelta()) -> tuple[Lobby, Knock]:
    return rules.knock(lobby, seat, Pii(name), fresh=new_knock_id(), now=NOON + after)


def test_who_knocks_again_keeps_place_and_waiting_time_under_the_new_name():
    lobby, first = knocked(Lobby(), ANNA, "Ana")
    lobby, _ = knocked(lobby, BEN)

    lobby, again = knocked(lobby, ANNA, "Anna", after=timedelta(seconds=5))

    assert (again.id, again.knocked_at, again.caller) == (first.id, NOON, Pii("Anna"))
    assert [knock.seat for knock in lobby.knocks.values()] == [ANNA, BEN]


def test_the_lobby_is_full_at_its_limit_but_not_for_who_waits_already():
    lobby = Lobby()
    for number in range(MOST_KNOCKS):
        lobby, _ = knocked(lobby, SeatHash(f"seat {number}"))

    with pytest.raises(LobbyFull):
        knocked(lobby, ANNA)
    assert len(knocked(lobby, SeatHash("seat 0"))[0].knocks) == MOST_KNOCKS


def test_a_knock_older_than_ten_minutes_cannot_be_answered():
    lobby, knock = knocked(Lobby(), ANNA)
    lobby = rules.door_opened(lobby, ANNA)

    assert rules.answered(lobby, knock.id, NOON + KNOCK_LIFETIME)[1].seat == ANNA
    with pytest.raises(KnockUnknown):
        rules.answered(lobby, knock.id, NOON + KNOCK_LIFETIME + MOMENT)


def test_a_knock_whose_door_has_closed_lives_for_the_grace_only():
    lobby, knock = knocked(Lobby(), ANNA)
    lobby = rules.door_opened(lobby, ANNA)
    left = NOON + timedelta(minutes=2)
    lobby = rules.door_closed(lobby, ANNA, left)

    assert rules.expired(lobby, left + DOOR_GRACE) == (lobby, ())
    emptied, over = rules.expired(lobby, left + DOOR_GRACE + MOMENT)
    assert (emptied, [one.id for one in over]) == (Lobby(), [knock.id])


def test_a_knock_that_never_opens_its_door_lives_for_the_grace_only():
    lobby, _ = knocked(Lobby(), ANNA)

    assert rules.expired(lobby, NOON + DOOR_GRACE + MOMENT)[0] == Lobby()


def test_a_door_opened_again_within_the_grace_keeps_the_place():
    lobby, _ = knocked(Lobby(), ANNA)
    lobby = rules.door_closed(rules.door_opened(lobby, ANNA), ANNA, NOON)

    lobby = rules.door_opened(lobby, ANNA)

    assert rules.expired(lobby, NOON + timedelta(minutes=5)) == (lobby, ())


def test_a_knock_is_answered_once():
    lobby, knock = knocked(Lobby(), ANNA)

    lobby, _ = rules.answered(lobby, knock.id, NOON)

    with pytest.raises(KnockUnknown):
        rules.answered(lobby, knock.id, NOON)


def test_a_host_sees_names_in_order_with_the_seconds_they_wait():
    lobby, _ = knocked(Lobby(), ANNA, "Anna")
    lobby, _ = knocked(lobby, BEN, "Ben", after=timedelta(seconds=7))

    seen = rules.seen_by_host(lobby, NOON + timedelta(seconds=9.9)).waiting

    assert [(guest.caller.reveal(), guest.waiting_s) for guest in seen] == [("Anna", 9), ("Ben", 2)]
