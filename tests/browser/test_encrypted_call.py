"""A call that the server cannot hear: everybody holds the same keys, and who comes, goes or returns changes them for all.

What is read here is what a screen reader reads: the state of the encryption in words.
"""

import asyncio
import re

import pytest
from playwright.async_api import Request, expect

from browser.media import inbound, until
from browser.people import People, Person, Seal
from serving import Served

CLOSED = {"en": "End-to-end encrypted", "fr": "Chiffré de bout en bout"}


async def same_seal(*everybody: Person, members: int) -> Seal:
    """The one seal on all their screens: this many members, one epoch, one safety code; and nobody is blocked."""

    async def agreed() -> Seal | None:
        seals = [await person.seal() for person in everybody]
        first = seals[0]
        agree = all(seal.epoch == first.epoch and seal.digits == first.digits for seal in seals)
        return first if agree and first.members == members and first.digits and not first.blocked else None

    seal: Seal = await until(agreed, f"{members} members share one epoch and one safety code")
    for person in everybody:
        assert (await person.seal()).padlock == CLOSED[person.language]
    return seal


async def test_three_people_hear_see_share_and_return_under_one_safety_code(people: People):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cléo", language="fr")
    link = await anna.start_meeting()
    alone = await same_seal(anna, members=1)

    await ben.knock(link)
    await anna.admit(ben)
    two = await same_seal(anna, ben, members=2)
    await asyncio.gather(anna.sees(1), anna.hears(1), ben.sees(1), ben.hears(1))

    await cleo.knock(link)
    await anna.admit(cleo)
    three = await same_seal(anna, ben, cleo, members=3)
    for person in (anna, ben, cleo):
        await person.sees(2)
        await person.hears(2)
    assert alone.epoch < two.epoch < three.epoch
    assert len({alone.digits, two.digits, three.digits}) == 3
    assert len(three.words) == 10
    assert (await ben.seal()).words == three.words

    await anna.press("share")

    async def three_videos() -> bool:
        return len([stream for stream in await inbound(ben.page) if stream.kind == "video" and stream.frames > 0]) == 3

    await until(three_videos, "Ben decodes two cameras and Anna's screen")
    await anna.press("stop sharing")

    await ben.page.reload()
    await ben.ask_to_join()
    await ben.is_in_call()
    back = await same_seal(anna, ben, cleo, members=3)
    assert back.epoch > three.epoch
    await asyncio.gather(ben.sees(2), ben.hears(2), anna.sees(2), cleo.sees(2))

    await cleo.press("leave")
    gone = await same_seal(anna, ben, members=2)
    assert gone.epoch > back.epoch
    await asyncio.gather(anna.sees(1), ben.sees(1), ben.hears(1))


async def test_a_host_who_reloads_is_host_and_member_again(people: People):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cléo")
    link = await people.meeting(anna, ben)
    before = await same_seal(anna, ben, members=2)

    await anna.page.reload()
    await anna.ask_to_join()
    await anna.is_in_call()

    after = await same_seal(anna, ben, members=2)
    assert after.epoch > before.epoch
    await asyncio.gather(anna.sees(1), ben.sees(1), anna.hears(1))
    await cleo.knock(link)
    await anna.admit(cleo)
    await same_seal(anna, ben, cleo, members=3)


async def test_one_who_closes_the_page_loses_the_keys_within_seconds(people: People):
    anna, ben = await people("Anna"), await people("Ben")
    await people.meeting(anna, ben)
    before = await same_seal(anna, ben, members=2)

    await ben.page.close()

    after = await same_seal(anna, members=1)
    assert after.epoch > before.epoch


async def test_the_keys_survive_a_restart_of_the_server(people: People, server: Served):
    anna, ben, cleo = await people("Anna"), await people("Ben"), await people("Cléo")
    link = await people.meeting(anna, ben)
    before = await same_seal(anna, ben, members=2)

    await asyncio.to_thread(server.kill)
    await expect(anna.page.get_by_text("Reconnecting").first).to_be_visible(timeout=30_000)
    await asyncio.to_thread(server.start)

    await asyncio.gather(anna.sees(1), ben.sees(1), anna.hears(1), ben.hears(1))
    await cleo.knock(link)
    await anna.admit(cleo)
    after = await same_seal(anna, ben, cleo, members=3)
    assert after.epoch > before.epoch


