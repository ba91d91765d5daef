"""How the process logs: one line an event on standard error, nothing about people."""

import logging
from typing import Final

_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# These would write addresses and query strings.
_SILENT: Final = ("uvicorn.access", "websockets", "httpx", "asyncio")


def start(level: str) -> None:
    logging.basicConfig(level=level.upper(), format=_FORMAT, force=True)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in ("uvicorn", "uvicorn.error", "alembic", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)
