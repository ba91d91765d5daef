"""The keys that sign room tokens: our own, made at the first start, and those of SDK users. Weak ones stop the start."""

import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from huisclos.model.errors import StartRefused
from huisclos.model.join_grant import INTERNAL_ISSUER
from huisclos.model.secrecy import Secret

_FILE_NAME: Final = "secrets.json"
_TOKEN_KEY: Final = "token_key"  # noqa: S105  # the name of an entry, not its value
_RANDOM_BYTES: Final = 32
_SHORTEST: Final = 32
# A random secret of 32 hexadecimal digits has fewer than 8 different ones about once in two million.
_FEWEST_CHARACTERS: Final = 8
# Words of documentation examples. None of them turns up by chance in a random secret.
_PLACEHOLDERS: Final = ("changeme", "change-me", "change_me", "example", "placeholder", "replace", "devkey", "password")


def internal_key(data: Path) -> Secret:
    """The server's own signing key from `data/secrets.json`, made there (mode 0600) if the file is not.

    Of two processes that start at once, both get the same key. Raises StartRefused for a file that others may read or
    whose key is weak.
    """
    path = data / _FILE_NAME
    if not path.exists():
        _create(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StartRefused(
            f"{path} may be read by others (mode {mode:04o}): chmod 600 {path}, or delete it for new keys"
        )
    try:
        key = json.loads(path.read_text(encoding="utf-8"))[_TOKEN_KEY]
    except (ValueError, KeyError, TypeError):
        raise StartRefused(f"{path} cannot be read: delete it, and new keys are made at the next start") from None
    well_formed = isinstance(key, str) and re.fullmatch(r"[0-9a-f]{64,}", key)
    if flaw := _flaw(key) if well_formed else "not 256 bits in hexadecimal":
        raise StartRefused(f"the {_TOKEN_KEY} in {path} is refused ({flaw}): delete the file for a new one")
    return Secret(key)


def _create(path: Path) -> None:
    """Write the file under another name first: it appears complete or not at all, and never over an existing one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{_FILE_NAME}.{secrets.token_hex(8)}")
    content = json.dumps({_TOKEN_KEY: secrets.token_hex(_RANDOM_BYTES)})
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def sdk_keys(text: Secret) -> Mapping[str, Secret]:
    """The keys of `LIVEKIT_KEYS`: `name: secret`, several of them on lines of their own or between commas.

    Raises StartRefused, naming the key but never its secret.
    """
    keys: dict[str, Secret] = {}
    for entry in re.split(r"[,\n]", text.reveal()):
        if not entry.strip():
            continue
        name, colon, secret = (part.strip() for part in entry.partition(":"))
        if not colon or not name:
            raise StartRefused('LIVEKIT_KEYS: write "key: secret", several separated by commas or lines')
        if name == INTERNAL_ISSUER:
            raise StartRefused(f"LIVEKIT_KEYS: the key name {INTERNAL_ISSUER} is taken, choose another")
        if name in keys:
            raise StartRefused(f"LIVEKIT_KEYS: the key {name} is there twice")
        if flaw := _flaw(secret):
            raise StartRefused(
                f"LIVEKIT_KEYS: the secret of {name} is refused ({flaw}). Make one with: openssl rand -hex 32"
            )
        keys[name] = Secret(secret)
    return keys


def _flaw(secret: str) -> str:
    """Why this secret must not be used, or an empty text."""
    if len(secret.encode()) < _SHORTEST:
        return f"shorter than {_SHORTEST} bytes"
    if any(word in secret.lower() for word in _PLACEHOLDERS):
        return "it is a placeholder"
    if len(set(secret)) < _FEWEST_CHARACTERS:
        return "it repeats a few characters"
    return ""
