"""What a server does by the clock: knocks run out, closed rooms end their calls, unused rooms are forgotten."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from huisclos.app.compose import Running
from huisclos.services import rooms
from huisclos.services.lobby import expire_knocks

log = logging.getLogger(__name__)

_KNOCKS_EVERY_S: Final = 1
_CLOSED_ROOMS_EVERY_S: Final = 2
_PURGE_EVERY_S: Final = 6 * 3600


@asynccontextmanager
async def housekeeping(running: Running) -> AsyncIterator[None]:
    """Kept while the block lasts."""
    tasks = (
        asyncio.create_task(_every(_KNOCKS_EVERY_S, lambda: _expire(running))),
        asyncio.create_task(_every(_CLOSED_ROOMS_EVERY_S, lambda: _end_closed(running))),
        asyncio.create_task(_every(_PURGE_EVERY_S, lambda: _purge(running))),
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """A failed turn is logged and the next one comes: housekeeping must outlive a database that is away for a while."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("housekeeping failed")
        await asyncio.sleep(seconds)


async def _expire(running: Running) -> None:
    expire_knocks(running.deps)


async def _end_closed(running: Running) -> None:
    """`huisclos room close` is another process: it can only take the room away, and the call is ended here."""
    in_use = {*running.calls.rooms_in_use(), *running.deps.deliveries.rooms_in_use()}
    for room in await rooms.gone(running.deps, list(in_use)):
        running.calls.close_room(room)
        running.deps.deliveries.close_room(room)


async def _purge(running: Running) -> None:
    forgotten = await rooms.purge(running.deps, running.calls.rooms_in_use())
    if forgotten:
        log.info("forgot %d rooms that nobody used for 30 days", forgotten)
