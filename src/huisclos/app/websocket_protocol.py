"""uvicorn's WebSocket protocol, made to hold against what strangers send before a socket is open.

Two things differ: a request that cannot be read is answered and closed instead of left open for ever, and a refusal by
our own answer is no error in the log, where anybody could write as many of them as they like.
"""

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11

# A join request with an offer inside and a token beside it are some kilobytes of one request line; the library's own
# limit of 8 KiB is too near to that.
http11.MAX_LINE_LENGTH = 64 * 1024

_UNREADABLE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class WebSocketProtocol(WebSocketsSansIOProtocol):
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(_UNREADABLE)
            self.transport.close()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
