"""What the documents say is there is there, and the reverse."""

import re
from pathlib import Path

import pytest

from structure.sources import ROOT, text, tracked

ARCHITECTURE = ROOT / "docs/develop/architecture.md"
WHERE = ROOT / "docs/develop/where.md"
DOCUMENTS = sorted(path for path in tracked() if path.suffix == ".md")


def packages() -> set[str]:
    """Each folder that is a unit of the architecture: Python packages, Rust crates, parts of the web client."""
    python = {f"src/huisclos/{path.parts[2]}" for path in tracked() if path.match("src/huisclos/*/__init__.py")}
    crates = {str(path.parent) for path in tracked() if path.name == "Cargo.toml" and path.parent != Path()}
    web = {"/".join(path.parts[:3]) for path in tracked() if path.parts[:2] == ("web", "src") and len(path.parts) > 3}
    return python | crates | web


def rows(document: Path) -> set[str]:
    """The path in the first cell of each table row."""
    return set(re.findall(r"^\| *`([\w/.-]+?)/?` *\|", document.read_text(), re.MULTILINE))


def test_every_package_has_its_row_in_the_architecture_page():
    assert packages() - rows(ARCHITECTURE) == set()


def test_the_architecture_page_has_no_row_for_a_package_that_is_gone():
    assert {row for row in rows(ARCHITECTURE) if not (ROOT / row).exists()} == set()


def test_every_path_on_the_where_page_exists():
    named = re.findall(r"`((?:src|web|engine|tests|contract|bench|docs|build_backend)/[\w/.*-]+)`", WHERE.read_text())

    assert named
    assert [name for name in named if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_relative_link_leads_somewhere(document: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(document))

    dead = [link for link in links if "://" not in link and not (ROOT / document.parent / link).exists()]

    assert dead == []


def test_every_make_command_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z0-9-]+):", text(Path("Makefile")), re.MULTILINE))

    named = set(re.findall(r"`make ([a-z0-9-]+)", text(Path("README.md"))))

    assert named
    assert named - targets == set()


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert numbers == list(range(1, len(numbers) + 1))
