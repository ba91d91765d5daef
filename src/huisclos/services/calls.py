"""The calls in progress: who may join which, and the way between sockets, the state machines and the media plane.

Carries out what signalling decides; decides itself only about rooms: which exist, how many fit, when one is over.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final, ParamSpec

from livekit.protocol import models, rtc

from huisclos.identity.room_tokens import RoomTokens
from huisclos.media.engine import MediaEngine, MediaOverloaded
from huisclos.model.call import AddPeer, AudioLevels, MediaEvent, RemovePeer
from huisclos.model.errors import NotReady, RoomEncrypted, RoomFull, RoomUnknown, TokenInvalid
from huisclos.model.ids import Identity, RoomId
from huisclos.model.join_grant import INTERNAL_ISSUER, JoinGrant
from huisclos.model.room import Encryption
from huisclos.model.secrecy import Pii
from huisclos.services.sessions import Flooded, Message, Session
from huisclos.signalling.frames import FrameUndecodable
from huisclos.signalling.outbox import Command, Connection, Hangup, Output, Send, SendFreshToken
from huisclos.signalling.room import RoomCall
from huisclos.store.rooms import RoomStore

log = logging.getLogger(__name__)
Inputs = ParamSpec("Inputs")

# A call that all have left keeps its sid for those who come right back, as after a lost network.
EMPTY_FOR_S: Final = 20.0
# Longer than anybody waits for the database on the way in.
REMOVED_FOR_S: Final = 60.0
# The media thread's loop comes round every few milliseconds. Past the first it is not well, past the second it hangs.
_UNHEALTHY_S: Final = 2.0
_STUCK_S: Final = 10.0

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_ID_LENGTH: Final = 12


def _silent(grant: JoinGrant) -> JoinGrant:
    """The right to join an encrypted call: nothing in clear about the person, now or later."""
    video = replace(grant.video, can_update_own_metadata=False)
    return replace(grant, name=Pii(""), metadata="", attributes={}, video=video, encrypted=True)


class MediaStuck(Exception):
    """The media thread hangs. No thread can be ended from outside: only a new process helps."""


def new_sid(prefix: str) -> str:
    """A random name within a call, about 69 bits: unique, and never a right to anything."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


