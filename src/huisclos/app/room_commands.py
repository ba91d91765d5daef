"""`huisclos room …`: works on the server's database, whether the server is running or not."""

import json

from huisclos.app import compose
from huisclos.app.links import base_url, room_links
from huisclos.app.settings import Settings
from huisclos.model.errors import StartRefused
from huisclos.model.ids import RoomId
from huisclos.services import rooms


async def create(settings: Settings, *, as_json: bool) -> None:
    async with compose.without_calls(settings) as deps:
        started = await rooms.start_room(deps)
    links = room_links(base_url(settings), started.room, started.host_claim)
    if as_json:
        print(json.dumps({"room": started.room, "guest_link": links.guest, "host_link": links.host.reveal()}))
        return
    print(f"host (good once): {links.host.reveal()}\nguests:           {links.guest}")


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
