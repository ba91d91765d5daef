"""Seat keys and claims are recognised by hashes, and only real ones are taken."""

import base64
import hashlib
import secrets

import pytest

from huisclos.identity.seats import claim_hash, new_claim, seat_hash
from huisclos.model.errors import RequestInvalid
from huisclos.model.secrecy import Secret


def test_a_seat_is_known_by_the_sha256_of_its_32_bytes():
    raw = secrets.token_bytes(32)
    text = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    assert seat_hash(Secret(text)) == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("bits", [31, 33, 0, 64])
def test_a_key_of_another_length_is_refused(bits: int):
    text = base64.urlsafe_b64encode(secrets.token_bytes(bits)).decode().rstrip("=")

    with pytest.raises(RequestInvalid):
        seat_hash(Secret(text))


@pytest.mark.parametrize("text", ["", "é" * 43, "+" * 43, "=" * 43, "A" * 42 + "=", "A" * 43 + "=", " " + "A" * 42])
def test_a_key_in_another_alphabet_or_padding_is_refused(text: str):
    with pytest.raises(RequestInvalid):
        seat_hash(Secret(text))


def test_every_claim_is_new_and_has_256_bits():
    claims = {new_claim().reveal() for _ in range(1000)}

    assert len(claims) == 1000
    assert all(len(base64.urlsafe_b64decode(claim + "=")) == 32 for claim in claims)
    assert len({claim_hash(Secret(claim)) for claim in claims}) == 1000
