"""`make bench-e2ee`: what end-to-end encryption costs a browser's CPU, by the module and the worker code that are shipped, in Node.

MLS by size of the group (mls/cost.mjs) and one frame sealed or opened (web/src/e2ee/frames/cost.test.ts). Exits with 1
where a limit is passed; `--print` writes no file.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import record
from servers import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="only print the figures, as one JSON object")
    options = parser.parse_args()
    groups, groups_well = group_costs()
    frames, frames_well = frame_costs()
    figures = {"kind": "e2ee", "node": said("node", "--version"), "groups": groups, "frames": frames}
    if options.print:
        print(json.dumps(figures))
    else:
        record.write("bench/e2ee.py", figures, "e2ee")
    return 0 if groups_well and frames_well else 1


def group_costs() -> tuple[list[dict[str, float]], bool]:
    """CPU milliseconds of each operation, one row for each size; and whether 300 members stay within the limits."""
    done = subprocess.run(["node", "mls/cost.mjs"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if not done.stdout.strip():
        raise SystemExit("bench: mls/cost.mjs measured nothing")
    print(done.stdout, end="", flush=True)
    rows: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return rows, done.returncode == 0


def frame_costs() -> tuple[list[dict[str, Any]], bool]:
    """CPU milliseconds to seal or open one frame, by size; and whether each stays within its limit."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        reporting = ["--reporter=json", f"--outputFile={report}"]
        command = ["npx", "vitest", "run", "--root", "web", *reporting, "src/e2ee/frames/cost"]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        tests = json.loads(report.read_text())["testResults"][0]["assertionResults"]
    rows = [test["meta"]["cost"] for test in tests if "cost" in test["meta"]]
    for row in rows:
        print(f"{row['frame']} ({row['bytes']} bytes): {row['cpu_ms']:.3f} ms of CPU at each end")
    return rows, done.returncode == 0 and bool(rows)


def said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
