"""What can be found in a server after an encrypted call: nothing that people wrote, and sound of one size. Each with the
control that the same search finds it where a room is encrypted in transit only.
"""

import asyncio
import re
from pathlib import Path

import pytest

from browser.people import People, Person
from e2ee.evil_server import EvilServer

pytestmark = pytest.mark.rows("C01", "C10", "C19")

HIDDEN, OPEN = "Quzvolimbar Xenthorpe", "Brwydmakel Ostravine"
_CHUNK = 16 * 1024 * 1024
_SAMPLES = 30

_SOUND = """
async () => {
  let bytes = 0, packets = 0;
  for (const connection of window.watched.connections) {
    if (connection.connectionState === 'closed') continue;
    for (const entry of (await connection.getStats()).values())
      if (entry.type === 'outbound-rtp' && entry.kind === 'audio') { bytes += entry.bytesSent; packets += entry.packetsSent; }
  }
  return [bytes, packets];
}
"""


def memory_of(pid: int, *words: str) -> set[str]:
    """Which of the words stand anywhere in the writable memory of a process, in UTF-8 or UTF-16."""
    found: set[str] = set()
    spellings = {spelling: word for word in words for spelling in (word.encode(), word.encode("utf-16-le"))}
    longest = max(map(len, spellings))
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if span is None:
                continue
            at, end = int(span[1], 16), int(span[2], 16)
            while at < end:
                try:
                    memory.seek(at)
                    part = memory.read(min(_CHUNK, end - at))
                except (OSError, OverflowError):
                    break
                found |= {word for spelling, word in spellings.items() if spelling in part}
                if len(part) <= longest:
                    break
                at += len(part) - longest if at + len(part) < end else len(part)
    return found


def on_disk(folder: Path, *words: str) -> set[str]:
    """Which of the words stand in a file of the server: database, its log of changes, what it printed."""
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {word for word in words if word.encode() in everything}


async def test_names_are_nowhere_in_the_server_of_an_encrypted_call(people: People, server: EvilServer):
    anna, ben = await people(HIDDEN), await people("Ben")
    cleo, dora = await people(OPEN), await people("Dora")
    link = await people.meeting(anna, ben)
    await ben.sees(1)
    # Only whoever reads the screen of a member knows the name.
    assert await ben.tile(HIDDEN).count() == 1
    await people.meeting_in_transit(server.create_room("--transit"), cleo, dora)
    secret = link.partition("#")[2].split(".")[1]

    in_memory = await asyncio.to_thread(memory_of, server.pid, HIDDEN, OPEN, secret)
    on_the_disk = await asyncio.to_thread(on_disk, server.data, HIDDEN, OPEN, secret)
    printed = server.log_text()

    # The control: the same search finds the name of a transit room.
    assert in_memory == {OPEN}
    assert HIDDEN not in on_the_disk
    assert secret not in on_the_disk
    assert HIDDEN not in printed
    assert secret not in printed


async def sizes(person: Person) -> set[float]:
    """The mean sizes, in bytes, of the sound packets this page sent in each of many short spans."""
    found: set[float] = set()
    before = await person.page.evaluate(_SOUND)
    for _ in range(_SAMPLES):
        await asyncio.sleep(0.2)  # an interval of measurement, not a wait
        after = await person.page.evaluate(_SOUND)
        if after[1] > before[1]:
            found.add((after[0] - before[0]) / (after[1] - before[1]))
        before = after
    return found


async def test_sound_packets_of_an_encrypted_call_are_all_of_one_size(people: People, server: EvilServer):
    anna, ben = await people("Anna"), await people("Ben")
    cleo, dora = await people("Cleo"), await people("Dora")
    # Chromium's microphone beeps once a second and is silent in between.
    await people.meeting(anna, ben)
    await ben.hears(1)
    await asyncio.sleep(2)  # past the change of keys that let Ben in

    sealed = await sizes(anna)
    await people.meeting_in_transit(server.create_room("--transit"), cleo, dora)
    await dora.hears(1)
    open_ = await sizes(cleo)

    print("sealed", sorted(sealed), "open", sorted(open_))
    # The SFrame header says the counter in as few bytes as hold it: one byte more or less by the hundreds of frames sent.
    assert max(sealed) - min(sealed) <= 1
    # The control: in a transit room the size follows the sound.
    assert max(open_) - min(open_) > 5
