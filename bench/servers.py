"""The servers of the comparison: how each is installed, started on ports of its own, and stopped."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / "bench" / ".peers"
KEY: Final = "bench"
# Not a secret: it lives as long as one run, on loopback, and both servers want 32 bytes.
SECRET: Final = "only-for-load-on-loopback-0123456789"
LIVEKIT: Final = "github.com/livekit/livekit-server/cmd/server@v1.13.5"
START_LIMIT: Final = 30.0
# livekit-server waits for its participants to go, and these are gone: a short wait is enough.
STOP_LIMIT: Final = 1.0


class BenchError(RuntimeError):
    """The run cannot go on; the message says why, for whoever started it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test. `settings` is what a reader must know beside the figures."""

    name: str
    settings: str
    congestion_control: bool = True

    @property
    def ours(self) -> bool:
        return self.name == "huisclos"


HUISCLOS: Final = Server("huisclos", "as shipped: retransmission, congestion control and pacing on")
STOCK: Final = Server("livekit-server", "v1.13.5, rtc.congestion_control.enabled: false", congestion_control=False)
STOCK_CONTROLLED: Final = Server("livekit-server-cc", "v1.13.5, rtc.congestion_control.enabled: true (its default)")


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    address: str


def install_livekit() -> Path:
    """The livekit-server binary under bench/.peers, built from its published module when it is not there."""
    binary = PEERS / "server"
    if not binary.exists():
        if shutil.which("go") is None:
            raise BenchError("livekit-server is built with Go: apt install golang (1.26 or later)")
        PEERS.mkdir(exist_ok=True)
        print(f"installing {LIVEKIT} (some minutes the first time)", flush=True)
        environment = os.environ | {"GOBIN": str(PEERS)}
        subprocess.run(["go", "install", LIVEKIT], env=environment, check=True)
    return binary


@contextmanager
def running(server: Server, core: int) -> Iterator[Running]:
    """`server` on `core` alone and on free ports, answering; stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="huisclos-bench-") as folder:
        http, media, media_tcp = _free_ports()
        if server.ours:
            command, environment, health = _ours(Path(folder), http, media)
        else:
            command, environment, health = _livekit(server, Path(folder), http, media, media_tcp)
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*pinned(core), *command], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            _await_health(process, f"http://127.0.0.1:{http}{health}", log)
            yield Running(process.pid, f"127.0.0.1:{http}")
            if process.poll() is not None:
                raise BenchError(f"{server.name} ended during the run:\n{_tail(log)}")
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def pinned(core: int) -> list[str]:
    """The beginning of a command that is to run on `core` alone."""
    return ["taskset", "--cpu-list", str(core)]


def _ours(folder: Path, http: int, media: int) -> tuple[list[str], dict[str, str], str]:
    command = ROOT / ".venv" / "bin" / "huisclos"
    if not command.exists():
        raise BenchError(f"{command} is missing: make build")
    environment = os.environ | {
        "HUISCLOS_PORT": str(http),
        "HUISCLOS_MEDIA_PORT": str(media),
        "HUISCLOS_DATA": str(folder / "data"),
        "HUISCLOS_LOG_LEVEL": "warning",
        "LIVEKIT_KEYS": f"{KEY}: {SECRET}",
    }
    return [str(command), "serve"], environment, "/readyz"


def _livekit(
    server: Server, folder: Path, http: int, media: int, media_tcp: int
) -> tuple[list[str], dict[str, str], str]:
    config = folder / "livekit.yaml"
    config.write_text(
        f"""port: {http}
bind_addresses: ["127.0.0.1"]
keys: {{{KEY}: {SECRET}}}
logging: {{level: error}}
rtc:
  udp_port: {media}
  tcp_port: {media_tcp}
  use_external_ip: false
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
  congestion_control: {{enabled: {str(server.congestion_control).lower()}}}
"""
    )
    return [str(install_livekit()), "--config", str(config)], dict(os.environ), "/"


def _free_ports() -> tuple[int, int, int]:
    """One for HTTP, one for UDP, one for TCP media: free at this moment."""
    with (
        socket.socket() as http,
        socket.socket(type=socket.SOCK_DGRAM) as media,
        socket.socket() as media_tcp,
    ):
        for one in (http, media, media_tcp):
            one.bind(("127.0.0.1", 0))
        return http.getsockname()[1], media.getsockname()[1], media_tcp.getsockname()[1]


def _await_health(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise BenchError(f"no answer at {url}:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
