"""Join requests and frames: what does not decode is a typed error, what is unknown is ignored."""

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import rtc

from huisclos.model.errors import JoinRequestInvalid
from huisclos.signalling.frames import FrameUndecodable, decode_frame, decode_join_request, encode_binary, encode_json

REQUEST = rtc.JoinRequest(metadata="here I am", reconnect=True)
GZIP = rtc.WrappedJoinRequest.Compression.GZIP


def wrapped(
    body: bytes, compression: rtc.WrappedJoinRequest.Compression = rtc.WrappedJoinRequest.Compression.NONE
) -> str:
    message = rtc.WrappedJoinRequest(join_request=body, compression=compression)
    return base64.urlsafe_b64encode(message.SerializeToString()).decode()


def test_a_plain_join_request_is_read() -> None:
    assert decode_join_request(wrapped(REQUEST.SerializeToString())) == REQUEST


def test_a_compressed_join_request_is_read_with_or_without_padding() -> None:
    parameter = wrapped(gzip.compress(REQUEST.SerializeToString()), GZIP)

    assert decode_join_request(parameter) == REQUEST
    assert decode_join_request(parameter.rstrip("=")) == REQUEST


def test_a_join_request_of_almost_one_mebibyte_is_read_and_a_larger_one_is_not() -> None:
    large = rtc.JoinRequest(metadata="x" * (1024 * 1024 - 100))
    bomb = rtc.JoinRequest(metadata="x" * (1024 * 1024 + 1))

    assert decode_join_request(wrapped(gzip.compress(large.SerializeToString()), GZIP)) == large
    with pytest.raises(JoinRequestInvalid):
        decode_join_request(wrapped(gzip.compress(bomb.SerializeToString()), GZIP))


def test_a_truncated_compressed_join_request_is_refused() -> None:
    body = gzip.compress(REQUEST.SerializeToString())[:-9]

    with pytest.raises(JoinRequestInvalid):
        decode_join_request(wrapped(body, GZIP))


@given(st.text())
def test_any_parameter_is_a_join_request_or_a_typed_error(text: str) -> None:
    try:
        decode_join_request(text)
    except JoinRequestInvalid:
        pass


@given(st.binary())
def test_any_compressed_body_is_a_join_request_or_a_typed_error(body: bytes) -> None:
    try:
        decode_join_request(wrapped(body, GZIP))
    except JoinRequestInvalid:
        pass


@given(st.one_of(st.binary(), st.text()))
def test_any_frame_is_a_request_or_a_typed_error(frame: bytes | str) -> None:
    try:
        decode_frame(frame)
    except FrameUndecodable:
        pass


def test_the_same_request_is_read_from_binary_and_from_json() -> None:
    request = rtc.SignalRequest(mute=rtc.MuteTrackRequest(sid="TR_1", muted=True))

    assert decode_frame(request.SerializeToString()) == request
    assert decode_frame('{"mute": {"sid": "TR_1", "muted": true}}') == request


def test_unknown_json_fields_are_ignored() -> None:
    assert decode_frame('{"ping": "7", "fromTheFuture": {"a": 1}}').ping == 7


def test_deeply_nested_json_is_a_typed_error() -> None:
    with pytest.raises(FrameUndecodable):
        decode_frame('{"x":' * 10_000)


def test_responses_are_written_in_both_encodings() -> None:
    response = rtc.SignalResponse(pong=5)

    assert rtc.SignalResponse.FromString(encode_binary(response)) == response
    assert encode_json(response) == '{"pong": "5"}'
