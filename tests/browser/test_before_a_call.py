"""The page that tries devices and network before a call, on a network that works, on one that lets no media through, and in a
browser that cannot hold calls."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from browser.media import moving_pictures, until
from browser.people import PHONE, Browsers, People, Person
from browser.test_screens import accessible, fits
from browser.words import Language
from serving import Served

VERDICTS: dict[bool, dict[Language, str]] = {
    True: {"en": "A call works from here.", "fr": "Un appel fonctionne d'ici."},
    False: {"en": "A call would not work from here.", "fr": "Un appel ne fonctionnerait pas d'ici."},
}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_call_that_works_is_found_to(people: People, language: Language):
    anna = await people("Anna", language=language, dark=language == "fr")
    await anna.open("/")
    link = {"fr": "Essayer la caméra, le son et la connexion", "en": "Test camera, sound and connection"}[language]
    await anna.page.get_by_role("link", name=link).click()

    await expect(anna.page.get_by_role("status").filter(has_text=VERDICTS[True][language])).to_be_visible()

    assert await anna.page.evaluate("window.watched.connections.every((c) => c.connectionState === 'closed')")
    assert not await moving_pictures(anna.page), "a camera was opened unasked"
    await anna.wants_to_be_seen()
    await until(lambda: moving_pictures(anna.page), "Anna sees herself")
    level = anna.page.get_by_role("meter")
    await until(lambda: level.evaluate("(meter) => Number(meter.ariaValueNow) > 0"), "the microphone's level moves")
    await accessible(anna, "test page")
    await fits(anna)


async def test_it_fits_a_phone_and_is_linked_from_the_screen_before_the_call(people: People):
    ben = await people("Ben", size=PHONE)
    await ben.open("/")
    await ben.press("new meeting")
    await ben.page.get_by_role("link", name="Test the connection").click()

    await expect(ben.page.get_by_text(VERDICTS[True]["en"])).to_be_visible()
    await fits(ben)
    # Back at the door with the right of a host, which had not been lost with the page.
    await ben.page.go_back()
    await expect(ben.page.get_by_text("You are the host.")).to_be_visible()


async def test_a_network_without_media_is_named(browsers: Browsers, tmp_path: Path):
    """The server names an address that nobody has (RFC 5737), so whatever is sent there meets nobody, as behind a firewall."""
    with Served(tmp_path, settings={"HUISCLOS_PUBLIC_ADDRESS": "192.0.2.1"}) as server:
        people = People(browsers, server.url, tmp_path)
        await fails_saying(await people("Anna"), "Sound and picture do not get through.")
        assert not await people.part()


async def test_a_network_without_websockets_is_named(people: People):
    anna = await people("Anna")
    await anna.page.route_web_socket("**/rtc/v1**", lambda socket: socket.close())

    await fails_saying(anna, "The WebSocket connection does not open.")


async def fails_saying(person: Person, said: str) -> None:
    await person.open("/test")
    await expect(person.page.get_by_text(VERDICTS[False]["en"])).to_be_visible(timeout=60_000)
    await expect(person.page.get_by_text(said)).to_be_visible()
    await accessible(person, "test page with trouble")


async def test_a_browser_that_cannot_hold_calls_is_named(people: People):
    anna = await people("Anna")
    await anna.page.add_init_script("delete window.RTCPeerConnection;")

    await fails_saying(anna, "This browser cannot hold a video call.")


async def test_a_browser_that_cannot_hold_calls_is_told_so_at_the_door(people: People):
    anna, ben = await people("Anna"), await people("Ben", language="fr")
    link = await anna.start_meeting()
    await ben.page.add_init_script("delete window.RTCPeerConnection;")

    await ben.open(link)

    await expect(
        ben.page.get_by_role("heading", name="Ce navigateur ne sait pas tenir un appel vidéo.")
    ).to_be_visible()
    await expect(ben.button("join")).to_have_count(0)
    await accessible(ben, "unsupported browser")
