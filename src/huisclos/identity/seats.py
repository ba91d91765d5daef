"""Seat keys and host claims: making a claim, and turning either into the hash that is kept. Judges no right."""

import base64
import hashlib
import re
import secrets
from typing import Final

from huisclos.model.errors import RequestInvalid
from huisclos.model.ids import ClaimHash, SeatHash
from huisclos.model.secrecy import Secret

_KEY_BYTES: Final = 32
_BASE64URL_OF_32_BYTES: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def seat_hash(seat_key: Secret) -> SeatHash:
    """The hash of a browser's seat key. A plain SHA-256 is enough for 256 random bits. Raises RequestInvalid."""
    text = seat_key.reveal()
    if not _BASE64URL_OF_32_BYTES.fullmatch(text):
        raise RequestInvalid("a seat key is 32 bytes in base64url without padding")
    raw = base64.urlsafe_b64decode(text + "=")
    return SeatHash(hashlib.sha256(raw).hexdigest())


def new_claim() -> Secret:
    """A one-time host claim of 256 random bits, fit for a URL fragment."""
    return Secret(secrets.token_urlsafe(_KEY_BYTES))


def claim_hash(claim: Secret) -> ClaimHash:
    return ClaimHash(hashlib.sha256(claim.reveal().encode()).hexdigest())
