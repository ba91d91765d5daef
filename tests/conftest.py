"""What every suite may ask for: a running server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server of this test's own, stopped when the test ends."""
    with Served(tmp_path) as served:
        yield served
