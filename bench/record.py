"""Writes one result of the benchmark under bench/results, with date, machine and commit."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import loads
from servers import ROOT

RESULTS: Final = ROOT / "bench" / "results"


def write(script: str, figures: dict[str, Any], kind: str = "") -> Path:
    """The new file; `kind` stands in its name. What was measured comes after what it depends on."""
    now = dt.datetime.now(dt.UTC)
    machine = loads.machine()
    commit = _git("rev-parse", "--short=12", "HEAD")
    result = {
        "date": now.isoformat(timespec="seconds"),
        "command": [script, *sys.argv[1:]],
        "commit": commit,
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "machine": machine,
    }
    slug = re.sub(r"[^a-z0-9]+", "-", f"{machine['cpu']} {machine['cores']} cores {kind}".lower()).strip("-")
    path = RESULTS / f"{now.date().isoformat()}-{slug}-{commit}.json"
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(result | figures, indent=1, ensure_ascii=False) + "\n")
    print(f"wrote {path.relative_to(ROOT)}; bench/table.py puts it into the README")
    return path


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
