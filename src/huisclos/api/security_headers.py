"""The security headers of every answer, above all the content security policy. Lets no page of ours load anything foreign."""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The one style element that react-aria-components 1.22.1 inserts at run time (a `touch-action` rule).
_REACT_ARIA_STYLE: Final = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"
# What a Host header may look like before it is repeated in a policy.
_HOST: Final = re.compile(r"[a-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-f:.]{2,45}\](:[0-9]{1,5})?", re.IGNORECASE)
_TWO_YEARS_S: Final = 63_072_000

_FIXED: Final = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": (
        "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), speaker-selection=(self), "
        "screen-wake-lock=(self), picture-in-picture=(self), autoplay=(self), geolocation=(), payment=(), usb=(), "
        "serial=(), hid=(), midi=(), accelerometer=(), gyroscope=(), magnetometer=(), browsing-topics=()"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}


def content_security_policy(host: str) -> str:
    """The policy for pages served as `host`. WebSockets are named: not every browser counts them to 'self'."""
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            # MLS runs as WebAssembly; this allows that and no `eval`.
            "script-src 'self' 'wasm-unsafe-eval'",
            f"style-src 'self' {_REACT_ARIA_STYLE}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            f"connect-src 'self'{sockets}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            # The client's only policy: it lets its own files start as workers (web/src/call/start-worker.ts).
            "trusted-types huisclos-workers",
            "report-uri /api/v1/csp-report",
        )
    )


class SecurityHeaders:
    """ASGI middleware, outermost: even an answer to a broken request has the headers."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = content_security_policy(Headers(scope=scope).get("host", ""))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _FIXED.items():
                    headers[name] = value
                headers["content-security-policy"] = policy
                if self._tls:
                    headers["strict-transport-security"] = f"max-age={_TWO_YEARS_S}; includeSubDomains"
            await send(message)

        await self._app(scope, receive, send_with_headers)
