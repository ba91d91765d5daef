"""What a picture of the screen, a copied address or the tab's title must not give away: the room's id and the host's claim."""

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from browser.people import People, Person
from serving import Served


def room_of(link: str) -> str:
    return link.rpartition("/")[2].partition("#")[0]


async def in_sight(person: Person) -> str:
    """Everything one can read off the window: address, title, and the text on the page with what is typed into it."""
    page = await person.page.evaluate(
        "document.title + document.body.innerText + [...document.querySelectorAll('input')].map((i) => i.value)"
    )
    return f"{person.page.url} {page}"


async def test_during_a_call_neither_address_nor_title_nor_page_shows_the_room(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    link = await people.meeting(anna, ben)
    room = room_of(link)
    for person in (anna, ben):
        await expect(person.page).to_have_url(re.compile(r"/call$"))
        assert room not in await in_sight(person)

    # The positive control: somebody who asks to see the link sees it.
    await anna.page.get_by_role("button", name="Invite").first.click()
    await anna.page.get_by_role("button", name="Show the link").click()
    await expect(anna.page.get_by_role("textbox", name="Meeting link")).to_be_visible()
    assert room in await in_sight(anna)


async def test_a_claim_is_taken_out_of_the_address_at_once_and_still_serves_after_a_reload(
    people: People, server: Served
):
    anna = await people("Anna")
    host_link = server.create_room()["host_link"]
    _, secret, _, claim, seed = host_link.partition("#")[2].split(".")
    assert min(len(secret), len(claim), len(seed)) >= 16
    # The first try does not reach the server, so that the claim is not yet spent.
    await anna.page.route("**/api/v1/**", lambda route: route.abort())

    await anna.open(host_link)
    await expect(anna.page.get_by_role("button", name="Retry")).to_be_visible()

    assert "#" not in anna.page.url
    for hidden in (secret, claim, seed):
        assert hidden not in await in_sight(anna)

    await anna.page.unroute("**/api/v1/**")
    await anna.page.reload()
    await expect(anna.page.get_by_text("You are the host.")).to_be_visible()
    # Spent and kept elsewhere: what the tab still holds for a reload is the guests' link.
    await anna.ask_to_join()
    await anna.is_in_call()
    held = await anna.page.evaluate("JSON.stringify([history.state, {...sessionStorage}, {...localStorage}])")
    assert secret in held
    assert claim not in held
    assert seed not in held
    assert "#" not in anna.page.url


async def test_a_copied_address_of_a_call_opens_no_door(people: People):
    anna, ben = await people("Anna"), await people("Ben", language="fr")
    await anna.start_meeting()

    await ben.open(anna.page.url)

    await expect(ben.page.get_by_role("heading", name="Il n'y a pas d'appel dans cet onglet.")).to_be_visible()
    await expect(ben.button("join")).to_have_count(0)
    another = await anna.page.context.new_page()
    await another.goto(anna.page.url)
    await expect(another.get_by_role("heading", name="There is no call in this tab.")).to_be_visible()
    await another.close()


async def returns_to_the_call(person: Person, how: Callable[[], Awaitable[object]]) -> None:
    await how()
    await expect(person.page.get_by_text("You are the host.")).to_be_visible()
    await person.ask_to_join()
    await person.is_in_call()
    await expect(person.page).to_have_url(re.compile(r"/call$"))


async def test_the_tab_of_a_call_finds_its_way_back(people: People):
    anna = await people("Anna")
    await anna.start_meeting()
    address = anna.page.url

    await returns_to_the_call(anna, anna.page.reload)
    # As when Enter is pressed in the address bar: the same address, without what the entry of the history kept.
    await returns_to_the_call(anna, lambda: anna.page.goto(address))


async def test_the_back_button_leaves_the_call_and_the_forward_button_returns_to_its_door(people: People):
    anna = await people("Anna")
    await anna.start_meeting()

    await anna.page.go_back()
    await expect(anna.button("new meeting")).to_be_visible()
    await expect(anna.button("leave")).to_have_count(0)

    await returns_to_the_call(anna, anna.page.go_forward)
