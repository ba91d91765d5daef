"""Builds the services' dependencies from the settings, and takes them down again. Starts nothing that listens."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from huisclos.app.settings import Settings, addresses
from huisclos.identity.room_tokens import RoomTokens
from huisclos.identity.signing_keys import internal_key, sdk_keys
from huisclos.media.embedded import EmbeddedEngine
from huisclos.model.errors import StartRefused
from huisclos.model.ids import RoomId
from huisclos.services.calls import Calls
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


@asynccontextmanager
async def dependencies_and_calls(settings: Settings) -> AsyncIterator[tuple[Dependencies, Calls]]:
    """The same with a media engine, and the calls that it carries. Raises StartRefused, also for a media port in use."""
    engine = _engine(settings)
    # Who enters asks the calls how many are there, and the calls ask the store: one of the two has to come later.
    calls: Calls | None = None

    def people(room: RoomId) -> int:
        return 0 if calls is None else calls.people(room)

    try:
        async with dependencies(settings, people=people, media_age=engine.age) as deps:
            calls = Calls(
                engine,
                deps.tokens,
                deps.store,
                max_people=settings.max_people,
                seconds=_unix_seconds_that_never_go_back(),
            )
            yield deps, calls
    finally:
        engine.shutdown()


def _engine(settings: Settings) -> EmbeddedEngine:
    try:
        return EmbeddedEngine(
            media_port=settings.media_port,
            bind=addresses(settings.media_host) or None,
            public_addresses=addresses(settings.public_address) or None,
            loopback=settings.loopback,
            segmentation_offload=settings.segmentation_offload,
        )
    except OSError as error:
        raise StartRefused(
            f"the media port {settings.media_port} (UDP) cannot be opened ({error}): "
            "choose another with --media-port or HUISCLOS_MEDIA_PORT"
        ) from None
    except ValueError as error:
        raise StartRefused(f"media_host and public_address must be IP addresses: {error}") from None


def _unix_seconds_that_never_go_back() -> Callable[[], float]:
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()
