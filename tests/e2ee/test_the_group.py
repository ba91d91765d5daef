"""What an evil server can do with the group: keep changes back, alter and repeat them, split the group in two."""

import asyncio
import time

import pytest
from playwright.async_api import expect

from browser.media import until
from browser.people import People, Person
from e2ee.evil_server import EvilServer

pytestmark = pytest.mark.rows("C15", "C16", "C17")

FORKED = "You do not all have the same keys."
REFUSED = "A forbidden change was refused."
# C17: a split must be noticed within this time; the rest is for two busy cores.
NOTICED_S = 10
SLACK_S = 8


async def identity_of(person: Person) -> str:
    """Under what this person's page is known to the server."""
    found = await person.page.evaluate("window.watchedIdentity ?? null")
    assert found, f"{person.name} has entered nothing yet"
    return str(found)


# The page tells its identity to the server when it enters.
NOTE = """
const ask = window.fetch;
window.fetch = (to, how) => {
  try {
    const { identity } = JSON.parse(how?.body ?? '{}');
    if (typeof identity === 'string') window.watchedIdentity = identity;
  } catch { /* not JSON */ }
  return ask(to, how);
};
"""


async def three(people: People) -> tuple[Person, Person, Person]:
    everybody = (await people("Anna"), await people("Ben"), await people("Cleo"))
    for person in everybody:
        await person.page.add_init_script(NOTE)
    return everybody


async def agree(*everybody: Person, members: int) -> str:
    async def same() -> str:
        seals = [await person.seal() for person in everybody]
        codes = {(seal.epoch, seal.digits) for seal in seals}
        return seals[0].digits if len(codes) == 1 and seals[0].members == members else ""

    code: str = await until(same, f"{members} members share one safety code")
    return code


async def is_warned(person: Person, words: str, seconds: float = 30) -> None:
    await expect(person.page.get_by_text(words).first).to_be_visible(timeout=seconds * 1000)


async def test_a_member_from_whom_a_commit_is_kept_back_is_warned_within_ten_seconds(
    people: People, server: EvilServer
):
    anna, ben, cleo = await three(people)
    link = await people.meeting(anna, ben)
    await agree(anna, ben, members=2)
    # The control: while the server is honest nobody is warned.
    await expect(ben.page.get_by_text(FORKED)).to_have_count(0)

    server.tell("withholds commits", **{"from": await identity_of(ben)})
    await cleo.knock(link)
    await anna.admit(cleo)
    await agree(anna, cleo, members=3)
    since = time.monotonic()

    await is_warned(ben, FORKED, NOTICED_S + SLACK_S)
    print(f"warned after {time.monotonic() - since:.1f} s")


async def test_a_commit_that_was_altered_changes_nothing_and_warns(people: People, server: EvilServer):
    anna, ben, cleo = await three(people)
    link = await people.meeting(anna, ben)
    await agree(anna, ben, members=2)

    server.tell("damages commits", to=await identity_of(ben))
    await cleo.knock(link)
    await anna.admit(cleo)
    await is_warned(ben, REFUSED)
    await expect(anna.page.get_by_text(REFUSED)).to_have_count(0)

    # Ben comes back by himself, into the same group as the others.
    await agree(anna, ben, cleo, members=3)
    await asyncio.gather(ben.sees(2), anna.sees(2))


async def test_a_commit_that_comes_again_is_refused_and_the_meeting_goes_on(people: People, server: EvilServer):
    anna, ben, cleo = await three(people)
    link = await people.meeting(anna, ben)
    await agree(anna, ben, members=2)

    server.tell("replays commits")
    await cleo.knock(link)
    await anna.admit(cleo)
    await is_warned(ben, REFUSED)

    await agree(anna, ben, members=3)
    await ben.sees(2)


async def test_two_bridged_groups_have_two_safety_codes_and_the_members_are_warned(people: People, server: EvilServer):
    anna, ben, cleo = await three(people)
    await people.meeting(anna, ben, cleo)
    before = await agree(anna, ben, cleo, members=3)

    server.tell("forks", apart=await identity_of(ben))
    # Each half removes the one who has gone, by a commit of its own.
    await cleo.page.close()

    async def both_went_on() -> bool:
        hers, his = await anna.seal(), await ben.seal()
        codes = {code for code in (hers.digits, his.digits) if code and code != before}
        return len(codes) == 2

    async def warned() -> bool:
        return await both_went_on() or bool(
            await anna.page.get_by_text(FORKED).count() + await ben.page.get_by_text(FORKED).count()
        )

    await until(warned, "the halves have different codes, or somebody is warned", seconds=45)
    hers, his = await anna.seal(), await ben.seal()
    assert hers.digits != his.digits
    await until(lambda: _either_warned(anna, ben), "one of the halves is warned", seconds=30)


async def _either_warned(*everybody: Person) -> bool:
    return any([await person.page.get_by_text(FORKED).count() for person in everybody])
