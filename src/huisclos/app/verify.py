"""`huisclos verify URL`: is what that server hands out the client of this installation? Prints what differs; changes nothing.

Exit code 0: equal; 1: something differs and is named; 2: it could not be checked.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from huisclos.api.client_files import MANIFEST, PAGES, ClientFiles
from huisclos.api.security_headers import content_security_policy
from huisclos.app import verify_words as words
from huisclos.model.error_texts import TEXTS, Language
from huisclos.model.errors import CheckClientAltered, CheckClientMissing, CheckFault
from huisclos.model.ids import RoomId
from huisclos.outbound.served_client import Origin, ServedClient
from huisclos.services.verification import Comparison, OwnClient, compare

EQUAL: Final = 0
DIFFERENT: Final = 1
NOT_CHECKED: Final = 2
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST: Final = 300


def run(address: str, language: Language) -> int:
    """Check, print, and give the exit code."""
    try:
        origin = Origin.parse(address)
        files = _own_files()
        _say(words.OWN[language].format(**_own_words(files, language)))
        if origin.scheme == "http" and origin.host not in _LOOPBACK:
            _say(words.NO_HTTPS[language])
        own = OwnClient(files, _pages(), _policies(origin))
        found = compare(own, ServedClient(origin))
    except CheckFault as fault:
        text = TEXTS[fault.code][language]
        print(f"huisclos: {_printable(f'{text.message} {text.help}'.format_map(fault.details))}", file=sys.stderr)
        return NOT_CHECKED
    return _report(found, own, language)


def chosen_language(wanted: str | None, environment: Mapping[str, str]) -> Language:
    """What was asked for, else what the system speaks, else English."""
    said = wanted or next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )
    return "fr" if said.startswith("fr") else "en"


def _report(found: Comparison, own: OwnClient, language: Language) -> int:
    for finding in found.findings:
        _say(words.DIFFERENCES[language][finding.difference].format(where=finding.where, detail=finding.detail))
    if not found.findings:
        _say(words.EQUAL[language].format(files=len(own.files), pages=len(own.pages)))
        return EQUAL
    unknown = words.UNKNOWN[language]
    version, commit = found.claimed_version or unknown, found.claimed_commit or unknown
    _say(words.CLAIMED[language].format(version=version, commit=commit))
    _say(words.DIFFERENT[language].format(count=len(found.findings)))
    return DIFFERENT


def _own_files() -> dict[str, bytes]:
    """Raises CheckClientMissing or CheckClientAltered: what is not whole itself is no measure."""
    client = ClientFiles()
    if not client.built:
        raise CheckClientMissing
    files = client.contents()
    manifest = files.pop(MANIFEST, None)
    if manifest is not None and json.loads(manifest)["files"] != {name: _sha256(body) for name, body in files.items()}:
        raise CheckClientAltered
    return files


def _own_words(files: Mapping[str, bytes], language: Language) -> dict[str, str]:
    manifest: dict[str, Any] = json.loads(ClientFiles().contents().get(MANIFEST, b"{}"))
    unknown = words.UNKNOWN[language]
    listed = "".join(f"{_sha256(body)}  {name}\n" for name, body in sorted(files.items()))
    return {
        "version": manifest.get("version") or unknown,
        "commit": (manifest.get("commit") or unknown)
        + (words.UNCOMMITTED[language] if manifest.get("uncommitted") else ""),
        "rustc": manifest.get("rustc") or f"rustc {unknown}",
        "digest": f"sha256:{_sha256(listed.encode())}",
    }


def _pages() -> tuple[str, ...]:
    """A room of nobody's: whoever checks names no meeting to the server."""
    return tuple(page.format(room=RoomId.new()) for page in PAGES)


def _policies(origin: Origin) -> frozenset[str]:
    """Behind a proxy a server may know its name without the port."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return frozenset({content_security_policy(origin.netloc), content_security_policy(host)})


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _printable(text: str) -> str:
    """What a server wrote must not steer the terminal, nor fill it."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(letter if letter.isprintable() else "·" for letter in cut)


def _say(text: str) -> None:
    print(_printable(text), flush=True)
