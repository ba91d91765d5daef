"""What an evil server can do at the door: other rules than the host signed, and people whom no host let in."""

import asyncio
from datetime import UTC, datetime

import pytest
from livekit import rtc
from playwright.async_api import Request, expect

from browser.media import growing, until
from browser.people import People
from e2ee.evil_server import EvilServer
from huisclos.identity.room_tokens import RoomTokens
from huisclos.identity.signing_keys import internal_key
from huisclos.model.ids import Identity, RoomId

pytestmark = pytest.mark.rows("C09", "C11", "C15", "B03", "B06")

DOWNGRADE = "This meeting is end-to-end encrypted, and the server presents it"


@pytest.mark.parametrize("lie", ["calls rooms transit", "loses the policy", "alters the policy"])
async def test_other_rules_than_the_host_signed_are_refused_before_anything_is_sent(
    people: People, server: EvilServer, lie: str
):
    ben = await people("Ben")
    room = server.create_room()
    # The control: honest, the link leads to the door.
    await ben.open(room["guest_link"])
    await expect(ben.button("join")).to_be_visible()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    ben.page.on("request", note)
    server.tell(lie)
    await ben.page.reload()

    await expect(ben.page.get_by_role("heading").first).to_be_visible()
    await expect(ben.button("join")).to_have_count(0)
    assert any("/look" in url for url in asked)
    assert not [url for url in asked if "/enter" in url or "/rtc" in url or "/api/e2ee" in url]
    assert not [url for url in ben.sockets if "/rtc" in url or "/api/e2ee" in url]


async def test_a_participant_the_server_planted_is_blocked_and_opens_nothing(people: People, server: EvilServer):
    anna, ben = await people("Anna"), await people("Ben")
    link = await people.meeting(anna, ben)
    await anna.sees(1)
    room = RoomId(link.partition("#")[0].rpartition("/")[2])
    tokens = RoomTokens(internal_key(server.data), {}, lambda: datetime.now(UTC))
    planted = rtc.Room()
    received: list[rtc.RemoteTrack] = []
    planted.on("track_subscribed", lambda track, *_: received.append(track))
    token = tokens.mint(room, Identity("p_" + "Z" * 20), None).reveal()

    await planted.connect(server.url.replace("http", "ws"), token)
    try:

        async def blocked() -> bool:
            return (await anna.seal()).blocked == 1

        await until(blocked, "Anna's page counts a blocked connection")
        await expect(anna.page.get_by_text("An unknown connection is blocked.").first).to_be_visible()
        assert (await anna.seal()).members == 2
        await expect(anna.page.get_by_role("group", name="p_")).to_have_count(0)

        async def has_video() -> list[rtc.RemoteTrack]:
            return [track for track in received if track.kind == rtc.TrackKind.KIND_VIDEO]

        # Packets of Anna and Ben do reach the planted one: the server sees to that. No picture comes of them.
        (video, *_) = await until(has_video, "the planted participant receives video")
        pictures = rtc.VideoStream(video)
        seen = 0
        try:
            async with asyncio.timeout(4):
                async for _picture in pictures:
                    seen += 1
        except TimeoutError:
            pass
        assert seen == 0
    finally:
        await planted.disconnect()
    # The control: a member decodes the same stream all the while.
    assert await growing(anna.page, "video")


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "control"])
async def test_who_was_removed_does_not_come_back_through_a_server_that_keeps_them(
    people: People, server: EvilServer, removed: bool
):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cleo")
    server.tell("keeps who is removed")
    link = await people.meeting(anna, ben, cleo)
    await anna.sees(2)
    if removed:
        await anna.page.get_by_role("button", name="Participants").first.click()
        await anna.page.get_by_role("button", name="Remove Cleo").click()
        await anna.page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
        # Her own page tells it of the keys: the server has ended nothing.
        await expect(cleo.page.get_by_text("The host removed you from the meeting.").first).to_be_visible()
        await anna.press("close")

    # She comes again with seat, certificate and link of before, and gets the newest of the group.
    await cleo.page.reload()
    await cleo.ask_to_join()

    dora = await people("Dora")
    if removed:
        await expect(cleo.page.get_by_text("The keys of the meeting could not be had.").first).to_be_visible()
        await expect(cleo.button("leave")).to_have_count(0)
        # In another browser, with the link of before and the policy that goes with it.
        await dora.knock(link)
        await expect(anna.page.get_by_text("Unverified card").first).to_be_visible()
        await expect(anna.page.get_by_text("Dora")).to_have_count(0)
        await expect(anna.button("admit")).to_have_count(0)
        assert (await anna.seal()).members == 2
    else:
        await cleo.is_in_call()
        assert (await anna.seal()).members == 3
        await dora.knock(link)
        await anna.admit(dora)
        assert (await anna.seal()).members == 4
    # The meeting goes on, whatever was tried.
    assert await growing(anna.page, "video")
    assert await growing(ben.page, "video")
