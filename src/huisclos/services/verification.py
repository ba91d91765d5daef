"""Compares the client another server hands out with the one of this installation, byte by byte.

It finds what differs for whoever asks like a browser; it cannot know what is handed to somebody else.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import quote, urlsplit

from huisclos.domain.page_references import references
from huisclos.model.errors import CheckElsewhere
from huisclos.outbound.served_client import Answer, ServedClient

_OK: Final = 200
_REDIRECTING: Final = range(300, 400)
_WORD: Final = re.compile(r"[\w.+-]{1,64}")


class Difference(Enum):
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    FOREIGN = "foreign"
    INLINE = "inline"
    POLICY = "policy"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Finding:
    """`where`: path, address or piece of page. `detail`: status, digests or header, as the kind of difference needs."""

    difference: Difference
    where: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OwnClient:
    """What is right: `files` by path below the client's folder; `pages`, all `index.html`; `policies`, of which each page has one."""

    files: Mapping[str, bytes]
    pages: tuple[str, ...]
    policies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    findings: tuple[Finding, ...]
    # What the server's manifest says of itself, which proves nothing.
    claimed_version: str | None
    claimed_commit: str | None


def compare(own: OwnClient, served: ServedClient) -> Comparison:
    """Ask for every page, every file, and whatever the pages name besides. Raises CheckFault where that cannot be done."""
    first = served.get(own.pages[0])
    if first.status in _REDIRECTING:
        raise CheckElsewhere(address=_location(first))
    findings: dict[Finding, None] = {}
    seen: set[str] = set()
    for page in own.pages:
        answer = served.get(page)
        findings |= dict.fromkeys(_page_findings(own, page, answer))
        if answer.status == _OK:
            findings |= dict.fromkeys(_references_besides(own, served, page, answer.body, seen))
    for name, content in own.files.items():
        path = f"/{quote(name)}"
        findings |= dict.fromkeys(_file_findings(path, content, served.get(path)))
    version, commit = _claims(served)
    return Comparison(tuple(findings), version, commit)


def _page_findings(own: OwnClient, page: str, answer: Answer) -> Iterator[Finding]:
    yield from _file_findings(page, own.files["index.html"], answer)
    policies = {
        part.strip() for value in answer.headers.get("content-security-policy", []) for part in value.split(",")
    }
    if not policies & own.policies:
        yield Finding(Difference.POLICY, page, "; ".join(sorted(policies)))
    for target in answer.headers.get("refresh", []):
        yield Finding(Difference.MOVED, page, target)


def _file_findings(path: str, ours: bytes, answer: Answer) -> Iterator[Finding]:
    if answer.status in _REDIRECTING:
        yield Finding(Difference.MOVED, path, _location(answer))
    elif answer.status != _OK:
        yield Finding(Difference.MISSING, path, str(answer.status))
    elif answer.body != ours:
        yield Finding(Difference.CHANGED, path, f"{_digest(answer.body)} ≠ {_digest(ours)}")


def _references_besides(
    own: OwnClient, served: ServedClient, page: str, body: bytes, seen: set[str]
) -> Iterator[Finding]:
    """What a page names and ours does not. Foreign addresses are told and never asked; `seen` grows."""
    base = f"{served.origin}{page}"
    theirs = references(body.decode(errors="replace"), base)
    ours = references(own.files["index.html"].decode(), base)
    for piece in sorted(theirs.inline - ours.inline):
        yield Finding(Difference.INLINE, page, piece)
    for address in sorted(theirs.addresses - ours.addresses - seen):
        seen.add(address)
        path = address.removeprefix(str(served.origin))
        if path == address or not path.startswith("/"):
            yield Finding(Difference.FOREIGN, address, page)
            continue
        parts = urlsplit(path)
        answer = served.get(quote(parts.path) + (f"?{quote(parts.query, safe='=&')}" if parts.query else ""))
        yield Finding(Difference.EXTRA, path, f"{answer.status}, {_digest(answer.body)}")


def _claims(served: ServedClient) -> tuple[str | None, str | None]:
    try:
        said = json.loads(served.get("/manifest.json").body)
    except ValueError:
        return None, None
    if not isinstance(said, dict):
        return None, None
    version, commit = (str(said.get(name) or "") for name in ("version", "commit"))
    return (version if _WORD.fullmatch(version) else None), (commit if _WORD.fullmatch(commit) else None)


def _location(answer: Answer) -> str:
    return next(iter(answer.headers.get("location", [])), "?")


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
