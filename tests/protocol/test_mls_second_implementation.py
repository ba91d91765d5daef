"""What our MLS writes, an independent implementation of RFC 9420 reads and finds rightly signed."""

import json
import subprocess

import pytest
from rfc9420 import DefaultCryptoProvider, InvalidSignatureError, PublicGroup
from rfc9420.messages.key_packages import KeyPackage
from rfc9420.messages.messages import MLSPlaintext

from structure.sources import ROOT

# Protocol version and wire format stand before the body of each message (RFC 9420 §6).
HEADER = 4


@pytest.fixture(scope="module")
def sample() -> dict[str, bytes | list[str]]:
    """Messages of a meeting of two: key_package, welcome, info, commit; and identities by leaf."""
    done = subprocess.run(["node", "mls/sample.mjs"], cwd=ROOT, check=True, capture_output=True, text=True)
    return {
        name: value if isinstance(value, list) else bytes.fromhex(value)
        for name, value in json.loads(done.stdout).items()
    }


def observer(sample: dict) -> PublicGroup:
    return PublicGroup.from_group_info(DefaultCryptoProvider(), sample["info"][HEADER:])


def damaged(message: bytes, at: int) -> bytes:
    copy = bytearray(message)
    copy[at] ^= 1
    return bytes(copy)


def test_it_verifies_the_group_info_and_sees_the_same_members(sample: dict):
    group = observer(sample)

    assert (group.epoch, group.member_count) == (1, 2)
    assert [group.get_leaf_node(leaf).credential.identity.decode() for leaf in range(2)] == sample["identities"]
    with pytest.raises(InvalidSignatureError):
        PublicGroup.from_group_info(DefaultCryptoProvider(), damaged(sample["info"][HEADER:], -1))


def test_it_verifies_a_commit_by_a_member(sample: dict):
    commit = sample["commit"][HEADER:]

    observer(sample).process_handshake(MLSPlaintext.deserialize(commit))

    with pytest.raises(InvalidSignatureError):
        observer(sample).process_handshake(MLSPlaintext.deserialize(damaged(commit, 150)))


def test_it_verifies_a_key_package(sample: dict):
    KeyPackage.deserialize(sample["key_package"][HEADER:]).verify(DefaultCryptoProvider())
