"""The frame encryption inside livekit-client, over our own server: layers, a screen, data, and a connection that is built anew."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from browser.lab import served
from browser.media import until
from browser.people import Browsers
from protocol.livekit_keys import KEY, SECRET, token
from serving import Served


@pytest.fixture
def sdk_server(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path, settings={"LIVEKIT_KEYS": f"{KEY}: {SECRET}"}) as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("frames")) as url:
        yield url


class Group:
    """Alice and Bob in one room, with keys the test hands out."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def does(self, what: str, *arguments: Any) -> Any:
        return await self.page.evaluate("([what, all]) => rooms[what](...all)", [what, list(arguments)])

    async def opened(self, kind: str) -> int:
        """How many frames of this kind Bob has opened so far."""
        reports = await self.does("reports", "bob")
        return sum(track["passed"] for track in reports if track["stream"] and track["stream"]["kind"] == kind)

    async def opens(self, *kinds: str) -> None:
        """Frames of each of these kinds open at Bob's from now on."""
        for kind in kinds:
            before = await self.opened(kind)

            async def more(kind: str = kind, before: int = before) -> Any:
                return await self.opened(kind) > before + 10

            await until(more, f"Bob opens frames of {kind}")


@pytest_asyncio.fixture(loop_scope="session")
async def group(browsers: Browsers, sdk_server: Served, address: str) -> AsyncIterator[Group]:
    page = await (await browsers.with_devices("allowed")).new_page()
    await page.goto(address)
    group = Group(page)
    await group.does("expect", ["alice", "bob"])
    for name in ("alice", "bob"):
        await group.does("join", name, sdk_server.url.replace("http", "ws"), token(name, "meeting"))
    await group.does("rekey", 1, ["alice", "bob"])
    yield group
    await page.close()


async def test_camera_screen_and_data_arrive_and_survive_a_new_connection(group: Group):
    for what in ("camera", "screen"):
        await group.does("publish", "alice", what)
    await group.opens("video", "screen")
    await group.does("say", "alice", "good morning")

    await group.does("reconnect", "alice")

    await group.opens("video", "screen")
    await group.does("rekey", 2, ["alice", "bob"])
    await group.opens("video", "screen")
    assert await group.does("heard", "bob") == ["good morning"]
    assert all(encrypted for _, encrypted in await group.does("published", "bob"))


async def test_a_member_left_out_of_the_new_epoch_opens_nothing_of_it(group: Group):
    await group.does("publish", "alice", "camera")
    await group.opens("video")

    await group.does("rekey", 2, ["alice"])
    await group.does("say", "alice", "Bob is gone")

    async def refused() -> Any:
        return any(track["dropped"]["no_key"] > 30 for track in await group.does("reports", "bob"))

    await until(refused, "Bob drops frames for want of a key")
    before = await group.opened("video")
    await asyncio.sleep(1)  # an interval of measurement, not a wait
    assert await group.opened("video") == before
    assert await group.does("heard", "bob") == []


async def test_sound_stays_here_as_long_as_the_server_does_not_ask_for_constant_bitrate(group: Group):
    # These rooms are made by a LiveKit token; the server says nothing of constant bitrate there.
    await group.does("publish", "alice", "microphone")

    async def withheld() -> Any:
        return "sound-refused" in await group.does("events", "alice")

    await until(withheld, "Alice learns that her sound is withheld")
    assert await group.opened("audio") == 0
