"""People in a call see and hear each other, share, and know who is muted."""

import asyncio

from playwright.async_api import expect

from browser.media import inbound, until
from browser.people import People


async def test_two_people_see_and_hear_each_other(people: People):
    anna, ben = await people("Anna"), await people("Ben")

    await people.meeting(anna, ben)

    await asyncio.gather(anna.sees(1), anna.hears(1), ben.sees(1), ben.hears(1))
    await expect(anna.page.get_by_text("Ben").first).to_be_visible()
    await expect(ben.page.get_by_text("Anna").first).to_be_visible()


async def test_three_people_see_and_hear_each_other(people: People):
    anna, ben, cleo = await people("Anna"), await people("Ben", language="fr"), await people("Cléo", language="fr")

    await people.meeting(anna, ben, cleo)

    for person in (anna, ben, cleo):
        await person.sees(2)
        await person.hears(2)


async def test_a_shared_screen_arrives(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await ben.sees(1)

    await anna.press("share")

    await expect(anna.button("stop sharing")).to_be_visible()

    async def both_pictures() -> bool:
        videos = [stream for stream in await inbound(ben.page) if stream.kind == "video" and stream.frames > 0]
        return len(videos) == 2

    await until(both_pictures, "Ben decodes Anna's camera and her screen")
    await expect(ben.page.get_by_role("group", name="Screen of Anna")).to_be_visible()
    await ben.picture("sees the shared screen")

    await anna.press("stop sharing")
    await expect(ben.page.get_by_role("group", name="Screen of Anna")).to_have_count(0)


async def test_others_see_that_someone_is_muted_and_hear_nothing(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await ben.hears(1)
    await expect(ben.says_muted("Anna")).to_have_count(0)

    await anna.press("mute")

    await expect(ben.says_muted("Anna")).to_be_visible(timeout=10_000)
    await expect(anna.button("unmute")).to_be_visible()
    await ben.hears_nobody()


async def test_the_keys_m_and_v_do_what_the_buttons_do(people: People):
    anna = await people("Anna")
    await anna.start_meeting()

    await anna.page.keyboard.press("m")
    await expect(anna.button("unmute")).to_be_visible()
    await anna.page.keyboard.press("v")
    await expect(anna.button("start video")).to_be_visible()

    await anna.page.keyboard.press("m")
    await expect(anna.button("mute")).to_be_visible()


async def test_space_held_down_opens_a_muted_microphone(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await anna.press("mute")
    await expect(ben.says_muted("Anna")).to_be_visible(timeout=10_000)
    await anna.loses_focus()

    await anna.page.keyboard.down(" ")
    await ben.hears(1)

    await anna.page.keyboard.up(" ")
    await expect(ben.says_muted("Anna")).to_be_visible(timeout=10_000)
    await ben.hears_nobody()


async def test_one_who_leaves_is_gone_for_the_others(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    await expect(anna.tile("Ben")).to_have_count(1)

    await ben.press("leave")

    await expect(anna.tile("Ben")).to_have_count(0, timeout=10_000)
