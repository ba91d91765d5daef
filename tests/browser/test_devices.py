"""Without camera, without microphone, without permission: one still gets in, and is told what to do."""

import re

from playwright.async_api import expect

from browser.people import People


async def test_a_refused_camera_is_explained_and_keeps_nobody_out(people: People):
    anna = await people("Anna", devices="refused")
    await anna.open("/")
    await anna.press("new meeting")
    await anna.button("join").wait_for()
    await anna.wants_to_be_seen()

    await expect(anna.page.get_by_text(re.compile("blocking the camera")).first).to_be_visible()
    await anna.picture("camera refused")

    await anna.ask_to_join()
    await anna.is_in_call()


async def test_without_any_device_one_can_see_and_hear_the_others(people: People):
    anna, ben = await people("Anna", devices="absent"), await people("Ben")

    await people.meeting(anna, ben)

    await anna.sees(1)
    await anna.hears(1)
    await expect(ben.tile("Anna")).to_have_count(1)
