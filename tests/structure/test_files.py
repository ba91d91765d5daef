"""Every source file says what it is for, stays small enough to read, and finishes what it begins."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from structure.sources import ROOT, code, text, tracked

ALARM = 500
# A file over the alarm gives its reason in its head, in these words.
REASON = re.compile(r"longer than 500 lines because", re.IGNORECASE)
HEAD = 20

OPENINGS = {
    ".py": ('"""', 'r"""'),
    ".pyi": ('"""',),
    ".rs": ("//!", "#!["),
    ".ts": ("/**",),
    ".tsx": ("/**",),
    ".css": ("/*",),
}
# Left behind when one means to come back; the name of this file's own pattern is not one.
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|todo!\(|unimplemented!\(|raise NotImplementedError")
# A path of somebody's machine says where the project was built, and fails everywhere else.
MACHINE_PATH = re.compile(r"(?<![\w.$}~/-])/(?:work|root|home|Users)/\w")


def test_no_file_is_longer_than_can_be_read_at_one_go():
    too_long = [
        f"{path}: {lines} lines"
        for path in code()
        if (lines := len(text(path).splitlines())) > ALARM
        and not REASON.search("\n".join(text(path).splitlines()[:HEAD]))
    ]

    assert not too_long, "split by idea, or give the reason in the head:\n" + "\n".join(too_long)


def test_every_file_opens_with_what_it_does():
    # The styles of one component stand beside it: it speaks for both.
    silent = [
        str(path)
        for path in code()
        if not path.name.endswith(".module.css")
        and text(path).strip()
        and not _without_shebang(path).startswith(_opening(path))
    ]

    assert not silent, "\n".join(silent)


def test_nothing_is_left_for_later_in_the_code():
    left = [
        f"{path}:{number}: {line.strip()}"
        for path in code()
        if path.name != Path(__file__).name
        for number, line in enumerate(text(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ]

    assert not left, "\n".join(left)


def test_no_path_of_a_machine_is_in_the_repository():
    found = [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path.suffix in {*OPENINGS, ".md", ".toml", ".json", ".html", ".yml", ""}
        and path.name != Path(__file__).name
        and "corpus" not in path.parts  # bytes, not text
        for number, line in enumerate(text(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]

    assert not found, "\n".join(found)


def test_imports_point_one_way():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["engine/wire", "engine/sfu", "engine/py", "engine/sim"])
def test_only_net_may_contain_unsafe_code(folder: str):
    root = ROOT / folder / "src" / "lib.rs"

    assert (
        "forbid(unsafe_code)" in root.read_text()
        or 'unsafe_code = "forbid"' in (ROOT / folder / "Cargo.toml").read_text()
    )


def _opening(path: Path) -> tuple[str, ...]:
    return OPENINGS[path.suffix]


def _without_shebang(path: Path) -> str:
    content = text(path).lstrip("\ufeff")
    return content.partition("\n")[2] if content.startswith("#!/") else content
