"""Builds the services' dependencies from the settings, and takes them down again. Starts nothing that listens."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from huisclos.app.settings import Settings
from huisclos.identity.room_tokens import RoomTokens
from huisclos.identity.signing_keys import internal_key, sdk_keys
from huisclos.model.errors import StartRefused
from huisclos.model.ids import RoomId
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Doors
from huisclos.services.limits import Limits
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore


def utc_now() -> datetime:
    return datetime.now(UTC)


def _nobody(room: RoomId) -> int:
    del room
    return 0


def _no_media() -> float:
    return float("inf")


def _prepare_data(settings: Settings) -> None:
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartRefused(f"the data folder {settings.data} cannot be made ({error}): set HUISCLOS_DATA") from None


@asynccontextmanager
async def dependencies(
    settings: Settings,
    *,
    people: Callable[[RoomId], int] = _nobody,
    media_age: Callable[[], float] = _no_media,
) -> AsyncIterator[Dependencies]:
    """The dependencies while the block lasts. Without `people` and `media_age`: those of a process without calls.

    Raises StartRefused for settings, secrets or a database that the server must not start with.
    """
    _prepare_data(settings)
    keys = sdk_keys(settings.livekit_keys)
    tokens = RoomTokens(internal_key(settings.data), keys, utc_now)
    store = RoomStore(await open_database(settings.database(default_url(settings.data))))
    try:
        yield Dependencies(
            store=store,
            tokens=tokens,
            doors=Doors(),
            limits=Limits(time.monotonic),
            clock=utc_now,
            people=people,
            media_age=media_age,
            max_rooms=settings.max_rooms,
            max_people=settings.max_people,
        )
    finally:
        await store.close()
