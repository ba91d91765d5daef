"""What the kernel tells about a process and its children: CPU time and memory, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes, summed over the tree. `pss` divides shared pages among their users."""

    rss: int
    pss: int


def tree(root: int) -> list[int]:
    """`root` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the tree so far, that of children already gone included."""
    return sum(sum(map(int, fields[11:15])) * TICK for pid in tree(root) if (fields := _stat(pid)))


def memory(root: int) -> Memory:
    rss = pss = 0
    for pid in tree(root):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "Rss":
                rss += int(value.split()[0]) * 1024
            elif name == "Pss":
                pss += int(value.split()[0]) * 1024
    return Memory(rss, pss)


def core_busy_seconds(core: int) -> float:
    """Time `core` has not been idle since the start of the system, whoever used it."""
    for line in (PROC / "stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            idle = int(ticks[3]) + int(ticks[4])
            return (sum(map(int, ticks[:8])) - idle) * TICK
    raise ValueError(f"there is no core {core}")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, the state first; empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
