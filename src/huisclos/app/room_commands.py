"""`huisclos room …`: works on the server's database, whether the server is running or not.

`create` is the only place outside of browsers where the secrets of an encrypted room exist. It is always a process of its
own, also for the room that `huisclos serve` shows: what serves pages and calls never holds them.
"""

import json
import sys

import segno

from huisclos.app import compose
from huisclos.app.links import RoomLinks, base_url, encrypted_links, transit_links
from huisclos.app.settings import Settings
from huisclos.identity import link_secrets
from huisclos.model.errors import StartRefused
from huisclos.model.ids import RoomId
from huisclos.services import rooms
from huisclos.services.dependencies import Dependencies


async def create(settings: Settings, *, as_json: bool, transit: bool, base: str, greeting: bool) -> None:
    """`base`: where the links lead, if not where the settings say. `greeting`: as for the first room of a new server."""
    async with compose.without_calls(settings) as deps:
        room, links = await _new_room(deps, base or base_url(settings), transit=transit)
    host, guest = links.host.reveal(), links.guest.reveal()
    if as_json:
        print(json.dumps({"room": room, "guest_link": guest, "host_link": host}))
    elif greeting:
        if sys.stdout.isatty():
            segno.make(host, error="l").terminal(compact=True)
        print(f"\n  A room is ready. You are its host by this link (good once, for one browser):\n\n    {host}\n")
        print(f"  The others come by this one, and knock:\n\n    {guest}\n")
    else:
        print(f"host (good once): {host}\nguests:           {guest}")


async def _new_room(deps: Dependencies, base: str, *, transit: bool) -> tuple[RoomId, RoomLinks]:
    if transit:
        started = await rooms.start_transit_room(deps)
        return started.room, transit_links(base, started.room, started.host_claim)
    made = link_secrets.new_room(deps.clock(), max_people=deps.max_people)
    started = await rooms.start_encrypted_room(deps, made.room, made.policy)
    host_fragment = made.host_fragment(started.host_claim)
    return made.room, encrypted_links(base, made.room, made.guest_fragment, host_fragment)


async def show_all(settings: Settings) -> None:
    async with compose.without_calls(settings) as deps:
        found = await deps.store.all_rooms()
    for room in found:
        print(f"{room.id}  created {room.created_at:%Y-%m-%d}  last used {room.last_used_at:%Y-%m-%d %H:%M} UTC")
    if not found:
        print("no rooms")


async def close(settings: Settings, text: str) -> None:
    """`text` is an id or a link. A server that runs ends its call within seconds."""
    room = RoomId.parse(text.partition("#")[0].rstrip("/").rpartition("/")[2])
    if room is None:
        raise StartRefused("that is neither a room id nor the link of a room")
    async with compose.without_calls(settings) as deps:
        await rooms.close_room(deps, room)
    print("closed")
