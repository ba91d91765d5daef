"""Puts the routes together into one ASGI application. `app` builds what they need and serves it."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from huisclos.api import csp_report, door, e2ee, error_answers, health, rooms
from huisclos.api.client_files import ClientFiles
from huisclos.api.csp_report import ReportCount
from huisclos.api.envelope import Envelope
from huisclos.api.security_headers import SecurityHeaders
from huisclos.services.dependencies import Dependencies


def build(
    deps: Dependencies,
    *,
    call_routes: Sequence[BaseRoute] = (),
    client: ClientFiles | None = None,
    origins: frozenset[str] = frozenset(),
    tls: bool = False,
) -> ASGIApp:
    """The application. `call_routes`: those of the LiveKit protocol. `origins`: this server's own, as seen from outside
    a proxy. `tls`: whether browsers reach it by HTTPS only."""
    # FastAPI's documentation pages would load scripts from other people's servers.
    app = FastAPI(
        title="Huis Clos",
        version=_version(),
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.dependencies = deps
    app.state.csp_reports = ReportCount()
    error_answers.install(app)
    for router in (rooms.router, door.router, e2ee.router, health.router, csp_report.router):
        app.include_router(router)
    app.router.routes.extend(call_routes)
    app.router.routes.extend((client or ClientFiles()).routes())
    return SecurityHeaders(Envelope(app, origins=origins), tls=tls)


def _version() -> str:
    try:
        return version("huisclos")
    except PackageNotFoundError:
        return "0.0.0"
