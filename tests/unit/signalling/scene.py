"""A call with people in it, for tests of signalling: sends what clients send, keeps what each was told and commanded.

The media plane is played by the tests themselves: `answer` says what it would.
"""

from dataclasses import dataclass, field
from itertools import count

from livekit.protocol import models, rtc

from huisclos.model.call import Answered, ApplyOffer, Connected, MediaCommand, MediaEvent
from huisclos.model.join_grant import JoinGrant, VideoGrants
from huisclos.model.secrecy import Pii
from huisclos.signalling.outbox import Command, Connection, Hangup, Output, Send, SendFreshToken
from huisclos.signalling.room import RoomCall

NOON = 1_800_000_000.0

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"


def section(mid: str, kind: str, direction: str, track: str = "", codec: str = "") -> str:
    """One section of an offer, with the lines that browsers write."""
    encoding = codec or {"audio": "opus/48000/2", "video": "VP8/90000"}[kind]
    payload_type = "111" if kind == "audio" else "96"
    lines = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        *([f"a=msid:- {track}"] if track else []),
        f"a=rtpmap:{payload_type} {encoding}",
        "a=ssrc:1 cname:x",
    ]
    return "\r\n".join(lines) + "\r\n"


def offer(*sections: str) -> str:
    return HEAD + "".join(sections)


def answered(sdp: str) -> str:
    """What a media plane answers: directions turned round, stream names of its own."""
    turned = {"a=recvonly": "a=sendonly", "a=sendonly": "a=recvonly"}
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith("a=msid:"):
            continue
        lines.append(turned.get(line, line))
        if line == "a=recvonly":
            lines += ["a=msid:random random", "a=ssrc:77 cname:us", "a=ssrc:77 msid:random random"]
    return "\r\n".join(lines) + "\r\n"


def receiving(audios: int = 3, videos: int = 3) -> list[str]:
    """The sections with which a client asks to receive."""
    return [section(f"a{n}", "audio", "recvonly") for n in range(audios)] + [
        section(f"v{n}", "video", "recvonly") for n in range(videos)
    ]


@dataclass
class Client:
    """One socket, and what was told on it."""

    connection: Connection
    identity: str
    sid: str = ""
    told: list[rtc.SignalResponse] = field(default_factory=list)
    hung_up: bool = False
    fresh_tokens: int = 0
    offers: int = 0

    def all(self, kind: str) -> list[object]:
        return [getattr(message, kind) for message in self.told if message.WhichOneof("message") == kind]

    def last(self, kind: str) -> object:
        return self.all(kind)[-1]

    def kinds(self) -> list[str | None]:
        return [message.WhichOneof("message") for message in self.told]

    def sees(self) -> dict[str, models.ParticipantInfo]:
        """The others by sid, as a client that follows its messages has them."""
        seen: dict[str, models.ParticipantInfo] = {}
        for message in self.told:
            match message.WhichOneof("message"):
                case "join":
                    seen = {info.sid: info for info in message.join.other_participants}
                case "update":
                    for info in message.update.participants:
                        if info.state == models.ParticipantInfo.State.DISCONNECTED:
                            seen.pop(info.sid, None)
                        elif info.sid != self.sid:
                            seen[info.sid] = info
        return seen


