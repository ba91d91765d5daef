"""The built web client: it speaks to nobody but its server, and tells nothing of the machine that built it."""

import re

import pytest

from structure.sources import ROOT

CLIENT = ROOT / "src/huisclos/_client"
TEXT = {".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".map"}

# Addresses that stand in the code and are never asked: names of XML vocabularies, links in error messages, names of
# RTP header extensions.
INERT = re.compile(
    r"https?://(?:www\.w3\.org/|react\.dev/(?:errors|link)|www\.webrtc\.org/experiments/rtp-hdrext|"
    r"aomediacodec\.github\.io/av1-rtp-spec)"
)
# A bare scheme in a text, this very machine, and templates whose host comes at run time.
OURS = re.compile(r"https?://(?:\$\{|localhost\b|[\"'`)\s.]|$)")


@pytest.fixture(scope="module")
def built() -> dict[str, str]:
    """The text files of the client; `make test-structure` has built it."""
    assert (CLIENT / "index.html").exists(), "there is no built client: run `make build`"
    return {str(path.relative_to(CLIENT)): path.read_text() for path in CLIENT.rglob("*") if path.suffix in TEXT}


def test_the_client_names_no_third_party(built: dict[str, str]):
    foreign = {
        f"{name}: {content[match.start() : match.start() + 60]!r}"
        for name, content in built.items()
        for match in re.finditer(r"https?://", content)
        if not INERT.match(content, match.start()) and not OURS.match(content, match.start())
    }

    assert foreign == set()


def test_the_client_has_no_inline_script_or_style(built: dict[str, str]):
    page = built["index.html"]

    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", page) == []


def test_the_client_names_no_path_of_the_machine_that_built_it(built: dict[str, str]):
    assert [name for name, content in built.items() if str(ROOT) in content] == []


def test_the_client_brings_its_own_icon(built: dict[str, str]):
    icon = re.search(r'<link rel="icon"[^>]*href="/([^"]+)"', built["index.html"])

    assert icon is not None
    assert (CLIENT / icon[1]).exists()
