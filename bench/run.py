"""`make bench`: the same load on our server and on livekit-server, in turn, and the figures of both.

Everything is on loopback: server on one core, load on another. The full benchmark writes bench/results/*.json, from
which `bench/table.py` makes the README's table; `--quick` prints one JSON object as its last line; `--smoke` only
checks that our server forwards.
"""

import argparse
import json
import statistics
import subprocess
import sys
from typing import Any, Final

import loads
import record
import servers
from loads import BROADCASTS, SMALL_ROOMS, SMOKE
from servers import HUISCLOS, STOCK, STOCK_CONTROLLED, BenchError, Server

LOADS: Final = {load.name: load for load in (*BROADCASTS, SMALL_ROOMS)}
MEDIAN_OF: Final = (
    "packets_per_cpu_second",
    "server_cpu_seconds",
    "forwarded",
    "delivered",
    "loss",
    "pss_per_receiver",
    "rss_per_receiver",
    "generator_cpu_seconds",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="1 → 100 only, one run each, under 50 s")
    kind.add_argument("--smoke", action="store_true", help="our server only, some seconds: does it forward at all")
    parser.add_argument("--runs", type=int, default=3, help="interleaved runs of each case (default 3)")
    parser.add_argument("--window", type=float, default=8.0, help="measured seconds of each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", metavar="NAME", help=f"one load, printed and not written down: {', '.join(LOADS)}")
    parser.add_argument("--only", metavar="SERVER", help="one server: huisclos, livekit-server, livekit-server-cc")
    options = parser.parse_args()
    try:
        loads.build_generator()
        if options.smoke:
            return smoke(options)
        if options.load:
            return one(options)
        return quick(options) if options.quick else full(options)
    except (BenchError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


def smoke(options: argparse.Namespace) -> int:
    """Non-zero unless everybody joined and every packet arrived, was decrypted and was whole."""
    figures = loads.measure(HUISCLOS, SMOKE, loads.cores(), warm_up=1, window=2, seed=options.seed)
    print(line(figures))
    good = (
        figures["joins"]["failed"] == 0
        and figures["loss"] == 0
        and figures["forwarded"] > 0
        and figures["decrypted"] == figures["forwarded"]
        and figures["tracks_received"] == figures["tracks_expected"]
    )
    if not good:
        print(json.dumps(figures, indent=2))
    return 0 if good else 1


def quick(options: argparse.Namespace) -> int:
    load = BROADCASTS[1]
    on = loads.cores()
    figures = {}
    for server in chosen(options, (HUISCLOS, STOCK)):
        figures[server.name] = loads.measure(server, load, on, warm_up=2, window=options.window, seed=options.seed)
        print(line(figures[server.name]), flush=True)
    limit = loads.limit(load, on, window=3, seed=options.seed)
    rates = {name: each["packets_per_cpu_second"] for name, each in figures.items()}
    both = HUISCLOS.name in rates and STOCK.name in rates
    print(
        json.dumps(
            {
                "load": load.name,
                "servers": figures,
                "ratio": round(rates[HUISCLOS.name] / rates[STOCK.name], 2) if both else None,
                "limit": limit,
            }
        )
    )
    return 0


def one(options: argparse.Namespace) -> int:
    """One load only: for looking at a change, not for the record. Its last line is one JSON object."""
    load = LOADS.get(options.load)
    if load is None:
        raise BenchError(f"there is no load {options.load!r}: {', '.join(LOADS)}")
    on = loads.cores()
    runs = []
    for number in range(options.runs):
        for server in chosen(options, (HUISCLOS, STOCK)):
            figures = loads.measure(server, load, on, warm_up=3, window=options.window, seed=options.seed + number)
            runs.append(figures)
            print(line(figures), flush=True)
    print(json.dumps({"load": load.name, "medians": medians(runs, [])}, ensure_ascii=False))
    return 0


def full(options: argparse.Namespace) -> int:
    on = loads.cores()
    compared = chosen(options, (HUISCLOS, STOCK, STOCK_CONTROLLED))
    if any(not server.ours for server in compared):
        servers.install_livekit()
    runs = []
    limits = []
    for number in range(options.runs):
        for load in (*BROADCASTS, SMALL_ROOMS):
            for server in compared:
                figures = loads.measure(server, load, on, warm_up=3, window=options.window, seed=options.seed + number)
                runs.append({"run": number} | figures)
                print(line(figures), flush=True)
        limits += [loads.limit(load, on, window=4, seed=options.seed + number) for load in BROADCASTS]
    figures = {
        "servers": {server.name: server.settings for server in compared},
        "medians": medians(runs, limits),
        "limits": limits,
        "runs": runs,
    }
    record.write("bench/run.py", figures)
    return 0


def medians(runs: list[dict[str, Any]], limits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each load and server the median of its runs, with the spread of the main figure."""
    rows = []
    for load, server in dict.fromkeys((run["load"], run["server"]) for run in runs):
        these = [run for run in runs if (run["load"], run["server"]) == (load, server)]
        rates = [run["packets_per_cpu_second"] for run in these]
        row = {"load": load, "server": server, "runs": len(these)}
        row |= {name: statistics.median(run[name] for run in these) for name in MEDIAN_OF}
        row["packets_per_cpu_second_range"] = [min(rates), max(rates)]
        row["failed_joins"] = sum(run["joins"]["failed"] for run in these)
        row["disturbed_runs"] = sum(run["disturbed"] for run in these)
        row["generator_drops"] = sum(run["generator_drops"] for run in these)
        for name, spread in (("join_milliseconds", "joins"), ("latency_microseconds", None)):
            spreads = [run[spread]["milliseconds"] if spread else run[name] for run in these]
            row[name] = {key: round(statistics.median(each[key] for each in spreads), 1) for key in ("p50", "p99")}
        ceilings = [each["packets_per_cpu_second"] for each in limits if each["load"] == load]
        row["limit_packets_per_cpu_second"] = round(statistics.median(ceilings)) if ceilings else None
        rows.append(row)
    return rows


def chosen(options: argparse.Namespace, all_servers: tuple[Server, ...]) -> tuple[Server, ...]:
    if options.only is None:
        return all_servers
    found = tuple(server for server in (HUISCLOS, STOCK, STOCK_CONTROLLED) if server.name == options.only)
    if not found:
        raise BenchError(f"there is no server {options.only}")
    return found


def line(figures: dict[str, Any]) -> str:
    """One run for the eye."""
    latency = figures["latency_microseconds"]
    return (
        f"{figures['load']:>13}  {figures['server']:<18}"
        f"{figures['packets_per_cpu_second']:>9,} packets/CPU s  loss {figures['loss']:6.2%}"
        f"  delivered {figures['delivered']:4.0%}"
        f"  join {figures['joins']['milliseconds']['p50']:5.0f} ms ({figures['joins']['failed']} failed)"
        f"  latency {latency['p50'] / 1000:.1f}/{latency['p99'] / 1000:.1f} ms"
        f"  {figures['pss_per_receiver'] / 1e6:.2f} MB each  generator {figures['generator_cpu_seconds']:.1f} s"
        f"{'  DISTURBED: others used the core' if figures['disturbed'] else ''}"
    )


if __name__ == "__main__":
    sys.exit(main())