class Scene:
    def __init__(self, *, encrypted: bool = False) -> None:
        self.now = NOON
        ids = count(1)
        self.call = RoomCall("salon", lambda prefix: f"{prefix}{next(ids)}", self.now, encrypted=encrypted)
        self.clients: dict[Connection, Client] = {}
        self.commands: list[MediaCommand] = []
        self._connections = count(1)

    def join(
        self,
        identity: str,
        *,
        may: VideoGrants | None = None,
        automatic: bool = True,
        issuer: str = "internal",
        **request: object,
    ) -> Client:
        settings = rtc.ConnectionSettings(auto_subscribe=automatic)
        return self.open(identity, rtc.JoinRequest(connection_settings=settings, **request), may=may, issuer=issuer)  # type: ignore[arg-type]

    def resume(
        self, client: Client, *, identity: str | None = None, may: VideoGrants | None = None, **request: object
    ) -> Client:
        join = rtc.JoinRequest(reconnect=True, participant_sid=client.sid, **request)  # type: ignore[arg-type]
        return self.open(identity or client.identity, join, may=may, sid=client.sid)

    def open(
        self,
        identity: str,
        request: rtc.JoinRequest,
        *,
        may: VideoGrants | None = None,
        sid: str = "",
        issuer: str = "internal",
    ) -> Client:
        client = Client(Connection(next(self._connections)), identity, sid)
        self.clients[client.connection] = client
        grant = JoinGrant(identity, Pii(identity.title()), "salon", issuer, may or VideoGrants())
        self.carry_out(self.call.join(client.connection, grant, request, self.now))
        if not sid:
            client.sid = client.told[0].join.participant.sid
        return client

    def arrive(self, identity: str, *sections: str, **options: object) -> Client:
        """Join, offer (three receiving sections of each kind unless told otherwise), and have media."""
        client = self.join(identity, **options)  # type: ignore[arg-type]
        self.negotiate(client, *(sections or receiving()))
        self.happens(Connected(client.sid))
        return client

    def send(self, client: Client, **message: object) -> None:
        request = rtc.SignalRequest(**message)  # type: ignore[arg-type]
        self.carry_out(self.call.receive(client.connection, request, self.now))

    def send_offer(self, client: Client, *sections: str) -> int:
        """The number under which the media plane will answer."""
        client.offers += 1
        description = rtc.SessionDescription(type="offer", sdp=offer(*sections), id=client.offers)
        self.send(client, offer=description)
        return next(c.request for c in reversed(self.commands) if isinstance(c, ApplyOffer))

    def answer(self, client: Client, request: int) -> None:
        sdp = next(c.sdp for c in self.commands if isinstance(c, ApplyOffer) and c.request == request)
        self.happens(Answered(client.sid, request, answered(sdp)))

    def negotiate(self, client: Client, *sections: str) -> rtc.SessionDescription:
        before = len(client.all("answer"))
        self.answer(client, self.send_offer(client, *sections))
        answers = client.all("answer")
        assert len(answers) == before + 1, "no answer came"
        answer = answers[-1]
        assert isinstance(answer, rtc.SessionDescription)
        return answer

    def publish(self, client: Client, cid: str, kind: str = "video", *others: str, mid: str = "p") -> str:
        """Announce a track and offer it beside `others` (three receiving sections of each kind by default). Its sid."""
        source = models.TrackSource.CAMERA if kind == "video" else models.TrackSource.MICROPHONE
        type_ = models.TrackType.VIDEO if kind == "video" else models.TrackType.AUDIO
        self.send(client, add_track=rtc.AddTrackRequest(cid=cid, type=type_, source=source))
        published = client.last("track_published")
        assert isinstance(published, rtc.TrackPublishedResponse)
        self.negotiate(client, *(others or receiving()), section(mid, kind, "sendonly", cid))
        return published.track.sid

    def happens(self, *events: MediaEvent) -> None:
        self.carry_out(self.call.media_events(events, self.now))

    def lose(self, client: Client) -> None:
        self.carry_out(self.call.lost(client.connection, self.now))

    def tick(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.carry_out(self.call.tick(self.now))

    def carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send(connections, response):
                    for connection in connections:
                        assert not self.clients[connection].hung_up, "told something on a closed socket"
                        self.clients[connection].told.append(response)
                case SendFreshToken(connection, _):
                    self.clients[connection].fresh_tokens += 1
                case Hangup(connection):
                    self.clients[connection].hung_up = True
                case Command(command):
                    self.commands.append(command)

    def commanded(self, kind: type) -> list[MediaCommand]:
        return [command for command in self.commands if isinstance(command, kind)]
