"""The waiting room: a guest gets neither media nor names before a host has said yes."""

from playwright.async_api import expect

from browser.people import People


async def test_a_guest_who_waits_gets_neither_media_nor_names(people: People):
    anna, ben = await people("Anna Lindqvist"), await people("Ben")
    link = await anna.start_meeting()

    await ben.knock(link)
    await expect(anna.page.get_by_text("Ben").first).to_be_visible()

    await expect(ben.page.get_by_text("Request sent").first).to_be_visible()
    assert not [url for url in ben.sockets if "/rtc" in url]
    assert await ben.page.evaluate("window.watched.connections.length") == 0
    assert "Lindqvist" not in await ben.page.content()

    # The positive control: all three are there once Ben is in, so the checks above can fail.
    await anna.admit(ben)
    await ben.sees(1)
    assert [url for url in ben.sockets if "/rtc" in url]
    assert await ben.page.evaluate("window.watched.connections.length") > 0
    assert "Lindqvist" in await ben.page.content()


async def test_a_refused_guest_is_told_so_and_stays_outside(people: People):
    anna, ben = await people("Anna"), await people("Ben", language="fr")
    link = await anna.start_meeting()
    await ben.knock(link)

    await anna.button_of("deny", "Ben").click()

    await expect(ben.page.get_by_text("a décliné votre demande").first).to_be_visible()
    assert not [url for url in ben.sockets if "/rtc" in url]


async def test_the_first_to_open_a_link_is_not_its_host(people: People, server):
    ben = await people("Ben")
    room = server.create_room("--transit")

    await ben.knock(room["guest_link"])

    await expect(ben.page.get_by_text("Request sent").first).to_be_visible()


async def test_the_host_link_of_the_command_line_makes_its_first_user_host(people: People, server):
    anna, ben = await people("Anna"), await people("Ben")
    room = server.create_room("--transit")

    await anna.open(room["host_link"])
    await anna.ask_to_join()
    await anna.is_in_call()

    await ben.knock(room["guest_link"])
    await anna.admit(ben)


async def test_a_room_that_does_not_exist_is_said_to(people: People):
    ben = await people("Ben")

    await ben.open("/t/AAAAAAAAAAAAAAAAAAAAAA")

    await expect(ben.page.get_by_role("heading").first).to_be_visible()
    await expect(ben.button("join")).to_have_count(0)
