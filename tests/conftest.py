"""What every suite may ask for: a running server, a PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from postgres import PostgresCluster
from serving import Served

# A busy machine is no defect of the code: how long an example takes says nothing here.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("shared machine"), max_examples=20_000)
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--row", default="", help="only tests that answer this row of the list of known failures, e.g. C05"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not answer the row that was asked for."""
    row = config.getoption("--row")
    if row:
        items[:] = [item for item in items if any(row in mark.args for mark in item.iter_markers("rows"))]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server of this test's own, stopped when the test ends."""
    with Served(tmp_path) as served:
        yield served


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    cluster = PostgresCluster()
    yield cluster
    cluster.stop()
