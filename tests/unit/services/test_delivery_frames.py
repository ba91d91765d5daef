"""Frames of the delivery socket: any bytes are a request or a typed error, and what the server says can be read."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huisclos.model.delivery import Commit, Create, Ready
from huisclos.model.errors import FrameInvalid
from huisclos.services import delivery_frames

ANNA = f"p_{'a' * 20}"
KINDS = ["hello", "create", "commit", "propose", "join_req", "app", "ready", "log", "state", "people", ""]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.binary(max_size=9) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "id",
        "epoch",
        "group",
        "info",
        "commit",
        "welcome",
        "to",
        "removed",
        "leaves",
        "sender",
        "kp",
        "leaf",
        "from",
        "v",
    ]
)


def read_or_refused(frame: bytes) -> None:
    for read in (delivery_frames.request, delivery_frames.hello):
        try:
            read(frame)
        except FrameInvalid:
            pass


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_typed_error(frame: bytes):
    read_or_refused(frame)


@given(st.sampled_from(KINDS), st.dictionaries(names, values))
def test_any_fields_are_a_request_or_a_typed_error(kind: str, fields: dict[str, object]):
    read_or_refused(cbor2.dumps({"t": kind} | fields))


def test_requests_are_read_as_they_were_meant():
    commit = {"t": "commit", "id": 1, "epoch": 2, "commit": b"c", "info": b"i", "to": [ANNA], "removed": [], "later": 1}
    create = {"t": "create", "id": 1, "group": b"g", "epoch": 0, "info": b"i", "leaves": [[ANNA, 3]]}

    assert delivery_frames.request(cbor2.dumps(commit)) == Commit(1, 2, b"c", b"i", None, (ANNA,), ())  # type: ignore[arg-type]
    assert delivery_frames.request(cbor2.dumps(create)) == Create(1, b"g", 0, b"i", None, ((ANNA, 3),))  # type: ignore[arg-type]
    assert delivery_frames.request(cbor2.dumps({"t": "ready", "epoch": 1, "leaf": 0})) == Ready(1, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"t": "ready", "epoch": True, "leaf": 0},
        {"t": "ready", "epoch": -1, "leaf": 0},
        {"t": "ready", "epoch": 0},
        {"t": "ready", "epoch": 0, "leaf": 2**32},
        {"t": "app", "epoch": 0, "message": b""},
        {"t": "app", "epoch": 0, "message": "text"},
        {"t": "commit", "id": 1, "epoch": 0, "commit": b"c", "info": b"i", "to": ["anna"]},
        {"t": "commit", "id": 1, "epoch": 0, "commit": b"c", "info": b"i", "to": [ANNA] * 5000},
    ],
    ids=str,
)
def test_a_field_that_is_missing_or_of_another_kind_is_refused(fields: dict[str, object]):
    with pytest.raises(FrameInvalid):
        delivery_frames.request(cbor2.dumps(fields))


def test_bytes_after_the_map_are_refused():
    frame = cbor2.dumps({"t": "state"})
    delivery_frames.request(frame)

    with pytest.raises(FrameInvalid):
        delivery_frames.request(frame + b"x")
