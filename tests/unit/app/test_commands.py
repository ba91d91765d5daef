"""The `huisclos` command as an operator types it, in processes of its own."""

import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates import self_made
from huisclos.model.ids import RoomId
from serving import Served, free_port


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HUISCLOS_", "LIVEKIT_"))}
    return subprocess.run(
        [sys.executable, "-m", "huisclos", *arguments],
        check=False,
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


@contextmanager
def holding(kind: socket.SocketKind) -> Iterator[int]:
    """A port that another program has."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("0.0.0.0", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        yield taken.getsockname()[1]


def test_a_room_is_created_listed_and_closed_without_a_server(tmp_path: Path):
    created = run(tmp_path, "room", "create", "--json", "--transit", HUISCLOS_PUBLIC_URL="https://meet.example.org/")

    room = json.loads(created.stdout)
    assert set(room) == {"room", "guest_link", "host_link"}
    assert RoomId.parse(room["room"])
    assert room["guest_link"] == f"https://meet.example.org/t/{room['room']}"
    assert re.fullmatch(re.escape(room["guest_link"]) + r"#host=[\w-]{43}", room["host_link"])
    assert room["room"] in run(tmp_path, "room", "list").stdout
    assert run(tmp_path, "room", "close", room["host_link"]).returncode == 0
    assert run(tmp_path, "room", "list").stdout == "no rooms\n"
    again = run(tmp_path, "room", "close", room["room"])
    assert again.returncode == 1
    assert again.stderr.startswith("huisclos: This meeting does not exist")


def test_the_links_of_an_encrypted_room_hold_its_secrets_in_the_fragment(tmp_path: Path):
    created = run(tmp_path, "room", "create", "--json", HUISCLOS_PUBLIC_URL="https://meet.example.org")

    room = json.loads(created.stdout)
    address, _, guest = room["guest_link"].partition("#")
    version, secret, fingerprint = guest.split(".")
    *same, claim, seed = room["host_link"].partition("#")[2].split(".")
    host_key = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed + "=")).public_key()
    assert address == f"https://meet.example.org/r/{room['room']}"
    assert same == [version, secret, fingerprint]
    assert (version, len(base64.urlsafe_b64decode(secret + "==")), len(claim)) == ("1", 16, 43)
    expected = hashlib.sha256(host_key.public_bytes_raw()).digest()[:16]
    assert base64.urlsafe_b64decode(fingerprint + "==") == expected
    # Neither is anywhere in what the server keeps.
    for kept in (tmp_path / "data").iterdir():
        assert secret.encode() not in kept.read_bytes()
        assert base64.urlsafe_b64decode(seed + "=") not in kept.read_bytes()


def test_a_room_created_beside_a_running_server_is_there_at_once(server: Served):
    room = server.create_room()

    assert room["guest_link"].startswith(f"http://localhost:{server.port}/r/")
    request = urllib.request.Request(
        f"{server.url}/api/v1/rooms/{room['room']}/look",
        json.dumps({"seat_key": "A" * 43}).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        looked = json.load(answer)
    assert (looked["role"], looked["people"], looked["encryption"]) == ("stranger", None, "e2ee")
    assert looked["policy"]


def test_a_server_shows_the_links_of_a_first_room_and_stops_when_told(server: Served):
    server.stop()

    assert re.search(
        rf"http://localhost:{server.port}/r/[a-z2-7]{{26}}#1(\.[\w-]{{22}}){{2}}(\.[\w-]{{43}}){{2}}\n",
        server.log_text(),
    )
    assert "Traceback" not in server.log_text()


def test_a_server_told_not_to_makes_no_room(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "huisclos", "serve", "--no-room", "--port", "0", "--media-port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "serving http" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=20)

    assert shown == ""
    assert run(tmp_path, "room", "list").stdout == "no rooms\n"


def test_a_terminal_is_also_shown_the_link_as_a_qr_code_and_a_file_is_not(tmp_path: Path, server: Served):
    assert "/r/" in server.log_text()
    assert "█" not in server.log_text()
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "huisclos", "serve", "--port", "0", "--media-port", "0"],
        cwd=tmp_path,
        stdout=slave,
        stderr=subprocess.DEVNULL,
    )
    os.close(slave)
    shown = b""
    while b"/r/" not in shown and process.poll() is None:
        shown += os.read(master, 65_536)
    process.send_signal(signal.SIGINT)
    # A terminal that is not read holds back who writes to it; it answers with an error once nobody does any more.
    with contextlib.suppress(OSError):
        while rest := os.read(master, 65_536):
            shown += rest
    process.wait(timeout=20)
    os.close(master)

    rows = [line for line in shown.decode().splitlines() if set(line) <= set("█▀▄ ") and "█" in line]
    assert len(rows) > 15


def test_a_taken_http_port_is_named_with_the_option_to_change(tmp_path: Path):
    with holding(socket.SOCK_STREAM) as port:
        refused = run(tmp_path, "serve", HUISCLOS_PORT=str(port))

    assert refused.returncode == 1
    assert f"TCP port {port} is taken" in refused.stderr
    assert "HUISCLOS_PORT or --port" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_taken_media_port_is_named_with_the_option_to_change(tmp_path: Path):
    with holding(socket.SOCK_DGRAM) as port:
        refused = run(tmp_path, "serve", "--port", "0", HUISCLOS_MEDIA_PORT=str(port))

    assert refused.returncode == 1
    assert f"UDP port {port}" in refused.stderr
    assert "HUISCLOS_MEDIA_PORT or --media-port" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"LIVEKIT_KEYS": "devkey: secret"},
        {"LIVEKIT_KEYS": "key: short"},
        {"HUISCLOS_PORT": "x"},
        {"HUISCLOS_DATABASE_URL": "mysql://x/y"},
        {"HUISCLOS_DATA": "/proc/nowhere"},
        {"HUISCLOS_PUBLIC_ADDRESS": "not an address"},
    ],
)
def test_what_must_not_be_served_with_stops_the_start_in_one_line(tmp_path: Path, environment: dict[str, str]):
    ports = {"HUISCLOS_PORT": str(free_port(socket.SOCK_STREAM)), "HUISCLOS_MEDIA_PORT": "0"}

    refused = run(tmp_path, "serve", **(ports | environment))

    assert refused.returncode == 1
    assert refused.stderr.startswith("huisclos: ")
    assert refused.stderr.count("\n") == 1


def test_help_shows_every_setting_with_its_default(tmp_path: Path):
    shown = run(tmp_path, "serve", "--help").stdout

    for part in ("--port", "HUISCLOS_PORT", "default: 8000", "--media-port", "LIVEKIT_KEYS", "--no-room"):
        assert part in shown


def test_the_doctor_finds_a_taken_port_and_is_content_without_one(tmp_path: Path):
    free = {
        "HUISCLOS_PORT": str(free_port(socket.SOCK_STREAM)),
        "HUISCLOS_MEDIA_PORT": str(free_port(socket.SOCK_DGRAM)),
    }
    well = run(tmp_path, "doctor", **free)
    with holding(socket.SOCK_DGRAM) as port:
        ill = run(tmp_path, "doctor", **(free | {"HUISCLOS_MEDIA_PORT": str(port)}))

    assert (well.returncode, "problem" in well.stdout) == (0, False)
    assert ill.returncode == 1
    assert f"problem UDP port {port}" in ill.stdout


def test_a_certificate_that_cannot_be_used_is_named_before_the_start(tmp_path: Path):
    certificate, key = self_made(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, foreign_key = self_made(other)

    def refused(cert: Path, secret: Path) -> str:
        done = run(tmp_path, "serve", HUISCLOS_TLS_CERT=str(cert), HUISCLOS_TLS_KEY=str(secret))
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "tls_cert: /nowhere.pem cannot be read (No such file" in refused(Path("/nowhere.pem"), key)
    assert "tls_key: /nowhere.pem cannot be read" in refused(certificate, Path("/nowhere.pem"))
    assert "must be a certificate and its key" in refused(certificate, foreign_key)
    assert "must be a certificate and its key" in refused(key, key)
