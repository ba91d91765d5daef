"""A server behind a router that translates addresses is reached at its public one, when told which that is."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.livekit_keys import KEY, SECRET
from protocol.networks import PRIVATE, PUBLIC, Networks, NoNamespaces, behind_nat
from serving import COMMAND, Served

# Their own network has all ports free.
HTTP_PORT, MEDIA_PORT = 8000, 7882
TESTS = Path(__file__).resolve().parent.parent


class Hidden(Served):
    """A server in a network of its own; it is asked from outside."""

    def __init__(self, directory: Path, networks: Networks, settings: dict[str, str]) -> None:
        # The namespace is left to a command of the same shape, so that it is started and stopped like any other.
        command = directory / "huisclos"
        command.write_text(f'#!/bin/sh\nexec {" ".join(networks.server)} {COMMAND} "$@"\n')
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
        fixed = {
            "HUISCLOS_PORT": str(HTTP_PORT),
            "HUISCLOS_MEDIA_PORT": str(MEDIA_PORT),
            "LIVEKIT_KEYS": f"{KEY}: {SECRET}",
        }
        super().__init__(directory, settings=settings | fixed, command=command)
        self._outside = networks.client
        self.url = f"http://{PUBLIC}:{HTTP_PORT}"

    def ask(self) -> dict[str, Any]:
        """What two callers outside learn and hear."""
        done = subprocess.run(
            [*self._outside, sys.executable, "-m", "protocol.caller_elsewhere", self.url],
            check=True,
            capture_output=True,
            text=True,
            timeout=90,
            env=os.environ | {"PYTHONPATH": str(TESTS)},
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def _ready(self) -> bool:
        asked = f"import urllib.request; urllib.request.urlopen('{self.url}/readyz', timeout=2)"
        return (
            subprocess.run([*self._outside, sys.executable, "-c", asked], check=False, capture_output=True).returncode
            == 0
        )


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[Networks]:
    try:
        with behind_nat(HTTP_PORT, MEDIA_PORT) as made:
            yield made
    except NoNamespaces as reason:
        pytest.skip(f"no network namespaces here, which need root, iproute2 and nftables: {reason}")


@pytest.mark.timeout(120)
def test_a_server_told_its_public_address_is_heard_through_it_and_names_no_other(networks: Networks, tmp_path: Path):
    with Hidden(tmp_path, networks, {"HUISCLOS_PUBLIC_ADDRESS": PUBLIC}) as server:
        found = server.ask()

    assert found["candidates"] == [PUBLIC]
    assert found["heard"] > 0


@pytest.mark.timeout(120)
def test_a_server_not_told_so_names_its_private_address_and_is_not_heard(networks: Networks, tmp_path: Path):
    """The control: this router lets nothing through by accident."""
    with Hidden(tmp_path, networks, {}) as server:
        found = server.ask()

    assert PRIVATE in found["candidates"]
    assert PUBLIC not in found["candidates"]
    assert found["heard"] == 0
