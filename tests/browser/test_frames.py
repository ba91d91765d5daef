"""Frame encryption between two real peer connections: what gets through, and all that must not, each with its control."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from browser.firefox import FirefoxPage, firefox
from browser.lab import Lab, served
from browser.media import until
from browser.people import Browsers

# The two interfaces by which a browser hands frames over. Chromium has both, and the product takes streams there.
SCRIPT, STREAMS, FIREFOX = "chromium script", "chromium streams", "firefox script"
EVERYWHERE = pytest.mark.parametrize("lab", [SCRIPT, STREAMS, FIREFOX], indirect=True)
# A Chromium that was asked for streams sends nothing at all from a sender that nobody has asked.
UNGUARDED = pytest.mark.parametrize("lab", [SCRIPT, FIREFOX], indirect=True)
AS_SHIPPED = pytest.mark.parametrize("lab", [STREAMS, FIREFOX], indirect=True)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("frames")) as url:
        yield url


class Fox:
    """One Firefox for all tests, started when first asked for."""

    def __init__(self, until_the_end: AsyncExitStack) -> None:
        self._until_the_end = until_the_end
        self._tab: FirefoxPage | None = None

    async def tab(self) -> FirefoxPage:
        if self._tab is None:
            self._tab = await self._until_the_end.enter_async_context(firefox())
        return self._tab


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fox() -> AsyncIterator[Fox]:
    async with AsyncExitStack() as until_the_end:
        yield Fox(until_the_end)


@pytest_asyncio.fixture(loop_scope="session")
async def lab(request: pytest.FixtureRequest, browsers: Browsers, fox: Fox, address: str) -> AsyncIterator[Lab]:
    browser, api = getattr(request, "param", STREAMS).split()
    if browser == "firefox":
        tab = await fox.tab()
        await tab.open(address)
        yield Lab(tab, api)
        return
    page = await (await browsers.with_devices("allowed")).new_page()
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    await page.goto(address)
    yield Lab(page, api)
    await page.close()
    assert wrongs == []


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
@EVERYWHERE
async def test_sound_and_pictures_come_through(lab: Lab, codec: str):
    await lab.call(codec=codec)

    await lab.sees_and_hears()

    assert await lab.dropped("bob") <= {"no_key", "blocked"}  # frames from before the first key, at most
    assert len(await lab.does("ciphertext")) == 48


@EVERYWHERE
async def test_new_keys_freeze_the_picture_for_less_than_a_second(lab: Lab):
    await lab.call()
    await lab.sees_and_hears()

    longest_ms = await lab.does("rekeys")

    assert longest_ms < 1000
    await lab.sees_and_hears()
    epochs = {track["epoch"] for track in await lab.does("reports", "bob")}
    assert epochs == {6}


@AS_SHIPPED
async def test_who_is_left_out_of_an_epoch_decodes_nothing_of_it(lab: Lab):
    await lab.call()
    await lab.sees_and_hears()

    await lab.does("rekey", 2, ["alice"])

    await lab.gets_nothing()
    await lab.drops("no_key")
    await lab.does("rekey", 3, ["alice", "bob"])
    await lab.sees_and_hears()


@pytest.mark.parametrize(
    ("evil", "reason"),
    [
        ("flip", "bad_tag"),
        ("replay", "replay"),
        ("wrong kid", "wrong_leaf"),
        ("wrong kind", "bad_tag"),
        ("plain", None),  # clear bytes read as a header say this or that
    ],
)
@AS_SHIPPED
async def test_a_spoiled_frame_is_never_decoded(lab: Lab, evil: str, reason: str | None):
    await lab.call(sender="evil")
    await lab.sees_and_hears()

    await lab.does("turns", evil)

    await lab.gets_nothing()
    if reason is not None:
        await lab.drops(reason)
    await lab.does("turns", "honest")
    await lab.sees_and_hears()


@UNGUARDED
async def test_clear_frames_of_a_sender_without_encryption_are_never_decoded(lab: Lab):
    await lab.call(sender="none")

    await lab.gets_nothing()


@UNGUARDED
async def test_without_our_worker_the_clear_frames_do_play(lab: Lab):
    await lab.call(sender="none", receiver="none")

    await lab.sees_and_hears()


@EVERYWHERE
@pytest.mark.parametrize("sender", ["ours", "ours, slow"])
async def test_not_one_clear_frame_leaves_however_late_the_worker_comes(lab: Lab, sender: str):
    await lab.call(sender=sender, receiver="tap")

    seen = await _tapped(lab, "sealed", 50)

    assert seen["clear"] == 0


@UNGUARDED
async def test_the_tap_does_see_clear_frames_where_nothing_is_encrypted(lab: Lab):
    await lab.call(sender="none", receiver="tap")

    assert (await _tapped(lab, "clear", 50))["sealed"] == 0


@EVERYWHERE
async def test_nothing_leaves_without_a_key(lab: Lab):
    await lab.call(receiver="tap", keysFor=["bob"])
    await lab.drops("no_key", "alice")

    await asyncio.sleep(1)

    assert await lab.does("tapped") == {"sealed": 0, "clear": 0}
    assert (await lab.does("stats"))["encoded"] > 0


@EVERYWHERE
async def test_nothing_leaves_when_the_worker_is_gone(lab: Lab):
    await lab.call(receiver="tap")
    await _tapped(lab, "sealed", 50)

    await lab.does("killWorker")

    await asyncio.sleep(0.5)  # what was on the way
    before = await lab.does("tapped")
    await asyncio.sleep(1.5)
    after = await lab.does("tapped")
    assert after == before
    assert after["clear"] == 0


@AS_SHIPPED
async def test_sound_stays_here_when_the_server_wants_packets_that_tell_words(lab: Lab):
    await lab.call(constantBitrate=False)
    await lab.drops("blocked", "alice")

    stats = await lab.does("stats")

    assert stats["sound"] == 0
    assert stats["decoded"] > 0
    assert "sound-refused" in await lab.does("events", "alice")


@AS_SHIPPED
async def test_a_data_packet_opens_as_its_senders_and_nobody_elses(lab: Lab):
    await lab.call()
    await lab.sees_and_hears()

    assert await lab.does("data", "alice", False) == "good morning"
    assert await lab.does("data", "bob", False) == "refused: wrong_leaf"
    assert await lab.does("data", "alice", True) == "refused: bad_tag"


async def test_a_browser_that_cannot_encrypt_frames_is_refused_before_anything_is_sent(
    browsers: Browsers, address: str
):
    page = await (await browsers.with_devices("allowed")).new_page()
    await page.add_init_script(
        "delete window.RTCRtpScriptTransform; delete RTCRtpSender.prototype.createEncodedStreams"
    )
    await page.goto(address)

    with pytest.raises(Exception, match="encryption_unsupported"):
        await Lab(page).call()

    await page.close()


async def _tapped(lab: Lab, which: str, count: int) -> dict[str, int]:
    async def enough() -> Any:
        seen = await lab.does("tapped")
        return seen if seen[which] >= count else None

    seen: dict[str, int] = await until(enough, f"{count} {which} frames at the tap")
    return seen
