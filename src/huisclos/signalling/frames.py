"""Bytes and text of the signalling socket to and from messages: join requests, request frames, response frames.

Binary frames are protobuf, text frames protobuf's JSON. Unknown fields are ignored both ways; whatever does not decode
is a typed error and never anything else.
"""

import base64
import binascii
import zlib
from typing import Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from huisclos.model.errors import JoinRequestInvalid

# A join request travels in a URL; one that inflates past this is an attack (LiveKit's own limit).
MAX_JOIN_REQUEST_BYTES: Final = 1024 * 1024
_MAX_JSON_DEPTH: Final = 32


class FrameUndecodable(Exception):
    """The frame is not a SignalRequest. Its content is nobody's business and is not kept."""


def decode_join_request(parameter: str) -> rtc.JoinRequest:
    """The JoinRequest in the `join_request` query parameter. Raises JoinRequestInvalid."""
    try:
        raw = base64.b64decode(parameter.encode("ascii") + b"=" * (-len(parameter) % 4), altchars=b"-_", validate=True)
        wrapped = rtc.WrappedJoinRequest.FromString(raw)
        body = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.Compression.GZIP:
            body = _inflated(body)
        return rtc.JoinRequest.FromString(body)
    except (ValueError, binascii.Error, zlib.error, DecodeError):
        raise JoinRequestInvalid from None


def _inflated(body: bytes) -> bytes:
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    inflated = inflater.decompress(body, MAX_JOIN_REQUEST_BYTES)
    if not inflater.eof:
        raise JoinRequestInvalid("truncated, or larger than allowed once inflated")
    return inflated


def decode_frame(frame: bytes | str) -> rtc.SignalRequest:
    """The request in one socket frame. Raises FrameUndecodable."""
    try:
        if isinstance(frame, bytes):
            return rtc.SignalRequest.FromString(frame)
        return json_format.Parse(
            frame, rtc.SignalRequest(), ignore_unknown_fields=True, max_recursion_depth=_MAX_JSON_DEPTH
        )
    except (DecodeError, json_format.ParseError, ValueError, RecursionError):
        raise FrameUndecodable from None


def encode_binary(response: rtc.SignalResponse) -> bytes:
    return response.SerializeToString()


def encode_json(response: rtc.SignalResponse) -> str:
    return json_format.MessageToJson(response, indent=None)
