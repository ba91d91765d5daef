"""Stock livekit-server as a control: whatever fails there too is a fault of the test."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.livekit_keys import KEY, SECRET
from serving import free_port


@contextmanager
def running(binary: str, folder: Path) -> Iterator[str]:
    """Its address while the block lasts."""
    port, udp, tcp = (free_port(kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM))
    settings = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {
            "udp_port": udp,
            "tcp_port": tcp,
            "use_external_ip": False,
            "node_ip": "127.0.0.1",
            "enable_loopback_candidate": True,
        },
        "keys": {KEY: SECRET},
    }
    # JSON is YAML.
    (folder / "livekit.yaml").write_text(json.dumps(settings))
    with (folder / "livekit.log").open("wb") as log:
        process = subprocess.Popen([binary, "--config", "livekit.yaml"], cwd=folder, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, "livekit-server did not start"
            assert time.monotonic() < give_up, "livekit-server is not ready"
            time.sleep(0.05)
