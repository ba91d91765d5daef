"""Builds what the server is made of from the settings, and takes it down again. Starts nothing that listens for HTTP."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from huisclos.app.settings import Settings, addresses
from huisclos.identity.removal_key import RemovalKey
from huisclos.identity.room_tokens import RoomTokens
from huisclos.identity.signing_keys import internal_key, sdk_keys
from huisclos.media.embedded import EmbeddedEngine
from huisclos.media.engine import MediaEngine
from huisclos.model.errors import StartRefused
from huisclos.model.ids import Identity, RoomId
from huisclos.services.calls import Calls
from huisclos.services.delivery import Deliveries
from huisclos.services.dependencies import Dependencies
from huisclos.services.doors import Doors
from huisclos.services.limits import Limits
from huisclos.store.database import default_url, open_database
from huisclos.store.rooms import RoomStore


def utc_now() -> datetime:
    return datetime.now(UTC)


def _seconds_from_now_on() -> float:
    """Unix time that no change of the clock sets back."""
    return _STARTED_AT + time.monotonic()


_STARTED_AT = time.time() - time.monotonic()


@dataclass(frozen=True, slots=True)
class Running:
    """A server's inside, ready to be served."""

    deps: Dependencies
    calls: Calls
    media_port: int


@asynccontextmanager
async def server(settings: Settings) -> AsyncIterator[Running]:
    """Everything, with a media engine that runs, while the block lasts. Raises StartRefused."""
    async with _store_and_keys(settings) as (store, tokens, removal), _engine(settings) as engine:
        calls = Calls(engine, tokens, store, max_people=settings.max_people, seconds=_seconds_from_now_on)
        deps = _dependencies(settings, store, tokens, removal, _LiveCalls(calls, engine))
        yield Running(deps, calls, engine.media_port)


@asynccontextmanager
async def without_calls(settings: Settings) -> AsyncIterator[Dependencies]:
    """For commands beside the server: the same database and keys, and no media. Raises StartRefused."""
    async with _store_and_keys(settings) as (store, tokens, removal):
        yield _dependencies(settings, store, tokens, removal, None)


@dataclass(frozen=True, slots=True)
class _LiveCalls:
    calls: Calls
    engine: MediaEngine


def _dependencies(
    settings: Settings, store: RoomStore, tokens: RoomTokens, removal: RemovalKey, live: _LiveCalls | None
) -> Dependencies:
    return Dependencies(
        store=store,
        tokens=tokens,
        doors=Doors(),
        deliveries=Deliveries(removal, max_people=settings.max_people, seconds=time.monotonic),
        limits=Limits(time.monotonic),
        clock=utc_now,
        send_out=live.calls.remove if live else _from_no_call,
        people_in=live.calls.people_in if live else _nobody,
        media_age=live.engine.age if live else _never,
        max_rooms=settings.max_rooms,
        max_people=settings.max_people,
    )


def _nobody(room: RoomId) -> list[Identity]:
    del room
    return []


def _from_no_call(room: RoomId, identity: Identity) -> None:
    del room, identity


def _never() -> float:
    return float("inf")


@asynccontextmanager
async def _store_and_keys(settings: Settings) -> AsyncIterator[tuple[RoomStore, RoomTokens, RemovalKey]]:
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartRefused(f"the data folder {settings.data} cannot be made ({error}): set HUISCLOS_DATA") from None
    internal = internal_key(settings.data)
    tokens = RoomTokens(internal, sdk_keys(settings.livekit_keys), utc_now)
    store = RoomStore(await open_database(settings.database(default_url(settings.data))))
    try:
        yield store, tokens, RemovalKey(internal)
    finally:
        await store.close()


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[EmbeddedEngine]:
    with _told_in_words(settings):
        engine = EmbeddedEngine(
            media_port=settings.media_port,
            bind=addresses(settings.media_host) or None,
            public_addresses=addresses(settings.public_address) or None,
            loopback=settings.loopback,
            segmentation_offload=settings.segmentation_offload,
        )
    try:
        yield engine
    finally:
        engine.shutdown()


@contextmanager
def _told_in_words(settings: Settings) -> Iterator[None]:
    port = settings.media_port
    try:
        yield
    except ImportError:
        raise StartRefused("the media engine has not been built: run make build") from None
    except ValueError as error:
        raise StartRefused(f"{error}: check HUISCLOS_MEDIA_HOST and HUISCLOS_PUBLIC_ADDRESS") from None
    except OSError as error:
        raise StartRefused(
            f"UDP port {port} cannot be opened for media ({error}): "
            "choose another with HUISCLOS_MEDIA_PORT or --media-port"
        ) from None
