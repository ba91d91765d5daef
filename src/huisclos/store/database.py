"""Opens the database: an engine that treats SQLite and PostgreSQL alike, brought up to date before it is used."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from huisclos.model.errors import StartRefused
from huisclos.model.secrecy import Secret

_SQLITE_FILE: Final = "huisclos.sqlite3"
# How long a writer waits for another one (the server for `huisclos room create`, or the reverse).
_SQLITE_WAIT_S: Final = 10
# Any number will do, as long as nobody else migrates this database under the same one.
_MIGRATION_LOCK: Final = 4_855_112


class Database:
    """Connections for reading and for writing. On SQLite a writer takes its lock at once, so it never has to give up
    half-way; PostgreSQL needs no such care."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(reads_only=True)
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()


def default_url(data: Path) -> Secret:
    return Secret(f"sqlite:///{data / _SQLITE_FILE}")


async def open_database(url: Secret) -> Database:
    """The database at `url` (`sqlite:///path` or `postgresql://…`) with all migrations done.

    Raises StartRefused for an URL of another kind. SQLite files are made readable to their owner only.
    """
    try:
        parsed = make_url(url.reveal())
    except ArgumentError:
        raise StartRefused("database_url is not a database URL") from None
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database is None or parsed.database == ":memory:":
                raise StartRefused("database_url: SQLite needs a file")
            _make_private(Path(parsed.database))
            engine = create_async_engine(
                parsed.set(drivername="sqlite+aiosqlite"),
                connect_args={"timeout": _SQLITE_WAIT_S},
                hide_parameters=True,
            )
            _prepare_sqlite(engine)
        case "postgresql":
            engine = create_async_engine(
                parsed.set(drivername="postgresql+asyncpg"), pool_pre_ping=True, hide_parameters=True
            )
        case other:
            raise StartRefused(f"database_url: {other} is not supported; use sqlite:///path or postgresql://…")
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    except BaseException:
        await engine.dispose()
        raise
    return Database(engine)


def _make_private(path: Path) -> None:
    """SQLite gives its `-wal` and `-shm` files the mode of the database, so it is enough to set that one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.isolation_level = None  # the driver's own BEGIN comes too late; see _on_begin
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _migrate(connection: Connection) -> None:
    """Bring the schema up to date. Two processes that start together do it one after the other."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    config = Config()
    config.set_main_option("script_location", str(files("huisclos.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
