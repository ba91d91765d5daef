"""A client of the signalling protocol and nothing more: joins, sends and reads messages, in binary or in JSON."""

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import websockets
from google.protobuf import json_format
from livekit.protocol import models, rtc

from protocol.livekit_keys import token

# How long an answer may take on two busy cores.
WITHIN_S = 10.0

_FINGERPRINT = ":".join(["AB"] * 32)


def offer(*, audios: int = 1, videos: int = 1, camera: str = "") -> str:
    """What a browser offers: sections to receive on, a camera if named, and the data channels' section."""
    head = ["v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    sections = [_media("audio", "111", ["a=rtpmap:111 opus/48000/2", "a=recvonly"]) for _ in range(audios)]
    sections += [_media("video", "96", ["a=rtpmap:96 VP8/90000", "a=recvonly"]) for _ in range(videos)]
    if camera:
        sends = ["a=rtpmap:96 VP8/90000", "a=sendonly", f"a=msid:- {camera}", "a=ssrc:4711 cname:c"]
        sections.append(_media("video", "96", sends))
    sections.append(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=sctp-port:5000"])
    bundle = "a=group:BUNDLE " + " ".join(str(mid) for mid in range(len(sections)))
    lines = [*head, bundle, "a=msid-semantic: WMS *"]
    for mid, section in enumerate(sections):
        transport = [
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            "a=ice-ufrag:abcd",
            "a=ice-pwd:abcdefghijklmnopqrstuvwx",
            f"a=fingerprint:sha-256 {_FINGERPRINT}",
            "a=setup:actpass",
        ]
        lines += [section[0], *transport, *section[1:]]
    return "\r\n".join(lines) + "\r\n"


def _media(kind: str, payload_type: str, attributes: list[str]) -> list[str]:
    return [f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}", "a=rtcp-mux", *attributes]


def join_request(*, compressed: bool = False, **fields: Any) -> str:
    """The `join_request` parameter of a client that wants everything."""
    settings = rtc.ConnectionSettings(auto_subscribe=True)
    client = models.ClientInfo(sdk=models.ClientInfo.SDK.JS, version="2.23.0", protocol=17)
    body = rtc.JoinRequest(connection_settings=settings, client_info=client, **fields).SerializeToString()
    wrapped = rtc.WrappedJoinRequest(join_request=body)
    if compressed:
        wrapped.join_request = gzip.compress(body)
        wrapped.compression = rtc.WrappedJoinRequest.Compression.GZIP
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class Signal:
    """One open socket."""

    def __init__(self, socket: websockets.ClientConnection, *, json: bool) -> None:
        self._socket = socket
        self._json = json
        self.frames: list[str | bytes] = []
        self.messages: list[rtc.SignalResponse] = []

    async def send(self, **message: Any) -> None:
        request = rtc.SignalRequest(**message)
        await self._socket.send(json_format.MessageToJson(request) if self._json else request.SerializeToString())

    async def send_raw(self, frame: bytes | str) -> None:
        await self._socket.send(frame)

    async def next(self) -> rtc.SignalResponse:
        """Raises websockets.ConnectionClosed when there is no more."""
        frame = await asyncio.wait_for(self._socket.recv(), WITHIN_S)
        self.frames.append(frame)
        message = rtc.SignalResponse()
        if isinstance(frame, str):
            json_format.Parse(frame, message)
        else:
            message.ParseFromString(frame)
        self.messages.append(message)
        return message

    async def until(self, kind: str) -> Any:
        """The content of the next message of this kind; what comes before is kept in `messages`."""
        while True:
            message = await self.next()
            if message.WhichOneof("message") == kind:
                return getattr(message, kind)

    async def until_update(self, identity: str, state: models.ParticipantInfo.State) -> models.ParticipantInfo:
        """The next word that `identity` is in `state`."""
        while True:
            update = await self.until("update")
            for info in update.participants:
                if info.identity == identity and info.state == state:
                    return info

    async def closed(self) -> None:
        """Read to the end of the socket."""
        try:
            while True:
                await self.next()
        except websockets.ConnectionClosed:
            return

    async def drop(self) -> None:
        """Vanish without a goodbye, as a phone that leaves the network does."""
        self._socket.transport.abort()


def socket_url(server: str, path: str = "/rtc/v1", **query: str) -> str:
    return f"{server.replace('http', 'ws', 1)}{path}?{urlencode(query)}"


@asynccontextmanager
async def joined(
    server: str, identity: str, room: str, *, json: bool = False, jwt: str = "", path: str = "/rtc/v1", **fields: Any
) -> AsyncIterator[Signal]:
    """A participant for as long as the block lasts."""
    query = {"access_token": jwt or token(identity, room), "join_request": join_request(**fields)}
    async with websockets.connect(socket_url(server, path, **query), max_size=None) as socket:
        yield Signal(socket, json=json)


@asynccontextmanager
async def joined_v0(
    server: str, identity: str, room: str, *, json: bool = False, jwt: str = "", **query: str
) -> AsyncIterator[Signal]:
    """A participant that describes itself in the query of `/rtc` and keeps two peer connections."""
    said = {"sdk": "go", "version": "2.13.0", "protocol": "16", "auto_subscribe": "1", **query}
    url = socket_url(server, "/rtc", access_token=jwt or token(identity, room), **said)
    async with websockets.connect(url, max_size=None) as socket:
        yield Signal(socket, json=json)


def answer_to(sdp: str) -> str:
    """What a client that receives everything answers to an offer of the server."""
    turned = {"a=sendonly": "a=recvonly", "a=setup:actpass": "a=setup:active"}
    own = {
        "a=ice-ufrag:": "a=ice-ufrag:abcd",
        "a=ice-pwd:": "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=fingerprint:": f"a=fingerprint:sha-256 {_FINGERPRINT}",
    }
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith(("a=msid:", "a=ssrc", "a=candidate:", "a=ice-lite", "a=end-of-candidates")):
            continue
        lines.append(next((mine for prefix, mine in own.items() if line.startswith(prefix)), turned.get(line, line)))
    return "\r\n".join(lines) + "\r\n"
