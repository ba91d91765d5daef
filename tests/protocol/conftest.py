"""A server that takes LiveKit tokens, for the whole protocol suite: one process, rooms of their own for each test."""

import os
from collections.abc import Iterator

import pytest

from protocol import stock
from protocol.livekit_keys import KEY, SECRET
from serving import Served


@pytest.fixture(scope="session")
def sdk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("server"), settings={"LIVEKIT_KEYS": f"{KEY}: {SECRET}"}) as served:
        yield served


# Not skipped but absent without a control: a skip looks like something that ought to have run.
_SERVERS = ["huisclos", *(["livekit-server"] if os.environ.get("LIVEKIT_SERVER") else [])]


@pytest.fixture(params=_SERVERS)
def any_server(request: pytest.FixtureRequest) -> str:
    """The address of our server, and then of stock livekit-server as a control of the test itself if one is named."""
    if request.param == "huisclos":
        server: Served = request.getfixturevalue("sdk_server")
        return server.url
    url: str = request.getfixturevalue("stock_server")
    return url


@pytest.fixture(scope="session")
def stock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stock.running(os.environ["LIVEKIT_SERVER"], tmp_path_factory.mktemp("stock")) as url:
        yield url


@pytest.fixture
def sdk_server_url(sdk_server: Served) -> str:
    """Ours alone, where what is tested is our own choice or a hostile case."""
    return sdk_server.url