class Calls:
    """All live calls of this process. Only one event loop may touch it, so it needs no lock.

    `seconds` gives Unix time in seconds and never goes back.
    """

    def __init__(
        self,
        engine: MediaEngine,
        tokens: RoomTokens,
        store: RoomStore,
        *,
        max_people: int,
        seconds: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._tokens = tokens
        self._store = store
        self._max_people = max_people
        self._seconds = seconds
        self._calls: dict[tuple[str, str], RoomCall] = {}
        """By issuer and room: whoever holds a key can name only rooms of that key."""
        self._by_sid: dict[str, RoomCall] = {}
        self._by_peer: dict[str, RoomCall] = {}
        self._sessions: dict[Connection, Session] = {}
        self._empty_since: dict[str, float] = {}
        self._removed: dict[tuple[str, str], float] = {}
        """Room and identity of those a host has put out, and when. Only as long as somebody may be on the way in: then the
        store knows."""
        self._connections = count(1)
        self._closing = False

    # Joining

    async def admit(self, token: str) -> JoinGrant:
        """The right to join that `token` proves, if its room is there.

        Raises TokenFault, RoomUnknown, RoomEncrypted, RoomFull, NotReady.
        """
        grant = self._tokens.verify_join_token(token)
        if self._closing or self._engine.age() > _UNHEALTHY_S:
            raise NotReady
        encrypted = await self._is_encrypted(grant)
        await self._check_not_removed(grant)
        self.expect_room_for(grant)
        return _silent(grant) if encrypted else grant

    def expect_room_for(self, grant: JoinGrant) -> None:
        """Raises RoomFull if this identity would be one too many."""
        call = self._calls.get((grant.issuer, grant.room))
        if call is not None and len(call.identities) >= self._max_people and grant.identity not in call.identities:
            raise RoomFull

    async def _check_not_removed(self, grant: JoinGrant) -> None:
        """A token outlives the seat it was made for, by minutes. Who is in the call has not been put out of it, and comes back
        after a lost connection even when the database does not answer. Raises TokenInvalid."""
        room = RoomId.parse(grant.room)
        if not grant.is_internal or room is None:
            return
        call = self._calls.get((grant.issuer, grant.room))
        inside = call is not None and grant.identity in call.identities
        put_out = not inside and await self._store.is_removed(room, Identity(grant.identity))
        # The removal may have come while the database was asked.
        if put_out or (room, grant.identity) in self._removed:
            raise TokenInvalid("removed by a host")

    async def _is_encrypted(self, grant: JoinGrant) -> bool:
        """A holder of an SDK key makes its rooms by joining them, and they are transit; ours exist before anybody may join.

        An SDK key opens no room of ours in any case. By the name of an encrypted one it is refused in words, so that
        nobody takes an empty room of the same name for it.
        """
        room = RoomId.parse(grant.room)
        if not grant.is_internal:
            if room is not None and await self._store.encryption(room) is Encryption.E2EE:
                raise RoomEncrypted
            return False
        if (call := self._calls.get((grant.issuer, grant.room))) is not None:
            return call.encrypted
        if room is None:
            raise RoomUnknown
        return (await self._store.room(room)).encryption is Encryption.E2EE

    def join(self, grant: JoinGrant, request: rtc.JoinRequest, *, dual: bool = False) -> Session:
        """A session for one socket of an admitted participant; what it is to be told first waits in it already.

        `dual`: the participant keeps a peer connection for each way.
        """
        now = self._seconds()
        call = self._calls.get((grant.issuer, grant.room)) or self._open(grant, now)
        session = Session(Connection(next(self._connections)), self._seconds)
        self._sessions[session.connection] = session
        self._turn(call, call.join, session.connection, grant, request, now, dual=dual)
        if call.sid not in self._by_sid:
            session.end()
        return session

    def _open(self, grant: JoinGrant, now: float) -> RoomCall:
        call = RoomCall(grant.room, new_sid, now, encrypted=grant.encrypted)
        self._calls[grant.issuer, grant.room] = call
        self._by_sid[call.sid] = call
        return call

    def receive(self, session: Session, call_of: JoinGrant, frame: bytes | str) -> None:
        """A frame from a socket. What cannot be taken ends that participant's session and nothing else."""
        call = self._calls.get((call_of.issuer, call_of.room))
        if call is None:
            session.end()
            return
        try:
            request = session.take(frame)
        except (FrameUndecodable, Flooded) as fault:
            log.info("a participant is sent out: %s", type(fault).__name__)
            self._turn(call, call.refuse, session.connection, self._seconds())
            session.end()
        else:
            self._turn(call, call.receive, session.connection, request, self._seconds())

    def closed(self, session: Session, call_of: JoinGrant) -> None:
        """The socket of `session` is gone."""
        session.end()
        if self._sessions.pop(session.connection, None) is not None:
            call = self._calls.get((call_of.issuer, call_of.room))
            if call is not None:
                self._turn(call, call.lost, session.connection, self._seconds())

    # What others ask

    def people_in(self, room: RoomId) -> list[Identity]:
        call = self._calls.get((INTERNAL_ISSUER, room))
        return [] if call is None else [Identity(identity) for identity in call.identities]

    def people(self, room: RoomId) -> int:
        return len(self.people_in(room))

    def rooms_in_use(self) -> list[RoomId]:
        return [
            RoomId(room)
            for (issuer, room), call in self._calls.items()
            if issuer == INTERNAL_ISSUER and call.identities
        ]

    def call(self, issuer: str, room: str) -> RoomCall | None:
        """The call in progress of a room, to look at. What changes it goes through `act`."""
        return self._calls.get((issuer, room))

    def act(self, issuer: str, room: str, turn: Callable[[RoomCall, float], list[Output]]) -> None:
        """Do something to the call of a room from outside it; nothing if it has none. An error of ours ends only that call."""
        call = self._calls.get((issuer, room))
        if call is not None:
            self._turn(call, partial(turn, call), self._seconds())

    def remove(self, room: RoomId, identity: Identity) -> None:
        """Send somebody out of the call, and let nobody in by its tokens."""
        self._removed[room, identity] = self._seconds()
        call = self._calls.get((INTERNAL_ISSUER, room))
        if call is not None:
            reason = models.DisconnectReason.PARTICIPANT_REMOVED
            self._turn(call, call.remove, identity, reason, self._seconds())

    def close_room(self, room: RoomId) -> None:
        """End the call of a room that no longer exists."""
        call = self._calls.get((INTERNAL_ISSUER, room))
        if call is not None:
            self._close(call, models.DisconnectReason.ROOM_DELETED, rtc.LeaveRequest.Action.DISCONNECT)

    def shutdown(self) -> None:
        """The process is about to end: send everybody to whoever serves here next."""
        self._closing = True
        for call in list(self._calls.values()):
            self._close(call, models.DisconnectReason.SERVER_SHUTDOWN, rtc.LeaveRequest.Action.RECONNECT)

    def _close(self, call: RoomCall, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action) -> None:
        self._turn(call, call.close, reason, action, self._seconds())

    # Time and media

    async def run(self) -> None:
        """Turn the clock of all calls until cancelled. Raises MediaStuck, after which this process should end."""
        self._engine.listen(self._media_events)
        unhealthy = False
        while True:
            await asyncio.sleep(1)
            age = self._engine.age()
            if age > _STUCK_S:
                raise MediaStuck
            if (age > _UNHEALTHY_S) != unhealthy:
                unhealthy = not unhealthy
                log.error("media thread: %s", f"no sign of life for {age:.1f} s" if unhealthy else "lives again")
            self._tick()

    def _tick(self) -> None:
        now = self._seconds()
        self._removed = {who: at for who, at in self._removed.items() if now - at < REMOVED_FOR_S}
        for call in list(self._calls.values()):
            self._turn(call, call.tick, now)
            if call.identities or call.sid not in self._by_sid:
                self._empty_since.pop(call.sid, None)
            elif now - self._empty_since.setdefault(call.sid, now) > EMPTY_FOR_S:
                self._forget(call)

    def _media_events(self, events: Sequence[MediaEvent]) -> None:
        """One turn a call for the whole batch, so that a burst of joins is one update."""
        by_call: dict[RoomCall, list[MediaEvent]] = {}
        for event in events:
            call = self._by_sid.get(event.room) if isinstance(event, AudioLevels) else self._by_peer.get(event.peer)
            if call is not None:
                by_call.setdefault(call, []).append(event)
        for call, its_events in by_call.items():
            self._turn(call, call.media_events, its_events, self._seconds())

    # Carrying out

    def _turn(
        self, call: RoomCall, turn: Callable[Inputs, list[Output]], *inputs: Inputs.args, **named: Inputs.kwargs
    ) -> None:
        """One turn of one call. An error of ours in it ends that call for a moment, and no other call notices."""
        try:
            outputs = turn(*inputs, **named)
        except Exception:
            log.exception("a call starts over")
            outputs = call.start_over()
            self._forget(call)
        self._carry_out(call, outputs)

    def _forget(self, call: RoomCall) -> None:
        for key in [key for key, known in self._calls.items() if known is call]:
            del self._calls[key]
        self._by_sid.pop(call.sid, None)
        self._empty_since.pop(call.sid, None)

    def _carry_out(self, call: RoomCall, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Send(connections, response):
                    self._send(connections, Message(response))
                case SendFreshToken(connection, grant):
                    name = None if grant.encrypted else grant.name
                    token = self._tokens.mint(RoomId(grant.room), Identity(grant.identity), name)
                    self._send((connection,), Message(rtc.SignalResponse(refresh_token=token.reveal())))
                case Hangup(connection):
                    session = self._sessions.get(connection)
                    if session is not None:
                        session.end()
                case Command(command):
                    match command:
                        case AddPeer(peer, _):
                            self._by_peer[peer] = call
                        case RemovePeer(peer):
                            self._by_peer.pop(peer, None)
                    try:
                        self._engine.perform(command)
                    except MediaOverloaded:
                        # Its watch ends the process within seconds; until then sockets stay whole.
                        log.exception("a command to the media plane was dropped")

    def _send(self, connections: Iterable[Connection], message: Message) -> None:
        for connection in connections:
            session = self._sessions.get(connection)
            if session is not None:
                session.put(message)
