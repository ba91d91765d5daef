"""A server behind a router that translates addresses, and a client outside, as namespaces of this machine's kernel.

    client 198.51.100.2 ── 198.51.100.1 router 10.77.0.1 ── 10.77.0.2 server

The router passes on what comes for its own outside address, masquerades it, and lets nothing else through. Needs root.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PUBLIC, PRIVATE, GUEST = "198.51.100.1", "10.77.0.2", "198.51.100.2"
_INSIDE = "10.77.0.1"


class NoNamespaces(Exception):
    """Why this machine cannot have namespaces."""


@dataclass(frozen=True)
class Networks:
    """The prefixes of a command that runs it in one of the places."""

    server: tuple[str, ...]
    client: tuple[str, ...]


def _run(*command: str, text: str | None = None) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, input=text)
    except FileNotFoundError:
        raise NoNamespaces(f"there is no {command[0]}") from None
    except subprocess.CalledProcessError as failed:
        raise NoNamespaces(f"{' '.join(command)}: {failed.stderr.strip()}") from None


@contextmanager
def behind_nat(tcp_port: int, udp_port: int) -> Iterator[Networks]:
    """The three places, with both ports open on the router. Raises NoNamespaces."""
    mark = os.getpid() % 100_000
    server, router, client = (f"hc{mark}{name}" for name in ("server", "router", "client"))
    try:
        for place in (server, router, client):
            _run("ip", "netns", "add", place)
            _run("ip", "-n", place, "link", "set", "lo", "up")
        _join((router, "inside", f"{_INSIDE}/24"), (server, "uplink", f"{PRIVATE}/24"))
        _join((router, "outside", f"{PUBLIC}/24"), (client, "uplink", f"{GUEST}/24"))
        _run("ip", "-n", server, "route", "add", "default", "via", _INSIDE)
        _run("ip", "-n", client, "route", "add", "default", "via", PUBLIC)
        _run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        _run("ip", "netns", "exec", router, "nft", "-f", "-", text=_RULES.format(tcp=tcp_port, udp=udp_port))
        yield Networks(("ip", "netns", "exec", server), ("ip", "netns", "exec", client))
    finally:
        for place in (server, router, client):
            # What a failed start has not made cannot be removed.
            subprocess.run(("ip", "netns", "del", place), check=False, capture_output=True)


def _join(*ends: tuple[str, str, str]) -> None:
    (one, one_name, _), (other, other_name, _) = ends
    _run("ip", "-n", one, "link", "add", one_name, "type", "veth", "peer", "name", other_name, "netns", other)
    for place, name, address in ends:
        _run("ip", "-n", place, "address", "add", address, "dev", name)
        _run("ip", "-n", place, "link", "set", name, "up")


_RULES = f"""
table ip nat {{{{
  chain arriving {{{{
    type nat hook prerouting priority dstnat;
    ip daddr {PUBLIC} tcp dport {{tcp}} dnat to {PRIVATE}
    ip daddr {PUBLIC} udp dport {{udp}} dnat to {PRIVATE}
  }}}}
  chain leaving {{{{
    type nat hook postrouting priority srcnat;
    masquerade
  }}}}
  chain passing {{{{
    type filter hook forward priority filter; policy drop;
    ct status dnat accept
    ct state established,related accept
  }}}}
}}}}
"""
