"""CBOR (RFC 8949) as strangers may send it: plain values of definite length, nothing tagged, nothing left over."""

import io
from typing import Any, Final, NoReturn

import cbor2

# The tags that the library would turn into objects of its own (dates, regular expressions, sets …); others reach the hook.
_BUILT_IN_TAGS: Final = (
    *(0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54),
    *(100, 256, 258, 260, 261, 1004, 43000, 55799),
)


class Undecodable(Exception):
    """These bytes are not one plain CBOR value."""


def _refuse(*_: Any) -> NoReturn:
    raise Undecodable


_TAGS_REFUSED: Final = dict.fromkeys(_BUILT_IN_TAGS, _refuse)


def decode(data: bytes, *, depth: int) -> object:
    """The one value in `data`, containers nested `depth` deep at most. Raises Undecodable for anything else."""
    source = io.BytesIO(data)
    decoder = cbor2.CBORDecoder(
        source,
        tag_hook=_refuse,
        semantic_decoders=_TAGS_REFUSED,
        max_depth=depth,
        allow_indefinite=False,
        allow_duplicate_keys=False,
    )
    try:
        value = decoder.decode()
    except (cbor2.CBORError, ValueError, Undecodable):
        raise Undecodable from None
    try:
        decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return value
    raise Undecodable


def encode(value: object) -> bytes:
    return cbor2.dumps(value)
