"""Where browsers report breaches of the content security policy: counted, and logged cut down to what identifies a bug."""

import json
import logging

from fastapi import APIRouter, Request, Response

from huisclos.api.requests import Address, Deps

router = APIRouter(tags=["security"])
log = logging.getLogger(__name__)


class ReportCount:
    """How many reports came since the start; tests and metrics read it."""

    def __init__(self) -> None:
        self.total = 0


@router.post("/api/v1/csp-report", status_code=204)
async def report(request: Request, deps: Deps, address: Address) -> Response:
    deps.limits.check("report", address)
    request.app.state.csp_reports.total += 1
    try:
        content = json.loads(await request.body())["csp-report"]
        directive, blocked = str(content["effective-directive"]), str(content["blocked-uri"])
    except (ValueError, KeyError, TypeError, RecursionError):
        directive, blocked = "unreadable", ""
    log.warning("content security policy broken: %r blocked %r", directive[:40], blocked.partition("?")[0][:80])
    return Response(status_code=204)
