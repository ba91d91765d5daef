"""Every refusal as the same JSON shape, in the language of who asks: `{"error": {"code", "message", "help"}}`."""

import logging
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse

from huisclos.model.error_texts import STATUS, TEXTS, Language
from huisclos.model.errors import (
    HuisClosError,
    Internal,
    MethodNotAllowed,
    NotFound,
    RequestInvalid,
    RequestTooLarge,
    TooManyRequests,
)

_BY_STATUS: Final[dict[int, type[HuisClosError]]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: RequestTooLarge,
}
# Proxies and scripts send long lists; nobody prefers more languages than this.
_LONGEST_HEADER: Final = 200

log = logging.getLogger(__name__)


def language_of(accept_language: str) -> Language:
    """French or English, whichever the header prefers; English if it says neither."""
    best: tuple[float, Language] = (0.0, "en")
    for entry in accept_language[:_LONGEST_HEADER].split(","):
        tag, _, parameters = entry.strip().partition(";")
        try:
            quality = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
        except ValueError:
            continue
        match tag.strip().lower().partition("-")[0]:
            case "fr" if quality > best[0]:
                best = (quality, "fr")
            case "en" if quality > best[0]:
                best = (quality, "en")
    return best[1]


def error_body(error: HuisClosError, language: Language) -> dict[str, dict[str, str]]:
    text = TEXTS[error.code][language]
    return {
        "error": {
            "code": error.code,
            "message": text.message.format_map(error.details),
            "help": text.help.format_map(error.details),
        }
    }


def error_answer(
    error: HuisClosError, connection: HTTPConnection, headers: dict[str, str] | None = None
) -> JSONResponse:
    language = language_of(connection.headers.get("accept-language", ""))
    extra = dict(headers or {})
    extra |= {"content-language": language, "vary": "accept-language", "cache-control": "no-store"}
    if isinstance(error, TooManyRequests):
        extra["retry-after"] = str(error.wait_s)
    return JSONResponse(error_body(error, language), STATUS[error.code], extra)


def install(app: FastAPI) -> None:
    @app.exception_handler(HuisClosError)
    async def _typed(request: Request, error: HuisClosError) -> JSONResponse:
        if error.code not in STATUS:
            log.error("an error without an answer: %s", error.code)
            error = Internal()
        return error_answer(error, request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:  # noqa: ARG001
        # What was wrong with which field would repeat what was sent (names, keys) into answers and logs.
        return error_answer(RequestInvalid(), request)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> JSONResponse:
        kind = _BY_STATUS.get(error.status_code, RequestInvalid if error.status_code < 500 else Internal)
        allow = (error.headers or {}).get("Allow")
        return error_answer(kind(), request, {"allow": allow} if allow else None)

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001  # the envelope logs it
        return error_answer(Internal(), request)
