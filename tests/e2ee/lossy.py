"""A lossy line on loopback: a share of the UDP packets to and from one port is dropped, at random. Needs root and nftables."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class NoLossyLine(Exception):
    """Why this machine cannot drop packets."""


@contextmanager
def lossy(port: int, percent: int) -> Iterator[Callable[[], tuple[int, int]]]:
    """Drops `percent` of the packets each way while the block lasts; answers how many were dropped: to the port, from it.

    Raises NoLossyLine.
    """
    table = f"lossy{os.getpid()}"
    rules = "\n".join(
        f"iif lo udp {end} {port} numgen random mod 100 < {percent} counter drop" for end in ("dport", "sport")
    )
    _nft(f"table inet {table} {{ chain arriving {{ type filter hook input priority filter;\n{rules}\n}}\n}}\n")
    try:
        yield lambda: _dropped(_nft(f"list table inet {table}"))
    finally:
        _nft(f"delete table inet {table}")


def _dropped(listing: str) -> tuple[int, int]:
    to, from_ = (int(count) for count in re.findall(r"counter packets (\d+)", listing))
    return to, from_


def _nft(rules: str) -> str:
    try:
        done = subprocess.run(["nft", "-f", "-"], input=rules, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoLossyLine("there is no nft") from None
    except subprocess.CalledProcessError as failed:
        raise NoLossyLine(failed.stderr.strip()) from None
    return done.stdout
