"""Whether the server lives (`/healthz`) and may take calls (`/readyz`), for whoever watches over it."""

import asyncio
import logging
from typing import Final

from fastapi import APIRouter, Response

from huisclos.api.bodies import Health
from huisclos.api.requests import Deps

router = APIRouter(tags=["health"])
log = logging.getLogger(__name__)

# The media thread comes round many times a second; after this it is overloaded or stuck.
_STALE_AFTER_S: Final = 2.0
_STORE_ANSWERS_WITHIN_S: Final = 2.0


@router.get("/healthz")
async def alive() -> Health:
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health}})
async def ready(deps: Deps, response: Response) -> Health:
    """Ready when the media plane gives signs of life and the store answers."""
    if deps.media_age() <= _STALE_AFTER_S and await _store_answers(deps):
        return Health(status="ok")
    response.status_code = 503
    return Health(status="unavailable")


async def _store_answers(deps: Deps) -> bool:
    try:
        async with asyncio.timeout(_STORE_ANSWERS_WITHIN_S):
            await deps.store.answers()
    except Exception as error:  # noqa: BLE001  # whatever a driver raises, the answer is the same
        log.warning("the store does not answer: %s", type(error).__name__)
        return False
    return True
