"""No claim about encryption without a test that exists (C01: encryption was advertised for years and not there)."""

import re
from pathlib import Path

from structure.sources import ROOT, text

CLAIMS = Path("docs/develop/claims.md")
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ABOUT_ENCRYPTION = re.compile(r"encrypt|\bMLS\b", re.IGNORECASE)


def claims() -> list[tuple[str, str, str]]:
    """threat, claim, tests"""
    return [row for row in ROW.findall(text(CLAIMS)) if row[0] not in ("threat", "---")]


def without_a_test(rows: list[tuple[str, str, str]]) -> list[str]:
    """The claims of which a test is missing: none named, or one that is in no file."""
    missing = []
    for _, claim, tests in rows:
        named = re.findall(r"`([\w/.-]+)::(\w+)`", tests)
        there = [
            (ROOT / path).is_file() and re.search(rf"\b(def|fn) {name}\b", text(Path(path))) for path, name in named
        ]
        if not named or not all(there):
            missing.append(claim)
    return missing


def test_every_claim_names_a_test_that_exists():
    assert claims()
    assert without_a_test(claims()) == []


def test_a_claim_with_a_test_that_is_gone_would_be_found():
    gone = ("the server itself", "nothing is read", "`tests/e2ee/test_media.py::test_that_is_gone`")

    assert without_a_test([gone, ("the server itself", "trust us", "none yet")]) == ["nothing is read", "trust us"]


def test_everything_the_security_page_says_of_encryption_is_among_the_claims():
    table = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text(Path("SECURITY.md")), re.MULTILINE)
    said = {threat for threat, answer in table if ABOUT_ENCRYPTION.search(f"{threat} {answer}")}

    assert table
    assert said - {threat for threat, _, _ in claims()} == set()
