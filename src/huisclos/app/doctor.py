"""`huisclos doctor`: looks at the machine and the settings, and says what is well and what to change. Changes nothing.

Each check gives a finding; the command fails if one of them would keep the server from starting.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from huisclos.app import certificate, compose, sockets
from huisclos.app.settings import Settings, addresses
from huisclos.model.errors import HuisClosError, StartRefused

# What a worker's socket wants to hold while the thread is busy: about 20 ms at 1 Gbit/s.
_WANTED_BUFFER: Final = 2_500_000
_KERNEL: Final = Path("/proc/sys/net/core")


class Verdict(Enum):
    WELL = "ok"
    BETTER = "advice"
    BAD = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    text: str


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a start would meet them."""
    return [
        await _data(settings),
        _http_port(settings),
        _media_port(settings),
        _ipv6(),
        _buffer("rmem_max", "received"),
        _buffer("wmem_max", "sent"),
        _reachable(settings),
        _https(settings),
    ]


async def run(settings: Settings) -> None:
    """Print the findings. Raises StartRefused if there is a problem among them."""
    findings = await examine(settings)
    for finding in findings:
        print(f"{finding.verdict.value:8}{finding.text}")
    if any(finding.verdict is Verdict.BAD for finding in findings):
        raise StartRefused("the server would not start like this")


def _judged(check: Callable[[], None], well: str) -> Finding:
    try:
        check()
    except StartRefused as refused:
        return Finding(Verdict.BAD, str(refused))
    return Finding(Verdict.WELL, well)


async def _data(settings: Settings) -> Finding:
    try:
        async with compose.without_calls(settings) as deps:
            await deps.store.answers()
    except HuisClosError as refused:
        return Finding(Verdict.BAD, str(refused))
    except Exception as error:  # noqa: BLE001  # whatever a database driver raises
        return Finding(
            Verdict.BAD, f"the database does not answer ({type(error).__name__}): check HUISCLOS_DATABASE_URL"
        )
    return Finding(Verdict.WELL, f"secrets and database are in order ({settings.data})")


def _http_port(settings: Settings) -> Finding:
    def bind() -> None:
        for opened in sockets.listen(settings.host, settings.port):
            opened.close()

    return _judged(bind, f"TCP port {settings.port} is free")


def _media_port(settings: Settings) -> Finding:
    for host in addresses(settings.media_host) or ["0.0.0.0"]:  # noqa: S104  # where the engine listens by default
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, settings.media_port))
            except OSError as error:
                return Finding(
                    Verdict.BAD, f"UDP port {settings.media_port} cannot be opened ({error}): set HUISCLOS_MEDIA_PORT"
                )
    return Finding(Verdict.WELL, f"UDP port {settings.media_port} is free")


def _ipv6() -> Finding:
    with suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return Finding(Verdict.WELL, "IPv6 works")
    return Finding(Verdict.BETTER, "there is no IPv6: some mobile networks reach this server only through a detour")


def _buffer(name: str, direction: str) -> Finding:
    try:
        size = int((_KERNEL / name).read_text())
    except (OSError, ValueError):
        return Finding(Verdict.BETTER, f"the system does not tell net.core.{name}")
    if size < _WANTED_BUFFER:
        advice = f"sysctl -w net.core.{name}={_WANTED_BUFFER}"
        return Finding(
            Verdict.BETTER, f"UDP buffers are small ({size} bytes): media {direction} in bursts may be lost; {advice}"
        )
    return Finding(Verdict.WELL, f"UDP buffers of {size} bytes for media {direction}")


def _reachable(settings: Settings) -> Finding:
    """The address that packets to the outside would carry; connecting a UDP socket sends nothing."""
    if settings.public_address:
        return Finding(Verdict.WELL, f"media is announced at {settings.public_address}")
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        own = probe.getsockname()[0]
        return Finding(Verdict.BETTER, f"media is announced at {own}; behind NAT, set HUISCLOS_PUBLIC_ADDRESS")
    return Finding(Verdict.BETTER, "this machine has no way out: only calls on it will work")


def _https(settings: Settings) -> Finding:
    if settings.tls:
        return _judged(lambda: certificate.check(settings), f"pages are served by HTTPS ({settings.tls_cert})")
    if settings.public_url.startswith("https://"):
        return Finding(Verdict.WELL, "pages are served by HTTPS")
    return Finding(
        Verdict.BETTER,
        "without HTTPS, browsers give camera and microphone on this machine only: set HUISCLOS_TLS_CERT and "
        "HUISCLOS_TLS_KEY, or HUISCLOS_PUBLIC_URL behind a proxy",
    )
