"""The frame around MLS messages (RFC 9420 section 6): which group, which epoch, what kind, from what kind of sender.

It is all the server reads of MLS, and all it writes is the frame of its own proposal to remove somebody. What is inside is
for the members to judge; nothing here proves anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_VERSION: Final = 1  # mls10
_REMOVE: Final = 3  # ProposalType, section 17.4
_LONGEST_GROUP_ID: Final = 64


class HeaderInvalid(Exception):
    """These bytes do not begin like a framed MLS message."""


class WireFormat(IntEnum):
    PUBLIC = 1
    PRIVATE = 2


class ContentType(IntEnum):
    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


class SenderType(IntEnum):
    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


@dataclass(frozen=True, slots=True)
class Header:
    group: bytes
    epoch: int
    content: ContentType
    sender: SenderType | None
    """None in a private message, which hides it."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise HeaderInvalid
        self._at += count
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width))

    def vector(self) -> bytes:
        """`opaque<V>`: the length in 1, 2 or 4 bytes, told by its first two bits, and the shortest that will do (2.1.2)."""
        first = self.number(1)
        width = 1 << (first >> 6)
        if width > 4:
            raise HeaderInvalid
        length = int.from_bytes(bytes([first & 0x3F]) + self.take(width - 1))
        if width != _width(length):
            raise HeaderInvalid
        return self.take(length)


def _width(length: int) -> int:
    return 1 if length < 1 << 6 else 2 if length < 1 << 14 else 4


def parse(message: bytes) -> Header:
    """The header of an `MLSMessage` that frames content. Raises HeaderInvalid for any other bytes."""
    reader = _Reader(message)
    try:
        if reader.number(2) != _VERSION:
            raise HeaderInvalid
        match WireFormat(reader.number(2)):
            case WireFormat.PUBLIC:
                header = _public(reader)
            case WireFormat.PRIVATE:
                header = Header(reader.vector(), reader.number(8), ContentType(reader.number(1)), None)
    except ValueError:
        raise HeaderInvalid from None
    if not 0 < len(header.group) <= _LONGEST_GROUP_ID:
        raise HeaderInvalid
    return header


def _public(reader: _Reader) -> Header:
    group, epoch = reader.vector(), reader.number(8)
    sender = SenderType(reader.number(1))
    if sender in (SenderType.MEMBER, SenderType.EXTERNAL):
        reader.number(4)
    reader.vector()
    return Header(group, epoch, ContentType(reader.number(1)), sender)


def _vector(data: bytes) -> bytes:
    width = _width(len(data))
    prefix = len(data) | (width.bit_length() - 1) << (8 * width - 2)
    return prefix.to_bytes(width) + data


def external_remove(group: bytes, epoch: int, leaf: int, sign: Callable[[bytes], bytes]) -> bytes:
    """The proposal of external sender 0 to remove `leaf`, as an `MLSMessage`. `sign` is Ed25519 with that sender's key.

    What an external sender signs holds no group context (6.1), so that knowing group and epoch is enough.
    """
    content = b"".join(
        (
            _vector(group),
            epoch.to_bytes(8),
            SenderType.EXTERNAL.to_bytes() + bytes(4),  # sender_index 0
            _vector(b""),  # authenticated_data
            ContentType.PROPOSAL.to_bytes() + _REMOVE.to_bytes(2) + leaf.to_bytes(4),
        )
    )
    framed = _VERSION.to_bytes(2) + WireFormat.PUBLIC.to_bytes(2) + content
    # SignWithLabel, section 5.1.2.
    signature = sign(_vector(b"MLS 1.0 FramedContentTBS") + _vector(framed))
    return framed + _vector(signature)
