"""The secrets of a new encrypted room: link secret, host key, first policy. For the process that prints links, and no other.

A server must never hold them: whoever has the link secret can read the meeting. Only `app.room_commands` may import this
module (a structure test holds it), and it runs in a process of its own that prints and ends.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from huisclos.identity import room_policy
from huisclos.model import cbor
from huisclos.model.ids import RoomId
from huisclos.model.room import Admission
from huisclos.model.secrecy import Secret

_LINK_SECRET_BYTES: Final = 16
_FINGERPRINT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class LinkSecrets:
    room: RoomId
    policy: bytes
    """Public: the server keeps it."""
    guest_fragment: Secret
    """`1.<link secret>.<fingerprint of the host key>`, what follows `#` in a guest's link."""
    host_seed: Secret
    """The host's Ed25519 seed, base64url."""

    def host_fragment(self, claim: Secret) -> Secret:
        return Secret(f"{self.guest_fragment.reveal()}.{claim.reveal()}.{self.host_seed.reveal()}")


def new_room(now: datetime, *, max_people: int) -> LinkSecrets:
    """Secrets and first policy of a room that admits by its lobby."""
    room = RoomId.new()
    host = Ed25519PrivateKey.generate()
    public = host.public_key().public_bytes_raw()
    body = room_policy.body(
        room, public, admission=Admission.LOBBY, max_people=max_people, not_before=int(now.timestamp())
    )
    policy = cbor.encode([body, host.sign(room_policy.signed_bytes(body))])
    fingerprint = hashlib.sha256(public).digest()[:_FINGERPRINT_BYTES]
    link_secret = secrets.token_bytes(_LINK_SECRET_BYTES)
    guest = f"1.{_base64url(link_secret)}.{_base64url(fingerprint)}"
    return LinkSecrets(room, policy, Secret(guest), Secret(_base64url(host.private_bytes_raw())))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
