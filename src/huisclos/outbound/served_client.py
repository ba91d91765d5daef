"""Asks one server for pages and files as a browser would, and never anybody else. Judges nothing of what it gets.

For the `huisclos verify` command; a server that runs asks nobody.
"""

import http.client
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

from huisclos.model.errors import CheckAddressInvalid, CheckUnreachable, CheckUntrusted

_SILENCE_S: Final = 20
_WHOLE_ANSWER_S: Final = 120
_CHUNK: Final = 65_536
_MAX_BODY: Final = 64 * 1024 * 1024
_MAX_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# A server that wants to lie to a check alone must not be able to tell it by these.
_AS_A_BROWSER: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip",
    "Accept-Language": "fr,en;q=0.8",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host (no brackets) and port: all of an address that is ever asked."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The origin of an address; path and fragment, which may hold a meeting's secrets, are dropped. Raises CheckAddressInvalid."""
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port
        except ValueError:
            raise CheckAddressInvalid from None
        if parts.scheme not in _DEFAULT_PORTS or not host or parts.username is not None:
            raise CheckAddressInvalid
        return cls(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme])

    @property
    def netloc(self) -> str:
        """As browsers write it into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name, each with all its values; `body` unpacked where it came gzipped."""

    status: int
    headers: dict[str, list[str]]
    body: bytes


class ServedClient:
    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self._trust = ssl.create_default_context()

    def get(self, path: str) -> Answer:
        """The answer to `path`, after redirects within the origin; one that leads out of it is given back as it is.

        Raises CheckUntrusted for a certificate that proves nothing, CheckUnreachable for everything else that keeps
        an answer from arriving whole.
        """
        answer = self._ask(path)
        for _ in range(_MAX_REDIRECTS):
            if answer.status not in _REDIRECTS or (inner := self._within(path, answer)) is None:
                break
            path, answer = inner, self._ask(inner)
        return answer

    def _within(self, path: str, answer: Answer) -> str | None:
        target = urljoin(f"{self.origin}{path}", next(iter(answer.headers.get("location", [])), ""))
        try:
            if Origin.parse(target) != self.origin:
                return None
        except CheckAddressInvalid:
            return None
        parts = urlsplit(target)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    def _ask(self, path: str) -> Answer:
        connection = self._connection()
        try:
            connection.request("GET", path, headers=_AS_A_BROWSER)
            answer = connection.getresponse()
            headers: dict[str, list[str]] = {}
            for name, value in answer.getheaders():
                headers.setdefault(name.lower(), []).append(value)
            return Answer(answer.status, headers, _unpacked(_whole(answer), headers))
        except ssl.SSLError as error:
            raise CheckUntrusted(reason=getattr(error, "verify_message", "") or str(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CheckUnreachable(reason=str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.origin.scheme == "https":
            return http.client.HTTPSConnection(
                self.origin.host, self.origin.port, timeout=_SILENCE_S, context=self._trust
            )
        return http.client.HTTPConnection(self.origin.host, self.origin.port, timeout=_SILENCE_S)


def _whole(answer: http.client.HTTPResponse) -> bytes:
    give_up = time.monotonic() + _WHOLE_ANSWER_S
    body = bytearray()
    while chunk := answer.read(_CHUNK):
        body += chunk
        if len(body) > _MAX_BODY or time.monotonic() > give_up:
            raise TimeoutError("the answer does not end")
    return bytes(body)


def _unpacked(body: bytes, headers: dict[str, list[str]]) -> bytes:
    """What a browser would see. An encoding nobody asked for is left: such a body is not the file."""
    if headers.get("content-encoding") != ["gzip"]:
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _MAX_BODY)
    except zlib.error:
        return body
