"""Every screen, in both languages: free of accessibility violations, and at home from a phone to a wall display."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from browser.people import LAPTOP, PHONE, WALL, People, Person
from browser.words import Language

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


async def accessible(person: Person, screen: str) -> None:
    """No violation of WCAG 2.2 AA on what this person looks at, which is kept as a picture."""
    await person.picture(screen)
    found = await Axe().run(person.page, options=RULES)
    assert found.violations_count == 0, f"{screen}\n{found.generate_report()}"


async def fits(person: Person) -> None:
    """Nothing to scroll sideways for."""
    overflow = await person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, f"{overflow} px too wide"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_no_screen_has_accessibility_violations(people: People, language: Language, dark: bool):
    anna = await people("Anna", language=language, dark=dark)
    ben = await people("Ben", language=language, dark=dark)

    await anna.open("/")
    await expect(anna.button("new meeting")).to_be_visible()
    assert await anna.page.locator("html").get_attribute("lang") == language
    await accessible(anna, "1 home")

    await anna.press("new meeting")
    await expect(anna.button("join")).to_be_visible()
    await accessible(anna, "2 before the call")

    await anna.ask_to_join()
    await anna.is_in_call()
    await accessible(anna, "3 alone in the call")
    link = await anna.invitation()

    await ben.knock(link)
    await expect(anna.page.get_by_text("Ben").first).to_be_visible()
    await accessible(anna, "4 somebody knocks")
    await accessible(ben, "5 waiting room")

    await anna.admit(ben)
    await anna.sees(1)
    await accessible(anna, "6 in the call")

    await anna.press("end-to-end encrypted")
    await expect(anna.button("compare")).to_be_enabled()
    await accessible(anna, "6a security")
    await anna.press("compare")
    await expect(anna.button("the same")).to_be_visible()
    await accessible(anna, "6b safety code")
    await anna.press("the same")
    await anna.press("end-to-end encrypted")

    await anna.press("share")
    await expect(anna.button("stop sharing")).to_be_visible()
    await ben.sees(1)
    await accessible(ben, "7 screen shared")

    await ben.press("leave")
    await expect(ben.button("leave")).to_have_count(0)
    await accessible(ben, "8 after the call")

    await ben.open("/t/AAAAAAAAAAAAAAAAAAAAAA")
    await expect(ben.page.get_by_role("heading").first).to_be_visible()
    await accessible(ben, "9 unknown room")


@pytest.mark.parametrize("size", [PHONE, LAPTOP, WALL], ids=["phone", "laptop", "wall"])
async def test_every_screen_fits(people: People, size: tuple[int, int]):
    anna, ben = await people("Anna", size=size, language="fr"), await people("Ben", size=size, language="fr")

    await anna.open("/")
    await expect(anna.button("new meeting")).to_be_visible()
    await fits(anna)
    await anna.picture("1 home")
    await anna.press("new meeting")
    await expect(anna.button("join")).to_be_visible()
    await fits(anna)
    await anna.picture("2 before the call")
    await anna.ask_to_join()
    await anna.is_in_call()
    await ben.knock(await anna.invitation())
    await anna.admit(ben)
    await anna.sees(1)
    await fits(anna)
    for control in ("mute", "stop video", "leave"):
        await expect(anna.button(control)).to_be_in_viewport()
        box = await anna.button(control).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, f"{control} is too small for a thumb: {box}"
    await anna.picture("3 in the call")
    await anna.press("end-to-end encrypted")
    await expect(anna.button("compare")).to_be_enabled()
    await fits(anna)
    await anna.press("compare")
    await expect(anna.button("the same")).to_be_in_viewport()
    await fits(anna)
    await anna.picture("4 safety code")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_language_can_be_switched_and_is_kept(people: People, language: Language):
    other: Language = "en" if language == "fr" else "fr"
    anna = await people("Anna", language=language)
    await anna.open("/")
    await expect(anna.button("new meeting")).to_be_visible()

    await anna.switch_language_to(other)

    anna.language = other
    await expect(anna.button("new meeting")).to_be_visible()
    await expect(anna.page.locator("html")).to_have_attribute("lang", other)
    await anna.page.reload()
    await expect(anna.button("new meeting")).to_be_visible()