async def test_two_people_read_the_same_safety_code_from_their_screens(people: People):
    anna, ben = await people("Anna"), await people("Ben", language="fr")
    await people.meeting(anna, ben)
    seal = await same_seal(anna, ben, members=2)
    french = (await ben.seal()).words

    for person in (anna, ben):
        await person.press("end-to-end encrypted")
        await person.press("compare")
    for person, words in ((anna, seal.words), (ben, french)):
        dialog = person.page.get_by_role("dialog")
        read = [line.split("\n")[-1] for line in await dialog.get_by_role("listitem").all_inner_texts()]
        assert tuple(read) == words
        await expect(dialog.get_by_text(seal.digits)).to_be_visible()
        await person.press("the same")
        await expect(person.button("compare")).to_be_visible()


async def test_the_server_is_told_neither_names_nor_what_stands_after_the_hash(people: People):
    anna, ben = await people("Anna Lindqvist"), await people("Ben Ollivier")
    told: list[str] = []

    def note(request: Request) -> None:
        told.append(f"{request.url} {request.post_data or ''} {request.headers}")

    for person in (anna, ben):
        person.page.on("request", note)
    link = await people.meeting(anna, ben)
    await same_seal(anna, ben, members=2)

    everything = "\n".join(told)
    assert "/enter" in everything  # else nothing was noted
    for secret in ("Lindqvist", "Ollivier", *link.partition("#")[2].split(".")[1:2]):
        assert secret not in everything
    # Both know each other all the same.
    await expect(anna.tile("Ben Ollivier")).to_have_count(1)
    await expect(ben.tile("Anna Lindqvist")).to_have_count(1)


async def test_the_links_of_the_command_line_make_a_host_with_keys(people: People, server: Served):
    anna, ben = await people("Anna"), await people("Ben")
    room = server.create_room()
    assert "#1." in room["host_link"]

    await anna.open(room["host_link"])
    await anna.ask_to_join()
    await anna.is_in_call()
    assert await anna.invitation() == room["guest_link"]

    await ben.knock(room["guest_link"])
    await anna.admit(ben)
    await same_seal(anna, ben, members=2)


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────


async def refuses(person: Person, address: str, words: str) -> None:
    await person.open(address)
    await expect(person.page.get_by_role("heading", name=words)).to_be_visible()
    await expect(person.button("join")).to_have_count(0)


async def test_a_link_without_its_end_is_called_incomplete(people: People, server: Served):
    ben = await people("Ben")
    link = server.create_room()["guest_link"]

    await refuses(ben, link.partition("#")[0], "This link is incomplete.")

    # The control: the whole link leads to the door.
    await ben.open(link)
    await expect(ben.button("join")).to_be_visible()


async def test_a_link_that_means_another_host_key_is_not_followed(people: People, server: Served):
    ben = await people("Ben")
    link = server.create_room()["guest_link"]
    head, secret, fingerprint = link.rsplit(".", 2)
    other = fingerprint[::-1] if fingerprint[::-1] != fingerprint else "A" * 22
    # The last character of 22 carries only two bits more: keep it a spelling of 16 bytes.
    other = other[:21] + "A"

    await refuses(ben, f"{head}.{secret}.{other}", "What the server presents is not the meeting of this link.")


@pytest.mark.parametrize("seen", [False, True])
async def test_an_encrypted_room_is_never_entered_as_transit(people: People, server: Served, seen: bool):
    ben = await people("Ben")
    link = server.create_room()["guest_link"]
    if seen:
        await ben.open(link)
        await expect(ben.button("join")).to_be_visible()
        await ben.open("/")
    words = "This meeting is end-to-end encrypted, and the server presents it" if seen else "This link is incomplete."

    await refuses(ben, re.sub("/r/", "/t/", link.partition("#")[0]), words)


async def test_a_server_that_calls_an_encrypted_room_transit_is_not_believed(people: People, server: Served):
    ben = await people("Ben")
    link = server.create_room()["guest_link"]

    async def lie(route) -> None:
        answer = await route.fetch()
        said = await answer.json()
        await route.fulfill(response=answer, json={**said, "encryption": "transit", "policy": None})

    await ben.page.route("**/look", lie)

    await refuses(ben, link, "This meeting is end-to-end encrypted, and the server presents it")


async def test_a_browser_that_cannot_encrypt_is_told_so_at_the_door(people: People, server: Served):
    ben = await people("Ben")
    await ben.page.add_init_script(
        "delete window.RTCRtpScriptTransform; delete RTCRtpSender.prototype.createEncodedStreams;"
    )

    await refuses(ben, server.create_room()["guest_link"], "This browser cannot encrypt a call from end to end.")


async def test_a_transit_room_says_so_all_the_time(people: People, server: Served):
    anna = await people("Anna")
    room = server.create_room("--transit")

    await anna.open(room["host_link"])
    await anna.ask_to_join()
    await anna.is_in_call()

    await expect(anna.page.get_by_text("Not end-to-end encrypted").first).to_be_visible()
    await expect(anna.page.get_by_role("region", name="State of the encryption")).to_have_count(0)
