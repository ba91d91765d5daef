"""Personal invitations: one comes in by it without a click, and one that was revoked does not, while the others and the link go on."""

import asyncio

import pytest
from playwright.async_api import expect

from browser.media import growing
from browser.people import LAPTOP, PHONE, People, Person

WORDS = {
    "en": {
        "for whom": "For whom",
        "new": "New invitation: copy its link",
        "copied": "Link for {0} copied",
        "came in": "{0} came in by personal invitation",
        "revoke": "Revoke the invitation for {0}",
        "inside": "In the meeting",
        "revoked": "The invitation for {0} was revoked.",
        "used": "The invitation for {0} was already used.",
        "and remove": "Revoke and remove",
    },
    "fr": {
        "for whom": "Pour qui",
        "new": "Nouvelle invitation : copier son lien",
        "copied": "Lien pour {0} copié",
        "came in": "{0} a rejoint la réunion avec son invitation",
        "revoke": "Révoquer l'invitation pour {0}",
        "inside": "Dans la réunion",
        "revoked": "L'invitation pour {0} a été révoquée.",
        "used": "L'invitation pour {0} a déjà servi.",
        "and remove": "Révoquer et exclure",
    },
}


def said(host: Person, what: str, *filling: str) -> str:
    return WORDS[host.language][what].format(*filling)


async def invited(host: Person, label: str) -> str:
    """The link that the host's browser copied for this person; the panel is open."""
    await host.page.get_by_role("textbox", name=said(host, "for whom")).fill(label)
    await host.page.get_by_role("button", name=said(host, "new")).click()
    await expect(host.page.get_by_text(said(host, "copied", label))).to_be_visible()
    return str(await host.page.evaluate("navigator.clipboard.readText()"))


async def opens_panel(host: Person) -> None:
    await host.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await host.page.get_by_role("button", name=host.word("invite")).first.click()


async def test_an_invited_guest_comes_in_without_a_click_and_a_revoked_invitation_lets_nobody_in(people: People):
    anna, mamie, eve, ben = await people("Anna"), await people("Jeanne"), await people("Eve"), await people("Ben")
    shared = await anna.start_meeting()
    await opens_panel(anna)
    for_mamie, for_paul = await invited(anna, "Mamie"), await invited(anna, "Paul")
    assert len({shared, for_mamie, for_paul}) == 3
    secret = shared.partition("#")[2].split(".")[1]
    assert secret not in for_mamie
    await anna.page.get_by_role("button", name=said(anna, "revoke", "Paul")).click()

    await mamie.knock(for_mamie)
    await mamie.is_in_call()
    notice = anna.page.get_by_role("status").filter(has_text=said(anna, "came in", "Mamie"))
    await expect(notice).to_contain_text("Jeanne")
    await expect(anna.page.get_by_role("listitem").filter(has_text="Mamie").last).to_contain_text(said(anna, "inside"))
    await anna.picture("came in")
    await mamie.sees(1)
    assert (await mamie.seal()).digits == (await anna.seal()).digits != ""
    # Who was invited in person has no link to pass on.
    await mamie.page.get_by_role("button", name=mamie.word("invite")).first.click()
    await expect(mamie.page.get_by_text("It is for you alone")).to_be_visible()
    assert secret not in await mamie.page.content()
    # What is kept for a reload is the invitation, and that is enough.
    await mamie.page.reload()
    await mamie.ask_to_join()
    await mamie.is_in_call()
    await mamie.sees(1)

    await eve.knock(for_paul)
    await expect(anna.page.get_by_text(said(anna, "revoked", "Paul")).first).to_be_visible()
    row = anna.page.get_by_role("listitem").filter(has_text=said(anna, "revoked", "Paul")).first
    await expect(row.get_by_role("button", name=anna.word("deny"))).to_be_visible()
    await expect(row.get_by_role("button", name=anna.word("admit"))).to_have_count(0)
    await anna.picture("revoked knocks")
    await row.get_by_role("button", name=anna.word("deny")).click()
    await expect(eve.page.get_by_text("declined your request").first).to_be_visible()
    assert not [url for url in eve.sockets if "/rtc" in url or "/api/e2ee" in url]

    # The control: the shared link works as before, with a click of the host's.
    await ben.knock(shared)
    await anna.admit(ben)
    await ben.sees(2)


async def test_a_second_bearer_knocks_and_who_is_put_out_leaves_the_other_invitations_valid(people: People):
    anna, mamie, eve, paul = await people("Anna"), await people("Mamie"), await people("Eve"), await people("Paul")
    await anna.start_meeting()
    await opens_panel(anna)
    for_mamie, for_paul = await invited(anna, "Mamie"), await invited(anna, "Paul")
    await mamie.knock(for_mamie)
    await mamie.is_in_call()

    await eve.knock(for_mamie)
    await expect(anna.page.get_by_text(said(anna, "used", "Mamie")).first).to_be_visible()
    await expect(eve.page.get_by_text("Request sent").first).to_be_visible()
    assert not [url for url in eve.sockets if "/rtc" in url]

    # With her goes the shared link, which she has learnt inside.
    await anna.page.get_by_role("button", name=said(anna, "revoke", "Mamie")).click()
    await anna.picture("revoke question")
    await anna.page.get_by_role("button", name=said(anna, "and remove")).click()
    await expect(mamie.page.get_by_text("The host removed you").first).to_be_visible()
    await paul.knock(for_paul)
    await paul.is_in_call()
    await paul.sees(1)
    assert await growing(anna.page, "video")


@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_list_of_invitations_fits(people: People, size: tuple[int, int], dark: bool):
    anna = await people("Anna", size=size, dark=dark, language="fr")
    mamie = await people("Mamie")
    await anna.start_meeting()
    await opens_panel(anna)
    link = await invited(anna, "Mamie")
    await invited(anna, "Une personne au nom vraiment très long pour cette ligne")
    await invited(anna, "Paul")
    await anna.page.get_by_role("button", name=said(anna, "revoke", "Paul")).click()
    await asyncio.gather(mamie.knock(link), anna.picture("waiting"))
    await mamie.is_in_call()
    await expect(anna.page.get_by_role("status").filter(has_text=said(anna, "came in", "Mamie"))).to_be_visible()
    await anna.page.get_by_role("button", name=said(anna, "revoke", "Mamie")).scroll_into_view_if_needed()
    wide = await anna.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    await anna.picture(f"invitations {size[0]} {'dark' if dark else 'light'}")
