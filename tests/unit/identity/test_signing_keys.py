"""Signing keys are strong, private and our own, or the server does not start."""

import json
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from huisclos.identity.signing_keys import internal_key, sdk_keys
from huisclos.model.errors import StartRefused
from huisclos.model.secrecy import Secret

GOOD = secrets.token_hex(32)


def test_the_first_start_makes_a_key_of_256_bits_that_later_starts_find(tmp_path: Path):
    data = tmp_path / "data"

    key = internal_key(data)

    assert len(bytes.fromhex(key.reveal())) * 8 == 256
    assert internal_key(data) == key
    assert stat.S_IMODE((data / "secrets.json").stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["secrets.json"]


def test_no_two_installations_have_the_same_key(tmp_path: Path):
    keys = {internal_key(tmp_path / str(number)).reveal() for number in range(100)}

    assert len(keys) == 100


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: internal_key(tmp_path).reveal(), range(16)))

    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_stops_the_start(tmp_path: Path, mode: int):
    internal_key(tmp_path)
    (tmp_path / "secrets.json").chmod(mode)

    with pytest.raises(StartRefused, match="chmod 600"):
        internal_key(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "null",
        "nonsense",
        *(json.dumps({"token_key": key}) for key in ("secret", "0" * 64, 7, "x" * 64)),
    ],
)
def test_a_broken_or_weak_secrets_file_stops_the_start(tmp_path: Path, content: str):
    path = tmp_path / "secrets.json"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(StartRefused, match=r"secrets\.json"):
        internal_key(tmp_path)


def test_sdk_keys_are_read_from_commas_and_lines():
    other = secrets.token_urlsafe(40)

    assert sdk_keys(Secret(f"one: {GOOD}, two:{other}\n")) == {"one": Secret(GOOD), "two": Secret(other)}
    assert sdk_keys(Secret(f"\none: {GOOD}\n\ntwo: {other}\n")) == {"one": Secret(GOOD), "two": Secret(other)}
    assert sdk_keys(Secret(" ")) == {}


@pytest.mark.parametrize(
    "text",
    [
        "devkey: secret",
        "key: " + "a" * 31,
        "key: " + "a" * 64,
        "key: changeme-changeme-changeme-changeme-1234",
        "key",
        f": {GOOD}",
        f"internal: {GOOD}",
        f"key: {GOOD}, key: {GOOD}",
        f"key: {GOOD}, other: short",
    ],
)
def test_weak_doubled_or_unreadable_sdk_keys_stop_the_start_without_being_repeated(text: str):
    with pytest.raises(StartRefused, match="LIVEKIT_KEYS") as refused:
        sdk_keys(Secret(text))

    assert GOOD not in str(refused.value)
    assert "changeme" not in str(refused.value)
