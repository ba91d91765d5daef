"""Writes what the built client is into `_client/manifest.json`: version, commit of its sources, rustc, sha256 of each file.

The same sources give the same manifest, wherever and whenever they are built; `huisclos verify` compares by it.
"""

import hashlib
import json
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "src" / "huisclos" / "_client"
MANIFEST = "manifest.json"
# What the client is built from: a commit that touches none of it changes nothing.
SOURCES = ("web", "mls", "contract", "package.json", "package-lock.json")


def main() -> None:
    """Describe the client that has been built; leave the file alone where it says so already."""
    text = json.dumps(manifest(CLIENT), indent=1, sort_keys=True) + "\n"
    path = CLIENT / MANIFEST
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def manifest(client: Path) -> dict[str, object]:
    """`commit` is null outside of a repository, `uncommitted` true where the sources are no longer those of the commit."""
    files = {path.relative_to(client).as_posix(): path for path in client.rglob("*") if path.is_file()}
    return {
        "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "commit": _said("git", "log", "-1", "--format=%H", "--", *SOURCES) or None,
        "uncommitted": bool(_said("git", "status", "--porcelain", "--", *SOURCES)),
        "rustc": _said("rustc", "--version") or None,
        "files": {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in sorted(files.items())
            if name != MANIFEST
        },
    }


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    main()
