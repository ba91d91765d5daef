"""Runs the server: composes it, listens, shows the first room's links, and stops without cutting calls off."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn

from huisclos.api import application
from huisclos.api.rtc import rtc_routes
from huisclos.app import certificate, compose, sockets
from huisclos.app.housekeeping import housekeeping
from huisclos.app.links import base_url
from huisclos.app.settings import Settings, addresses, as_environment
from huisclos.app.websocket_protocol import WebSocketProtocol
from huisclos.model.errors import NotReady, StartRefused
from huisclos.services.calls import Calls, MediaStuck

log = logging.getLogger(__name__)

_LARGEST_WEBSOCKET_MESSAGE: Final = 2 * 1024 * 1024
_PING_EVERY_S: Final = 10
_STOP_WITHIN_S: Final = 5
# What is queued for the sockets goes out before they are closed.
_LAST_WORDS_S: Final = 0.3


class _Server(uvicorn.Server):
    """uvicorn, telling `goodbye` before it closes the connections: those in a call then know to come back."""

    def __init__(self, config: uvicorn.Config, goodbye: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._goodbye = goodbye

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._goodbye()
        await super().shutdown(sockets)


async def serve(settings: Settings, *, show_room: bool) -> None:
    """Serve until told to stop. Raises StartRefused."""
    certificate.check(settings)
    listening = sockets.listen(settings.host, settings.port)
    port = listening[0].getsockname()[1]
    async with compose.server(settings) as running, housekeeping(running):
        web = application.build(
            running.deps,
            call_routes=rtc_routes(running.calls, running.deps.limits),
            origins=_origins(settings),
            tls=settings.tls,
        )
        server = _Server(_config(settings, web), lambda: _say_goodbye(running.calls))
        if show_room:
            await _show_room(settings, base_url(settings, port))
        log.info("serving %s, media on UDP port %d", base_url(settings, port), running.media_port)
        await _serve_while_media_lives(server, running.calls, listening)


async def _serve_while_media_lives(server: _Server, calls: Calls, listening: list[socket.socket]) -> None:
    """Serve until told to stop. Raises NotReady if media hangs: whoever watches over the process should start a new one."""
    clock = asyncio.create_task(calls.run())
    clock.add_done_callback(lambda _: setattr(server, "should_exit", True))
    await server.serve(listening)
    clock.cancel()
    try:
        await clock
    except asyncio.CancelledError:
        pass
    except MediaStuck:
        log.critical("the media thread hangs: start the server again")
        raise NotReady from None


async def _say_goodbye(calls: Calls) -> None:
    calls.shutdown()
    await asyncio.sleep(_LAST_WORDS_S)


def _origins(settings: Settings) -> frozenset[str]:
    return frozenset({settings.public_url.rstrip("/")} - {""})


def _config(settings: Settings, web: object) -> uvicorn.Config:
    proxies = addresses(settings.trusted_proxies)
    return uvicorn.Config(
        web,  # type: ignore[arg-type]  # uvicorn writes ASGI's types out in full
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        ws=WebSocketProtocol,
        ws_max_size=_LARGEST_WEBSOCKET_MESSAGE,
        ws_ping_interval=_PING_EVERY_S,
        ws_ping_timeout=2 * _PING_EVERY_S,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


async def _show_room(settings: Settings, base: str) -> None:
    """Let another process make a room and print its links. The links hold what opens its encryption, and whatever this
    process has once held, a fault in it could give away. Raises StartRefused."""
    # By the environment, since others can read a command line. -P: nothing in the working folder is taken for ours.
    environment = os.environ | as_environment(settings)
    command = (sys.executable, "-P", "-m", "huisclos", "room", "create", "--greeting", "--base", base)
    maker = await asyncio.create_subprocess_exec(*command, env=environment)
    if await maker.wait() != 0:
        raise StartRefused("the first room could not be made; --no-room starts without one")
