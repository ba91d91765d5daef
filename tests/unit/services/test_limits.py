"""Limits count networks and rooms, and nothing that a client can choose anew."""

import pytest

from huisclos.model.errors import TooManyRequests
from huisclos.model.ids import RoomId
from huisclos.services.limits import RATES, Limits
from unit.conftest import Clock


def tries(limits: Limits, addresses: list[str], room: RoomId | None = None) -> int:
    """How many claims are granted, one from each address."""
    granted = 0
    for address in addresses:
        try:
            limits.check("claim", address, room)
        except TooManyRequests:
            continue
        granted += 1
    return granted


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock.monotonic)


def test_a_whole_ipv6_network_shares_one_budget(limits: Limits):
    granted = tries(limits, [f"2001:db8:1:2::{number:x}" for number in range(1000)])

    assert granted == RATES["claim"].network.burst
    assert limits.refusals == 1000 - granted


def test_one_room_has_one_budget_over_all_networks(limits: Limits):
    addresses = [f"2001:db8:{number:x}::1" for number in range(1000)]

    assert tries(limits, addresses, RoomId.new()) == RATES["claim"].room.burst
    assert tries(limits, addresses, RoomId.new()) == RATES["claim"].room.burst


def test_who_is_refused_is_told_how_long_to_wait(limits: Limits, clock: Clock):
    tries(limits, ["192.0.2.1"] * 60)
    with pytest.raises(TooManyRequests) as refused:
        limits.check("claim", "192.0.2.1")

    clock.forward(seconds=refused.value.wait_s)

    limits.check("claim", "192.0.2.200")


def test_a_flood_of_networks_does_not_fill_the_memory(limits: Limits):
    for number in range(60_000):
        limits.check("look", f"10.{number >> 16}.{number >> 8 & 255}.1" if number < 100 else f"2001:db8:{number:x}::1")

    assert limits.size <= 50_000
