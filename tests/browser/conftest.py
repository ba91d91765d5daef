"""Browsers for the whole run, and people for each test. Every page is watched for third parties and broken policy."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from browser.media import PATIENCE
from browser.people import Browsers, People
from serving import Served

RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
HERE = Path(__file__).parent

expect.set_options(timeout=PATIENCE * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser lives in one event loop, and a call takes its time."""
    for item in items:
        if HERE in item.path.parents:
            # First, or the mark that asyncio_mode has given already would win.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(180))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers() -> AsyncIterator[Browsers]:
    async with async_playwright() as playwright:
        running = Browsers(playwright)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def people(browsers: Browsers, server: Served, request: pytest.FixtureRequest) -> AsyncIterator[People]:
    """Makes people; when the test ends, keeps their screens and fails for whatever a page must never do."""
    pictures = RESULTS / re.sub(r"[^\w.-]+", "-", request.node.name)
    everybody = People(browsers, server.url, pictures)
    yield everybody
    wrongs = await everybody.part()
    assert not wrongs, "\n".join(wrongs)
