"""`huisclos verify` is content with an honest server and names what a lying one hands out; the liar is a proxy before a real server."""

import contextlib
import http.server
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from certificates import self_made
from serving import COMMAND, Served, free_port

Headers: TypeAlias = dict[str, str]
# Path, headers and body as the server gave them; what the liar makes of them.
Lie: TypeAlias = Callable[[str, Headers, bytes], tuple[Headers, bytes]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all: nobody here changes anything on it."""
    with Served(tmp_path_factory.mktemp("honest")) as served:
        yield served


def honest(_: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return headers, body


@contextlib.contextmanager
def proxied(server: Served, lie: Lie) -> Iterator[str]:
    """The address of a proxy that passes everything on but for its lie, under the Host its visitors named."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request = urllib.request.Request(f"{server.url}{self.path}", headers={"Host": self.headers["Host"]})
            try:
                with urllib.request.urlopen(request) as answer:
                    status, headers, body = answer.status, dict(answer.headers), answer.read()
            except urllib.error.HTTPError as refused:
                status, headers, body = refused.code, dict(refused.headers), refused.read()
            headers, body = lie(self.path, {name.lower(): value for name, value in headers.items()}, body)
            self.send_response(int(headers.pop("status", status)))
            for name, value in headers.items():
                if name not in {"content-length", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://localhost:{proxy.server_address[1]}"
        proxy.shutdown()
        thread.join()


def verify(address: str, *options: str, **environment: str) -> tuple[int, str]:
    """Exit code and everything said."""
    done = subprocess.run(
        [COMMAND, "verify", address, *options],
        check=False,
        env={"LANG": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_an_honest_server_is_the_one_of_this_installation_in_either_language(server: Served):
    code, said = verify(f"{server.url}/r/abcdefghijklmnopqrstuvwxyz#1.secret")

    assert (code, "equal: " in said, "security policy" in said) == (0, True, True)
    code, said = verify(server.url, LANG="fr_FR.UTF-8")
    assert (code, "identique : " in said) == (0, True)
    assert "secret" not in server.log_text()


def test_an_honest_proxy_changes_nothing(server: Served):
    with proxied(server, honest) as address:
        assert verify(address)[0] == 0


def flipped(suffix: str) -> Lie:
    def lie(path: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        if path.startswith("/assets/") and path.endswith(suffix):
            return headers, body[:-10] + bytes([body[-10] ^ 1]) + body[-9:]
        return headers, body

    return lie


def page(change: Callable[[bytes], bytes]) -> Lie:
    def lie(_: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        return headers, change(body) if headers.get("content-type", "").startswith("text/html") else body

    return lie


def only_in_rooms(path: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return headers, body + b" " if path.startswith("/r/") else body


def without_policy(_: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return {name: value for name, value in headers.items() if name != "content-security-policy"}, body


def looser_policy(_: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    policy = headers["content-security-policy"].replace("script-src 'self'", "script-src 'self' https://evil.example")
    return headers | {"content-security-policy": policy}, body


def sent_away(path: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    if path == "/favicon.svg":
        return headers | {"status": "302", "location": "https://evil.example/favicon.svg"}, b""
    return headers, body


def gone(path: str, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    return (headers | {"status": "404"}, b"") if path == "/favicon.svg" else (headers, body)


def added(tag: bytes) -> Lie:
    return page(lambda body: body.replace(b"</head>", tag + b"</head>"))


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        pytest.param(flipped(".js"), "changed   /assets/", id="one bit of every script"),
        pytest.param(flipped(".wasm"), "changed   /assets/huisclos_mls", id="one bit of the key agreement"),
        pytest.param(flipped(".css"), "changed   /assets/", id="one bit of a style"),
        pytest.param(added(b'<script src="/extra.js"></script>'), "extra     /extra.js", id="a script of the server's"),
        pytest.param(
            added(b'<script src="https://evil.example/x.js"></script>'),
            "foreign   https://evil.example/x.js",
            id="a foreign script",
        ),
        pytest.param(added(b"<script>send()</script>"), "injected  /  <script>send()</script>", id="an inline script"),
        pytest.param(added(b'<img src="/favicon.svg" onerror="send()">'), "injected  /  <img onerror", id="a handler"),
        pytest.param(only_in_rooms, "changed   /r/", id="another page in rooms alone"),
        pytest.param(without_policy, "policy    /", id="no content security policy"),
        pytest.param(looser_policy, "https://evil.example", id="a looser content security policy"),
        pytest.param(sent_away, "moved     /favicon.svg  (to https://evil.example/favicon.svg", id="a file elsewhere"),
        pytest.param(gone, "missing   /favicon.svg  (answer 404)", id="a file that is missing"),
    ],
)
def test_a_lie_is_named(server: Served, lie: Lie, named: str):
    with proxied(server, lie) as address:
        code, said = verify(address)

    assert code == 1
    assert named in said
    assert "different: " in said


def test_what_a_liar_writes_cannot_steer_the_terminal(server: Served):
    with proxied(server, added(b"<script>\x1b[2J\x1b]0;equal\x07</script>")) as address:
        code, said = verify(address)

    assert code == 1
    assert "\x1b" not in said


def test_a_server_that_does_not_answer_is_not_called_different():
    code, said = verify(f"http://localhost:{free_port(socket.SOCK_STREAM)}")

    assert (code, "could not be checked" in said) == (2, True)


def test_a_server_that_sends_everybody_elsewhere_is_not_followed(server: Served):
    def away(_: str, headers: Headers, __: bytes) -> tuple[Headers, bytes]:
        return headers | {"status": "301", "location": "https://elsewhere.example/"}, b""

    with proxied(server, away) as address:
        code, said = verify(address)

    assert (code, "elsewhere: https://elsewhere.example/" in said) == (2, True)


def test_a_certificate_nobody_vouches_for_stops_the_check_and_a_known_one_does_not(tmp_path: Path):
    certificate, key = self_made(tmp_path)
    with Served(tmp_path, settings={"HUISCLOS_TLS_CERT": str(certificate), "HUISCLOS_TLS_KEY": str(key)}) as server:
        code, said = verify(server.url)
        assert (code, "not secure" in said) == (2, True)

        assert verify(server.url, SSL_CERT_FILE=str(certificate))[0] == 0


@pytest.mark.parametrize("address", ["", "ftp://localhost", "https://", "https://a@localhost", "http://localhost:x"])
def test_what_is_no_address_of_a_server_is_asked_nothing(address: str):
    code, said = verify(address)

    assert (code, "not the address of a server" in said) == (2, True)
