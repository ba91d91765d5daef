"""As an operator sets it up: HTTPS from the server's own certificate, rooms in PostgreSQL, and a call over both."""

import asyncio
import http.client
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.people import People
from certificates import self_made
from postgres import PostgresCluster
from serving import Served


@pytest.fixture
def server(tmp_path: Path, postgres: PostgresCluster) -> Iterator[Served]:
    certificate, key = self_made(tmp_path)
    settings = {
        "HUISCLOS_TLS_CERT": str(certificate),
        "HUISCLOS_TLS_KEY": str(key),
        "HUISCLOS_DATABASE_URL": postgres.new_database().reveal(),
    }
    with Served(tmp_path, settings=settings) as served:
        yield served


async def test_a_call_over_https_with_rooms_in_postgresql(people: People, server: Served, postgres: PostgresCluster):
    anna = await people("Anna", any_certificate=True)
    ben = await people("Ben", any_certificate=True)

    link = await people.meeting(anna, ben)

    assert link.startswith("https://localhost:")
    await asyncio.gather(anna.sees(1), ben.sees(1), anna.hears(1), ben.hears(1))
    for person in (anna, ben):
        assert person.sockets, "no WebSocket was seen"
        assert all(url.startswith("wss://localhost:") for url in person.sockets)
    assert not list(server.data.glob("*.sqlite3*")), "a SQLite file beside PostgreSQL"
    assert link.rpartition("/")[2].partition("#")[0] in server.run("room", "list")

    # The room outlives the server, so it is in the database and nowhere else.
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await ben.page.reload()
    await ben.ask_to_join()
    await ben.is_in_call()


async def test_plain_http_gets_no_page_where_https_is_served(server: Served):
    """The control of the one above: the port speaks TLS and nothing else."""
    with pytest.raises((http.client.HTTPException, OSError)):
        await asyncio.to_thread(urllib.request.urlopen, server.url.replace("https", "http"), timeout=5)
