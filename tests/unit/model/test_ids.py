"""Ids are random, have the bits that are promised, and do not show themselves whole."""

from itertools import pairwise

import pytest

from huisclos.model.ids import RoomId, new_identity, new_knock_id


def test_room_ids_have_128_random_bits_and_never_repeat():
    ids = [RoomId.new() for _ in range(20_000)]

    assert len(set(ids)) == len(ids)
    assert all(RoomId.parse(id_) == id_ for id_ in ids)
    assert len(ids[0]) == 26
    # 26 base32 digits hold 130 bits; two of them are padding, so the last digit takes one of 8 values.
    assert [len({id_[place] for id_ in ids}) for place in range(26)] == [32] * 25 + [8]


def test_ids_made_one_after_the_other_have_no_order():
    ids = [RoomId.new() for _ in range(2000)]

    rises = sum(first < second for first, second in pairwise(ids))

    assert 850 < rises < 1150


@pytest.mark.parametrize("text", ["", "test", "a" * 25, "a" * 27, "A" * 26, "1" * 26, "a" * 25 + "\n", "a" * 26 + "\n"])
def test_nothing_else_is_a_room_id(text: str):
    assert RoomId.parse(text) is None


def test_a_room_id_is_shortened_where_it_might_be_logged():
    room = RoomId.new()

    assert room not in repr(room)
    assert room not in room.short
    assert room.startswith(room.short[:5])


def test_identities_and_knocks_tell_what_they_are():
    assert new_identity().startswith("p_")
    assert new_knock_id().startswith("k_")
    assert len({new_identity() for _ in range(1000)}) == 1000
