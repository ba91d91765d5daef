"""Seat keys and host claims: making a claim, and turning either into the hash that is kept. Judges no right."""

import base64
import binascii
import hashlib
import secrets
from typing import Final

from huisclos.model.errors import RequestInvalid
from huisclos.model.ids import ClaimHash, SeatHash
from huisclos.model.secrecy import Secret

_KEY_BYTES: Final = 32


def seat_hash(seat_key: Secret) -> SeatHash:
    """The hash of a browser's seat key. A plain SHA-256 is enough for 256 random bits. Raises RequestInvalid."""
    text = seat_key.reveal()
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise RequestInvalid("seat key is not base64url") from None
    if len(raw) != _KEY_BYTES:
        raise RequestInvalid("seat key does not have 32 bytes")
    return SeatHash(hashlib.sha256(raw).hexdigest())


def new_claim() -> Secret:
    """A one-time host claim of 256 random bits, fit for a URL fragment."""
    return Secret(secrets.token_urlsafe(_KEY_BYTES))


def claim_hash(claim: Secret) -> ClaimHash:
    return ClaimHash(hashlib.sha256(claim.reveal().encode()).hexdigest())
