"""A host puts somebody out: the guest is told and stays out, and the others go on seeing each other."""

import pytest
from playwright.async_api import expect

from browser.media import growing
from browser.people import People


@pytest.mark.parametrize("transit", [False, True], ids=["e2ee", "transit"])
async def test_who_is_removed_is_told_so_and_stays_out_while_the_others_go_on(people: People, server, transit: bool):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cleo", language="fr")
    if transit:
        await people.meeting_in_transit(server.create_room("--transit"), anna, ben, cleo)
    else:
        await people.meeting(anna, ben, cleo)
    await anna.sees(2)
    await anna.page.get_by_role("button", name="Participants").first.click()

    await anna.page.get_by_role("button", name="Remove Cleo").click()
    await expect(anna.page.get_by_role("alertdialog")).to_contain_text("Remove Cleo from the meeting?")
    await anna.picture("removal-question")
    await anna.page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()

    await expect(cleo.page.get_by_text("L'organisateur vous a exclu de la réunion.").first).to_be_visible()
    await cleo.picture("removed")
    await expect(anna.page.get_by_role("button", name="Remove Cleo")).to_have_count(0)
    # The control: those who were not removed still decode each other.
    assert await growing(anna.page, "video")
    assert await growing(ben.page, "video")
    if not transit:
        assert (await anna.seal()).members == 2
