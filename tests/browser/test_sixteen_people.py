"""A full meeting: sixteen people in one room, two of them before a browser."""

from playwright.async_api import expect

from browser.crowd import Crowd
from browser.media import growing, until
from browser.people import LAPTOP, PHONE, WALL, People, Person
from browser.test_screens import fits
from serving import Served

GUESTS = [
    "Chloé Marchand",
    "David Okafor",
    "Élodie Brun",
    "Farid Benali",
    "Greta Lindholm",
    "Hugo",
    "Inès de la Fontaine-Montgolfier",
    "Jakub Nowak",
    "Kenza",
    "Liam O'Brien",
    "Mei Tanaka",
    "Noor van Dijk",
    "Oscar Peña",
    "Priya Raman",
]
SPEAKER, FILMED = "Mei Tanaka", ["David Okafor", "Kenza", "Noor van Dijk"]
EVERYBODY = sorted(["Anna", "Ben", *GUESTS])


async def names_in_sight(person: Person) -> list[str]:
    """Whose tiles the gallery shows, over all its pages, in alphabetical order."""
    page = person.page
    stage = page.get_by_role("region", name="People on screen")
    while await (previous := page.get_by_role("button", name="Previous page", disabled=False)).count():
        await previous.click()
    labels: list[str] = []
    while True:
        labels += await stage.get_by_role("group").evaluate_all("(tiles) => tiles.map((tile) => tile.ariaLabel)")
        following = page.get_by_role("button", name="Next page", disabled=False)
        if not await following.count():
            return sorted(label.removesuffix(" (you)") for label in labels)
        await following.click()


async def sees_everybody(person: Person) -> None:
    async def seen() -> bool:
        return await names_in_sight(person) == EVERYBODY

    await until(seen, f"{person.name} sees sixteen tiles")


async def test_sixteen_people_meet_and_nobody_is_lost(people: People, server: Served):
    anna, ben = await people("Anna"), await people("Ben", size=PHONE)
    # The fourteen are programs without keys.
    link = await people.meeting_in_transit(server.create_room("--transit"), anna, ben)
    await ben.press("mute")
    async with Crowd(link) as crowd:
        await crowd.knock(*GUESTS)
        await expect(anna.page.get_by_text(f"{len(GUESTS)} people are waiting at the door")).to_be_visible()
        await anna.picture("fourteen knock")
        await anna.press("admit all")
        await expect(anna.button("admit all")).to_have_count(0)
        await crowd.come_in()
        for number, name in enumerate(FILMED):
            await crowd.films(name, hue=60 + 60 * number)

        await sees_everybody(anna)
        assert not await growing(anna.page, "audio"), "somebody is heard before anybody speaks"
        await crowd.talks(SPEAKER)

        await anna.hears(1)
        await anna.sees(len(FILMED) + 1)
        await expect(anna.tile(SPEAKER).get_by_label("Speaking")).to_be_visible()
        for size in (PHONE, LAPTOP, WALL):
            await anna.page.set_viewport_size({"width": size[0], "height": size[1]})
            for scheme in ("light", "dark"):
                await anna.page.emulate_media(color_scheme=scheme)
                await anna.picture(f"sixteen {size[0]} {scheme}")
            await fits(anna)
            await sees_everybody(anna)
        await fits(ben)
        await sees_everybody(ben)

        # The control: a tile can be missed.
        await crowd.leaves("Hugo")
        await expect(anna.tile("Hugo")).to_have_count(0)
        assert len(await names_in_sight(anna)) == len(EVERYBODY) - 1
