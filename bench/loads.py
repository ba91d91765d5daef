"""The loads of the benchmark and one measured run of one of them: the server's figures beside the generator's."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import processes
from servers import KEY, ROOT, SECRET, BenchError, Server, pinned, running

GENERATOR: Final = ROOT / "target" / "release" / "huisclos-load"


# Share of the window that others may take of the server's core: above it they and not the server set the figures.
DISTURBED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    rooms: int
    publishers: int
    subscribers: int
    packets_per_frame: int

    @property
    def receivers(self) -> int:
        """People who receive something."""
        return self.rooms * (self.subscribers + (self.publishers if self.publishers > 1 else 0))

    def options(self) -> list[str]:
        names = ("rooms", "publishers", "subscribers", "packets_per_frame")
        return [part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]


# Camera of 30 frames a second: 10 packets of about 1,100 bytes each (2.6 Mbit/s) before an audience, 2 (0.5 Mbit/s) in
# the tile of a small room; a microphone of 50 packets a second beside each.
BROADCASTS: Final = tuple(Load(f"1 → {count}", 1, 1, count, 10) for count in (50, 100, 200))
SMALL_ROOMS: Final = Load("10 rooms × 6", 10, 6, 0, 2)
SMOKE: Final = Load("1 → 3", 1, 1, 3, 10)


@dataclass(frozen=True, slots=True)
class Cores:
    server: int
    generator: int


def cores() -> Cores:
    """Two different cores this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise BenchError("the benchmark needs two cores: one for the server, one for the load")
    return Cores(allowed[0], allowed[1])


def build_generator() -> None:
    """Together with the engine, as `make build` builds that: apart, cargo would give str0m other features and compile it twice."""
    command = ["cargo", "build", "--release", "--locked", "--quiet", "-p", "huisclos-load"]
    subprocess.run([*command, "-p", "huisclos-py", "--features", "huisclos-py/extension-module"], cwd=ROOT, check=True)


def measure(server: Server, load: Load, on: Cores, *, warm_up: float, window: float, seed: int) -> dict[str, Any]:
    """One run: server started empty, everybody joined, warm-up passed, window measured.

    Server figures: CPU seconds of its whole process tree in the window, forwarded packets for each of them, memory per
    receiver over the empty server. The rest is the generator's report.
    """
    with running(server, on.server) as instance:
        # Lets start-up work end and allocators settle, so that "empty" is empty.
        time.sleep(0.5)
        empty = processes.memory(instance.pid)
        command = [*pinned(on.generator), str(GENERATOR), "run", "--server", instance.address]
        command += ["--key", KEY, "--secret", SECRET]
        command += load.options()
        command += ["--warm-up", str(warm_up), "--window", str(window), "--seed", str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as generator:
            marks: list[tuple[float, float]] = []
            full = empty
            report: dict[str, Any] = {}
            assert generator.stdout is not None
            for line in generator.stdout:
                message = json.loads(line)
                if message["event"] == "report":
                    report = message
                    continue
                marks.append((processes.cpu_seconds(instance.pid), processes.core_busy_seconds(on.server)))
                if message["state"] == "end":
                    full = processes.memory(instance.pid)
        if generator.returncode != 0 or len(marks) != 2:
            raise BenchError(f"the load generator ended with {generator.returncode} on {server.name}")
    (cpu_start, busy_start), (cpu_end, busy_end) = marks
    cpu = cpu_end - cpu_start
    del report["event"]
    return {
        "server": server.name,
        "load": load.name,
        "packets_per_cpu_second": round(report["forwarded"] / max(cpu, processes.TICK)),
        "server_cpu_seconds": round(cpu, 3),
        "server_core_busy_seconds": round(busy_end - busy_start, 3),
        "disturbed": busy_end - busy_start - cpu > DISTURBED * report["window_seconds"],
        "pss_empty": empty.pss,
        "rss_empty": empty.rss,
        "pss_per_receiver": (full.pss - empty.pss) // load.receivers,
        "rss_per_receiver": (full.rss - empty.rss) // load.receivers,
    } | report


def limit(load: Load, on: Cores, *, window: float, seed: int) -> dict[str, Any]:
    """The bare loop of sealing and sending for the packets of `load`, on the server's core."""
    command = [str(GENERATOR), "limit", "--cores", f"{on.server},{on.generator}"]
    command += ["--subscribers", str(load.subscribers), "--packets-per-frame", str(load.packets_per_frame)]
    command += ["--window", str(window), "--seed", str(seed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    del result["event"]
    return {"load": load.name} | result


def machine() -> dict[str, Any]:
    """What the figures depend on beside the servers."""
    information = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in information.splitlines() if "model name" in line), "")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    system = os.uname()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "architecture": system.machine,
        "kernel": f"{system.sysname} {system.release}",
    }
