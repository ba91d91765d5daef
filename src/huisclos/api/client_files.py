"""Serves the built web client out of the package, and a plain page in its place where it has not been built."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from huisclos.model.errors import NotFound

# Vite puts a hash of the content into the names of everything under here.
_HASHED: Final = "assets"
# What the build wrote about the other files.
MANIFEST: Final = "manifest.json"
PAGES: Final = ("/", "/r/{room}", "/t/{room}", "/call", "/test")
_COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "application/wasm", "image/svg+xml")

_NOT_BUILT: Final = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Huis Clos</title></head>
<body><main>
<h1>Huis Clos</h1>
<p>Le serveur tourne, mais l'application web n'a pas été construite. Lancez <code>make build</code>, puis rechargez.</p>
<p lang="en">The server is running, but the web client has not been built. Run <code>make build</code>, then reload.</p>
</main></body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    zipped: bytes | None
    media_type: str


@lru_cache(maxsize=512)
def _read(path: Path, changed_ns: int) -> _File:  # noqa: ARG001  # a rebuilt file has another time, so it is read again
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix == ".js":
        media_type = "text/javascript"  # what the system's table says differs between machines
    zipped = gzip.compress(body, 6, mtime=0) if media_type.startswith(_COMPRESSIBLE) and len(body) > 1000 else None
    return _File(body, zipped, media_type)


class ClientFiles:
    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or Path(str(files("huisclos") / "_client"))).resolve()

    @property
    def built(self) -> bool:
        return (self._folder / "index.html").is_file()

    def contents(self) -> dict[str, bytes]:
        """Every file by its path below the client's folder; index.html is what all pages are."""
        found = sorted(path for path in self._folder.rglob("*") if path.is_file())
        return {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in found}

    def routes(self) -> list[Route]:
        """The pages of the client, then any of its files; these routes come last, after the API."""
        pages = [Route(path, self.page, methods=["GET"]) for path in PAGES]
        return [*pages, Route("/{path:path}", self.file, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """Every page is the same file; what it shows is up to the client. Never kept: it names the current assets."""
        if not self.built:
            return HTMLResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
        return self._answer(request, self._folder / "index.html", "no-store")

    async def file(self, request: Request) -> Response:
        path = self._find(request.path_params["path"])
        if path is None:
            raise NotFound
        hashed = path.is_relative_to(self._folder / _HASHED)
        return self._answer(request, path, "public, max-age=31536000, immutable" if hashed else "no-cache")

    def _find(self, name: str) -> Path | None:
        """The file of that name, unless it lies outside of the client's folder or is not there."""
        if "\0" in name or name.startswith("/"):
            return None
        path = (self._folder / name).resolve()
        return path if path.is_relative_to(self._folder) and path.is_file() else None

    def _answer(self, request: Request, path: Path, cache: str) -> Response:
        found = _read(path, path.stat().st_mtime_ns)
        headers = {"cache-control": cache, "vary": "accept-encoding"}
        if found.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(found.zipped, headers=headers | {"content-encoding": "gzip"}, media_type=found.media_type)
        return Response(found.body, headers=headers, media_type=found.media_type)
