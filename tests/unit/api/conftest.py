"""The application over the services, asked in-process by HTTP, or served by a real uvicorn where sockets matter."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from huisclos.api import application
from huisclos.api.client_files import ClientFiles
from huisclos.services.dependencies import Dependencies

INDEX = "<!doctype html><title>Huis Clos</title>"


@pytest.fixture
def client_folder(tmp_path: Path) -> Path:
    """A built client of three files, and a secret beside it that must never be served."""
    folder = tmp_path / "client"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "index-abc123.js").write_text("export const x = 1;\n" * 200)
    (folder / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secrets.json").write_text("beside")
    return folder


@pytest.fixture
def web(deps: Dependencies, client_folder: Path) -> ASGIApp:
    return application.build(deps, client=ClientFiles(client_folder))


@pytest.fixture
async def http(web: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(web, client=("192.0.2.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://meet.test") as client:
        yield client


@pytest.fixture
async def served(web: ASGIApp) -> AsyncIterator[str]:
    """`host:port` of a real server."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, lifespan="off", ws="websockets-sansio"))
    running = asyncio.create_task(server.serve([listening]))
    yield f"127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await running


Start = Callable[[], Awaitable[tuple[str, str]]]


@pytest.fixture
def start(http: httpx.AsyncClient) -> Start:
    """Starts a room: (room, claim)."""

    async def started() -> tuple[str, str]:
        answer = await http.post("/api/v1/rooms", json={"encryption": "transit"})
        assert answer.status_code == 201
        return answer.json()["room"], answer.json()["host_claim"]

    return started
