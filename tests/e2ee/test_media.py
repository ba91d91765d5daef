"""What an evil server can do with media: announce it as plain, put in its own, take one stream for another."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from browser.crowd import Crowd
from browser.media import growing, until
from browser.people import People, Person
from e2ee.evil_server import EvilServer

pytestmark = pytest.mark.rows("C05", "C07", "C08", "C12", "C14")

# Frames under way when a lie begins may still come out.
_UNDER_WAY_S = 1.0


async def nothing_is_decoded(person: Person, kind: str, seconds: float = 2.0) -> None:
    """Once what was under way is through, this page decodes nothing more of this kind for a while."""

    async def still() -> bool:
        return not await growing(person.page, kind)

    await until(still, f"the decoders of {person.name} stand still ({kind})")
    for _ in range(int(seconds / 0.5)):
        assert not await growing(person.page, kind), f"{person.name} decodes {kind} that is not the sender's"


async def hue(person: Person) -> float:
    """How blue rather than red the first remote picture is: the mean of V minus that of U, about."""
    found: float = await person.page.evaluate(
        """() => Math.max(...[...document.querySelectorAll('video')].filter((v) => v.videoWidth > 0).map((video) => {
             const canvas = document.createElement('canvas'); canvas.width = 16; canvas.height = 9;
             const pen = canvas.getContext('2d'); pen.drawImage(video, 0, 0, 16, 9);
             const all = pen.getImageData(0, 0, 16, 9).data; let sum = 0;
             for (let at = 0; at < all.length; at += 4) sum += all[at + 2] - all[at];
             return sum / (all.length / 4); }))"""
    )
    return found


async def test_plain_media_in_a_member_s_name_is_never_decoded_and_plays_in_a_transit_room(
    people: People, server: EvilServer
):
    anna, ben, dora = await people("Anna"), await people("Ben"), await people("Dora")
    transit, other = server.create_room("--transit"), server.create_room("--transit")
    await people.meeting(anna, ben)
    await asyncio.gather(anna.sees(1), anna.hears(1))

    async with Crowd(transit["guest_link"]) as mallory, Crowd(other["guest_link"]) as eve:
        await people.meeting_in_transit(transit, dora)
        await mallory.knock("Mallory")
        await _lets_in(dora, "Mallory")
        await mallory.come_in()
        await mallory.films("Mallory", 30)
        await mallory.talks("Mallory")
        await dora.sees(1)
        await dora.open(other["host_link"])
        await dora.ask_to_join()
        await dora.is_in_call()
        await eve.knock("Eve")
        await _lets_in(dora, "Eve")
        await eve.come_in()
        await eve.films("Eve", 220)
        await dora.sees(1)
        before = await hue(dora)

        server.tell("calls everything plain").tell("puts in plain media", **{"from": transit["room"]})

        # The control: where nothing is encrypted end to end, Mallory's picture plays in the place of Eve's.
        await _becomes(lambda: hue(dora), lambda now: abs(now - before) > 40, "Dora sees Mallory for Eve")
        await asyncio.gather(nothing_is_decoded(anna, "video"), nothing_is_decoded(anna, "audio"))
        await nothing_is_decoded(ben, "video")

        # The truth again, but for the announcement: sealed is sealed, whatever the server calls it.
        server.be_honest()
        server.tell("calls everything plain")
        await asyncio.gather(anna.sees(1), anna.hears(1))
        assert (await anna.seal()).members == 2


async def test_a_camera_for_a_screen_and_one_person_for_another_are_not_decoded(people: People, server: EvilServer):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cleo")
    await people.meeting(anna, ben, cleo)
    await asyncio.gather(anna.sees(2), anna.hears(2))

    server.tell("swaps people")
    await asyncio.gather(nothing_is_decoded(anna, "video"), nothing_is_decoded(anna, "audio"))

    server.be_honest()
    await anna.sees(2)
    await cleo.press("leave")
    await ben.press("share")

    async def two_pictures() -> bool:
        return len(await growing(anna.page, "video")) == 2

    await until(two_pictures, "Anna decodes Ben's camera and his screen")

    server.tell("swaps camera and screen")
    await nothing_is_decoded(anna, "video")
    # Frames of which for seconds none opens look like those of another group: the page stops rather than guess.
    await expect(anna.page.get_by_text("You do not all have the same keys.").first).to_be_visible()


async def test_a_packet_in_the_clear_reaches_the_page_and_goes_no_further(people: People, server: EvilServer):
    anna, ben = await people("Anna"), await people("Ben")
    for person in (anna, ben):
        await person.page.add_init_script(_LISTEN)
    await people.meeting(anna, ben)
    await anna.sees(1)
    said: list[str] = []
    anna.page.on("console", lambda message: said.append(message.text))

    server.tell("speaks in clear", payload="MESSAGE-IN-CLEAR")

    async def came() -> bool:
        return bool(await anna.page.evaluate("window.cameInClear"))

    # The control: the packet did come as far as the connection.
    await until(came, "the clear packet arrives")
    await expect(anna.page.get_by_text("MESSAGE-IN-CLEAR")).to_have_count(0)
    assert not [line for line in said if "MESSAGE-IN-CLEAR" in line]
    assert (await anna.seal()).members == 2


_LISTEN = """
window.cameInClear = 0;
const listen = (channel) => channel.addEventListener('message', ({ data }) => {
  if (data instanceof ArrayBuffer && new TextDecoder('latin1').decode(data).includes('MESSAGE-IN-CLEAR'))
    window.cameInClear += 1;
});
const create = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (...all) {
  const channel = create.apply(this, all);
  listen(channel);
  return channel;
};
const connect = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (...all) {
  if (!this.heard) this.addEventListener('datachannel', ({ channel }) => listen(channel));
  this.heard = true;
  return connect.apply(this, all);
};
"""


async def _lets_in(host: Person, name: str) -> None:
    await expect(host.page.get_by_text(name).first).to_be_visible(timeout=30_000)
    await host.button_of("admit", name).click()
    await asyncio.sleep(_UNDER_WAY_S)


async def _becomes(ask: Callable[[], Awaitable[float]], is_so: Callable[[float], bool], what: str) -> None:
    async def now() -> bool:
        return is_so(await ask())

    await until(now, what)
