"""A server that takes LiveKit tokens, for the whole protocol suite: one process, rooms of their own for each test."""

from collections.abc import Iterator

import pytest

from protocol.livekit_keys import KEY, SECRET
from serving import Served


@pytest.fixture(scope="session")
def sdk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("server"), settings={"LIVEKIT_KEYS": f"{KEY}: {SECRET}"}) as served:
        yield served
