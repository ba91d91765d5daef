"""Policies of encrypted rooms: what the host's room key has signed, read and checked. Holds no private key.

The clients check all of this again, and more: a server that hands out a forged policy is found out. The server checks so
that a mistake is told to the one who makes it.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from huisclos.model import cbor
from huisclos.model.errors import PolicyInvalid
from huisclos.model.ids import RoomId, key_identity
from huisclos.model.room import Admission, Encryption, Policy

LARGEST: Final = 24 * 1024
LARGEST_SEALED: Final = 8 * 1024
VERSION: Final = 1
MLS_SUITE: Final = 1  # X25519, AES-128-GCM, SHA-256, Ed25519 (RFC 9420 section 17.1)
KEY_BYTES: Final = 32
_SEALED_FIELDS: Final = (14, 15)  # title and agenda; what hosts keep for one another. The server can read neither
_SIGNATURE_BYTES: Final = 64
_LARGEST_NUMBER: Final = 2**53 - 1  # what JavaScript counts exactly


def signed_bytes(body: bytes) -> bytes:
    """What the host's key signs."""
    return b"hc1 policy\0" + body


def body(room: RoomId, host_key: bytes, *, admission: Admission, max_people: int, not_before: int) -> bytes:
    """The body of a room's first policy. `not_before` is in Unix seconds."""
    fields = (VERSION, room, Encryption.E2EE.value, MLS_SUITE, admission.value, max_people, host_key, 1, 1, not_before)
    return cbor.encode(dict(enumerate((*fields, 0, [], []), 1)))


def read(blob: bytes, room: RoomId) -> Policy:
    """The policy in `blob`, if it is one of this room, signed by the key it names. Raises PolicyInvalid."""
    if len(blob) > LARGEST:
        raise PolicyInvalid("too large")
    match _decoded(blob, depth=1):
        case [bytes(signed), bytes(signature)] if len(signature) == _SIGNATURE_BYTES:
            policy = _policy(blob, _decoded(signed, depth=2), room)
        case _:
            raise PolicyInvalid("not [body, signature]")
    try:
        Ed25519PublicKey.from_public_bytes(policy.host_key).verify(signature, signed_bytes(signed))
    except (InvalidSignature, ValueError):
        raise PolicyInvalid("signature") from None
    return policy


def read_next(blob: bytes, room: RoomId, *, now_in_force: bytes, seq: int) -> Policy:
    """A policy that may follow the one in force: of the same host key, and with the number it was sent under.

    Raises PolicyInvalid.
    """
    policy = read(blob, room)
    if policy.host_key != read(now_in_force, room).host_key or policy.seq != seq:
        raise PolicyInvalid("another host key or number")
    return policy


def _decoded(data: bytes, *, depth: int) -> object:
    try:
        return cbor.decode(data, depth=depth)
    except cbor.Undecodable:
        raise PolicyInvalid("undecodable") from None


def _policy(blob: bytes, fields: Any, room: RoomId) -> Policy:
    match fields:
        case {
            1: 1,
            2: str(of_room),
            3: "e2ee",
            4: 1,
            5: "lobby" | "open" as admission,
            6: int(most),
            7: bytes(host_key),
            8: int(generation),
            9: int(seq),
            10: int(not_before),
            11: int(not_after),
            12: list(providers),
            13: list(banned),
            **sealed,
        } if (
            all(key in _SEALED_FIELDS and _is_sealed(value) for key, value in sealed.items())
            and of_room == room
            and len(host_key) == KEY_BYTES
            and all(_is_number(number, least) for number, least in ((most, 1), (generation, 1), (seq, 1)))
            and all(_is_number(number, 0) for number in (not_before, not_after))
            and all(isinstance(one, bytes | str) for one in providers)
            and all(isinstance(one, str) and key_identity(one) for one in banned)
        ):
            return Policy(blob, seq, Admission(admission), host_key)
        case _:
            raise PolicyInvalid("fields")


def _is_sealed(value: Any) -> bool:
    return type(value) is bytes and len(value) <= LARGEST_SEALED


def _is_number(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= _LARGEST_NUMBER
