"""An evil server for each test, and people in real browsers in front of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import browsers, people
from e2ee.evil_server import EvilServer

__all__ = ["browsers", "people"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser lives in one event loop, and a call takes its time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EvilServer]:
    """In the place of the honest one."""
    with EvilServer(tmp_path) as evil:
        yield evil
