"""The hand-written sources of the project, as git knows them. What must be true of them is left to the tests."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATED = {"src/huisclos/model/error_texts.py", "web/src/types/errors.ts"}
CODE = {".py", ".pyi", ".rs", ".ts", ".tsx", ".css"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file git knows, and new ones it does not ignore, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return tuple(Path(name) for name in sorted(set(listed)) if (ROOT / name).is_file())


@cache
def code() -> tuple[Path, ...]:
    """The source files people write by hand."""
    return tuple(path for path in tracked() if path.suffix in CODE and str(path) not in GENERATED)


def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
