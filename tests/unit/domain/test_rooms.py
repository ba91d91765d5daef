"""Who is let in, and by what right."""

import pytest

from huisclos.domain.rooms import WayIn, check_claim, check_host, way_in
from huisclos.model.errors import ClaimUnknown, ClaimUsed, HostOnly
from huisclos.model.ids import ClaimHash, RoomId, SeatHash, new_identity
from huisclos.model.room import Role, Room, Seat, SeatState
from unit.conftest import NOON

ANNA, BEN = SeatHash("anna"), SeatHash("ben")
CLAIM, OTHER_CLAIM = ClaimHash("claim"), ClaimHash("another")


def seat(role: Role, state: SeatState) -> Seat:
    return Seat(ANNA, new_identity(), role, state)


def room(claimed_by: SeatHash | None = None) -> Room:
    return Room(RoomId.new(), CLAIM, NOON, NOON, claimed_by=claimed_by)


@pytest.mark.parametrize(
    ("seat", "way"),
    [
        (None, WayIn.KNOCK),
        (seat(Role.GUEST, SeatState.ADMITTED), WayIn.OPEN),
        (seat(Role.GUEST, SeatState.DENIED), WayIn.CLOSED),
        (seat(Role.HOST, SeatState.ADMITTED), WayIn.OPEN),
        (seat(Role.HOST, SeatState.DENIED), WayIn.OPEN),
    ],
)
def test_strangers_knock_the_denied_stay_out_and_hosts_always_enter(seat: Seat | None, way: WayIn):
    assert way_in(seat) is way


def test_a_claim_is_good_for_the_first_seat_and_for_it_again():
    check_claim(room(), CLAIM, ANNA)
    check_claim(room(claimed_by=ANNA), CLAIM, ANNA)
    with pytest.raises(ClaimUsed):
        check_claim(room(claimed_by=ANNA), CLAIM, BEN)


def test_a_wrong_claim_is_not_told_whether_the_right_one_was_used():
    for of in (room(), room(claimed_by=ANNA), room(claimed_by=BEN)):
        with pytest.raises(ClaimUnknown):
            check_claim(of, OTHER_CLAIM, ANNA)


def test_only_a_hosts_seat_is_a_hosts():
    check_host(seat(Role.HOST, SeatState.ADMITTED))
    for other in (None, seat(Role.GUEST, SeatState.ADMITTED), seat(Role.GUEST, SeatState.DENIED)):
        with pytest.raises(HostOnly):
            check_host(other)
