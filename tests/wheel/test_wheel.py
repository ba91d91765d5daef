"""The wheel alone makes a server: in an empty environment, with neither Rust nor Node nor a source tree in sight."""

import json
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Served

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel that `make wheel` has just built."""
    found = list((ROOT / "dist").glob("huisclos-*.whl"))
    assert len(found) == 1, f"one wheel is expected in dist/, there are {len(found)}: run `make wheel`"
    return found[0]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what it depends on, nothing else."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin/pip", "install", "--quiet", wheel], check=True)
    return environment


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator[Served]:
    # No cargo, no node, no shell even: only what the environment itself brings.
    with Served(tmp_path, command=installed / "bin/huisclos", settings={"PATH": str(installed / "bin")}) as served:
        yield served


def fetch(url: str) -> tuple[int, str, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.headers["content-type"], answer.read().decode()


@pytest.mark.timeout(180)
def test_the_installed_wheel_serves_health_and_the_client(server: Served):
    status, _, _ = fetch(f"{server.url}/healthz")
    assert status == 200

    status, kind, page = fetch(f"{server.url}/")
    assert (status, kind.partition(";")[0]) == (200, "text/html")
    script = page.partition('<script type="module"')[2].partition('src="')[2].partition('"')[0]
    status, kind, code = fetch(server.url + script)
    assert (status, kind.partition(";")[0]) == (200, "text/javascript")
    assert len(code) > 10_000


@pytest.mark.timeout(180)
def test_the_installed_command_creates_a_room(server: Served):
    room = server.create_room()

    assert room.keys() == {"room", "guest_link", "host_link"}
    request = urllib.request.Request(
        f"{server.url}/api/v1/rooms/{room['room']}/look",
        data=json.dumps({"seat_key": "A" * 43}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["role"] == "stranger"


def test_the_wheel_fits_every_python_from_3_11_on(wheel: Path):
    assert "-cp311-abi3-" in wheel.name


def test_the_wheel_holds_what_a_server_needs_and_no_path_of_its_builder(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        leaking = [name for name in names if str(ROOT).encode() in archive.read(name)]

    assert "huisclos/_client/index.html" in names
    assert "huisclos/_engine.abi3.so" in names
    assert any(name.startswith("huisclos/store/migrations/versions/") for name in names)
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]
    assert leaking == []
