"""A real `huisclos serve` in its own process, on free ports and a data directory of its own.

Every suite that needs a server takes this one: nothing of ours is imported or replaced. What the server is asked is
left to the tests.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

# Generous: on two busy cores the first start also makes the database.
START_SECONDS = 40
STOP_SECONDS = 15


# The `huisclos` of the environment that runs the tests.
COMMAND = Path(sys.executable).with_name("huisclos")


def free_port(kind: socket.SocketKind) -> int:
    """A port that nobody held a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """A server to start, stop, kill and start again: same ports and same data each time."""

    def __init__(self, directory: Path, *, settings: dict[str, str] | None = None, command: Path = COMMAND) -> None:
        assert command.exists(), f"there is no {command} yet: run `make build`"
        self._command = command
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.port = free_port(socket.SOCK_STREAM)
        self.media_port = free_port(socket.SOCK_DGRAM)
        certificate = (settings or {}).get("HUISCLOS_TLS_CERT")
        self.url = f"{'https' if certificate else 'http'}://localhost:{self.port}"
        self._trust = ssl.create_default_context(cafile=certificate)
        self._settings = {
            "HUISCLOS_PORT": str(self.port),
            "HUISCLOS_MEDIA_PORT": str(self.media_port),
            "HUISCLOS_DATA": str(self.data),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the server and of every command about it."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("HUISCLOS_", "LIVEKIT_"))}
        return outside | self._settings

    def start(self) -> None:
        """Start the server and return once it may take calls."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._command, "serve"],
                env=self.environment,
                cwd=self.log.parent,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        give_up = time.monotonic() + START_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.stop()
                raise AssertionError(f"the server did not start:\n{self.log_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask the server to end, as a service manager does, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server without a word, as a crash or a power cut does."""
        self._end(signal.SIGKILL)

    def log_text(self) -> str:
        """Everything the server has printed so far, over all its starts."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def run(self, *arguments: str) -> str:
        """The output of one `huisclos` command on this server's data directory."""
        done = subprocess.run(
            [self._command, *arguments],
            check=False,
            env=self.environment,
            cwd=self.log.parent,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, f"huisclos {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def create_room(self, *options: str) -> dict[str, Any]:
        """A new room: `{"room", "guest_link", "host_link"}`."""
        room: dict[str, Any] = json.loads(self.run("room", "create", "--json", *options))
        return room

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2, context=self._trust) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the server did not stop within {STOP_SECONDS} s:\n{self.log_text()}") from None
        finally:
            self._process = None
