"""The README's benchmark tables, made from the newest file of each kind in bench/results. `--check` only says whether it is current."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- bench:begin -->"
END: Final = "<!-- bench:end -->"
OURS: Final = "huisclos"
RIVAL: Final = "livekit-server"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the table is not current")
    options = parser.parse_args()
    results = sorted((ROOT / "bench" / "results").glob("*.json"), key=lambda path: json.loads(path.read_text())["date"])
    if not results:
        print("bench/table.py: no file in bench/results yet: make bench")
        return 0 if options.check else 1
    before, begin, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        print(f"bench/table.py: README.md has no {BEGIN} … {END}")
        return 1
    new = "".join(f"\n{text}\n" for text in tables(results))
    if options.check:
        if old != new:
            print("bench/table.py: the README's table is not that of the newest result: run bench/table.py")
        return int(old != new)
    README.write_text(before + begin + new + end + after, encoding="utf-8")
    return 0


def tables(results: list[Path]) -> list[str]:
    """Of each kind the newest; `results` are in the order of their dates."""
    newest = {json.loads(path.read_text(encoding="utf-8")).get("kind", "servers"): path for path in results}
    made = {"servers": server_table, "e2ee": encryption_table}
    return [make(newest[kind]) for kind, make in made.items() if kind in newest]


def encryption_table(path: Path) -> str:
    """What end-to-end encryption costs one browser."""
    result = json.loads(path.read_text(encoding="utf-8"))
    machine = result["machine"]
    columns = {
        "join_external": "join by link",
        "join_welcome": "join when admitted",
        "process_external": "follow a join",
        "process_add": "follow an admission",
        "commit_update": "renew one's keys",
        "process_update": "follow that",
    }
    lines = [
        f"| members of an encrypted call | {' | '.join(columns.values())} |",
        f"|--:|{'--:|' * len(columns)}",
    ]
    lines += [
        f"| {row['members']:.0f} | {' | '.join(f'{row[name]:.1f} ms' for name in columns)} |"
        for row in result["groups"]
    ]
    frames = ", ".join(f"{row['cpu_ms']:.3f} ms ({row['bytes']:,} bytes)" for row in result["frames"])
    return "\n".join(
        [
            *lines,
            "",
            f"CPU time of one browser, the shipped module in Node {result['node']}, medians of 3. Sealing or opening one frame: {frames}. "
            f"{machine['cpu']}, commit `{result['commit']}`, {result['date'][:10]}; `make bench-e2ee` measures it again into "
            f"[`{path.name}`](bench/results/{path.name}).",
        ]
    )


def server_table(path: Path) -> str:
    result = json.loads(path.read_text(encoding="utf-8"))
    rows = result["medians"]
    machine = result["machine"]
    lines = [
        "| load | server | forwarded packets per CPU second | × livekit-server | of the limit | loss | join, median "
        "| added latency, median / 99 % | memory per receiver |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [cells(row, rows) for row in rows]
    settings = "; ".join(f"*{name}*: {text}" for name, text in result["servers"].items())
    runs = min(row["runs"] for row in rows)
    lines += [
        "",
        f"Median of {runs} interleaved runs, {machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, loopback, "
        f"server on one core and load on the other, commit `{result['commit']}`, {result['date'][:10]}. "
        f"{settings}. The limit is a bare loop that seals and sends the same packets. "
        f"`make bench` measures all of it again; every figure is in [`{path.name}`](bench/results/{path.name}).",
    ]
    return "\n".join(lines)


def cells(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    rate = row["packets_per_cpu_second"]
    rivals = [other for other in rows if other["load"] == row["load"] and other["server"] == RIVAL]
    ratio = f"{rate / rivals[0]['packets_per_cpu_second']:.1f}" if rivals and row["server"] == OURS else ""
    ceiling = row["limit_packets_per_cpu_second"]
    latency = row["latency_microseconds"]
    name = f"**{row['server']}**" if row["server"] == OURS else row["server"]
    failed = f" ({row['failed_joins']} failed)" if row["failed_joins"] else ""
    return " | ".join(
        (
            f"| {row['load']}",
            name,
            f"{rate:,.0f}",
            ratio,
            f"{rate / ceiling:.0%}" if ceiling else "",
            f"{row['loss']:.2%}",
            f"{row['join_milliseconds']['p50']:.0f} ms{failed}",
            f"{latency['p50'] / 1000:.1f} / {latency['p99'] / 1000:.1f} ms",
            f"{row['pss_per_receiver'] / 1e6:.2f} MB |",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
