"""A reload, a lost server: the same person comes back to the same seat, and never louder than they left."""

import asyncio

import pytest
from playwright.async_api import expect

from browser.people import People
from serving import Served


async def test_a_reload_returns_to_the_same_seat_without_a_ghost(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await anna.sees(1)

    await ben.page.reload()
    await ben.ask_to_join()

    # No second knock: Ben was let in before. His microphone waits for him.
    await ben.is_in_call()
    await expect(anna.tile("Ben")).to_have_count(1)
    await ben.press("unmute")
    await asyncio.gather(anna.sees(1), ben.sees(1), anna.hears(1), ben.hears(1))
    await expect(anna.tile("Ben")).to_have_count(1)


async def test_the_host_is_still_host_after_a_reload(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    link = await anna.start_meeting()

    await anna.page.reload()
    await anna.ask_to_join()
    await anna.is_in_call()

    await ben.knock(link)
    await anna.admit(ben)


@pytest.mark.parametrize("muted_before", [True, False])
async def test_nobody_comes_back_unmuted(people: People, muted_before: bool):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await anna.hears(1)
    if muted_before:
        await ben.press("mute")

    await ben.page.reload()
    await ben.ask_to_join()

    await ben.is_in_call()
    await expect(ben.button("unmute")).to_be_visible()
    await expect(anna.says_muted("Ben")).to_be_visible()
    await anna.hears_nobody()


async def test_a_call_survives_a_restart_of_the_server(people: People, server: Served):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await asyncio.gather(anna.sees(1), ben.sees(1))

    await asyncio.to_thread(server.kill)
    await expect(anna.page.get_by_text("Reconnecting").first).to_be_visible(timeout=30_000)
    await asyncio.to_thread(server.start)

    await asyncio.gather(anna.sees(1), ben.sees(1), anna.hears(1), ben.hears(1))
    await expect(anna.tile("Ben")).to_have_count(1)
