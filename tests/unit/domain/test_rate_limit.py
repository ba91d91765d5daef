"""Token buckets: what they grant over any time, and whom they count together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huisclos.domain.rate_limit import Rate, full, network_of, take


@given(
    st.integers(1, 20),
    st.floats(0.01, 50),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=60),
)
def test_no_pattern_of_tries_is_granted_more_than_burst_and_rate_allow(
    burst: int, per_second: float, pauses: list[float]
):
    rate = Rate(burst, per_second)
    now, granted = 100.0, 0
    bucket = full(rate, now)

    for pause in pauses:
        now += pause
        bucket, wait_s = take(bucket, rate, now)
        granted += wait_s == 0

    assert granted <= burst + per_second * (now - 100.0) + 1e-6


@given(st.integers(1, 20), st.floats(0.01, 50))
def test_who_waits_as_long_as_told_is_granted(burst: int, per_second: float):
    rate = Rate(burst, per_second)
    bucket = full(rate, 0.0)
    for _ in range(burst):
        bucket, wait_s = take(bucket, rate, 0.0)
        assert wait_s == 0
    bucket, wait_s = take(bucket, rate, 0.0)

    _, then = take(bucket, rate, float(wait_s) + 1e-6)

    assert wait_s >= 1
    assert then == 0


def test_a_clock_that_goes_back_grants_nothing():
    rate = Rate(1, 1.0)
    bucket, _ = take(full(rate, 100.0), rate, 100.0)

    bucket, wait_s = take(bucket, rate, 0.0)

    assert wait_s == 1
    assert take(bucket, rate, 100.5)[1] == 1


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("203.0.113.7", "203.0.113.250", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.9", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "not an address", True),
    ],
)
def test_addresses_of_one_network_are_counted_together(one: str, other: str, together: bool):
    assert (network_of(one) == network_of(other)) is together
