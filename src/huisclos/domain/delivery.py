"""The delivery service of one encrypted room (RFC 9750 section 5): orders commits, keeps mail, says when keys change.

It trusts nobody and is trusted by nobody: it accepts one commit for each epoch, whatever is in it, and the members judge.
Pure: what happens and when come in, what to tell whom comes out. Nothing is kept beyond the meeting.
"""

from collections.abc import Callable, Iterable
from typing import Final

from huisclos.domain import mls_header
from huisclos.domain.delivered import Absences, KeySwitch, Mail
from huisclos.domain.mls_header import ContentType, Header, HeaderInvalid, SenderType
from huisclos.model.delivery import (
    Accepted,
    AskLog,
    AskState,
    AsksToJoin,
    AskToJoin,
    Commit,
    Committed,
    Create,
    Drop,
    Gap,
    Line,
    Log,
    Message,
    Output,
    People,
    Propose,
    Proposed,
    Ready,
    RefusalCode,
    Refused,
    Request,
    Said,
    Say,
    State,
    Switch,
    Tell,
    Welcome,
)
from huisclos.model.errors import RoomFull
from huisclos.model.ids import Identity, RoomId

# Bytes. A tree of 1,000 members makes a GroupInfo or Welcome of 172 K and a commit of 83 K at worst (RFC 9420, suite 1).
MOST_COMMIT: Final = 256 * 1024
MOST_INFO: Final = 448 * 1024
MOST_WELCOME: Final = 448 * 1024
MOST_PROPOSAL: Final = 16 * 1024
MOST_MESSAGE: Final = 16 * 1024
MOST_KEY_PACKAGE: Final = 8 * 1024
MOST_PENDING: Final = 1024
_GROUP_SUFFIX: Final = 8

# After a restart several members may bring the group back; the one who is furthest is right.
RESTORE_GRACE_S: Final = 1.0
# A reload of the only member must find the group again.
EMPTY_FOR_S: Final = 30.0
# Three hundred people who come within a minute would each time be told to each.
_PEOPLE_EVERY_S: Final = 0.25


class Delivery:
    """`sign`: Ed25519 with the key whose public half is `sender`. `at_most`: people. Times are in seconds."""

    def __init__(
        self, room: RoomId, sender: bytes, sign: Callable[[bytes], bytes], *, at_most: int, now: float
    ) -> None:
        self._room = room
        self._sender = sender
        self._sign = sign
        self._at_most = at_most
        self._lines: dict[Identity, Line] = {}
        self._hosts: set[Identity] = set()
        self._empty_since: float | None = now
        self._people_told_at = now - _PEOPLE_EVERY_S
        self._people_due: float | None = None
        self._seq = 0
        self._outputs: list[Output] = []
        self._group: bytes | None = None
        self._epoch = 0
        self._info = b""
        self._created_at = now
        self._trusts_us = True
        self._proposals: list[Proposed] = []
        self._mail = Mail()
        self._switch = KeySwitch()
        self._absences = Absences(at_most)

    # What happens

    def enter(self, line: Line, identity: Identity, *, hosts: bool, now: float) -> list[Output]:
        """Somebody connects. A second line of the same identity ends the first. Raises RoomFull."""
        if self.is_over(now):
            self._forget_group()
        former = self._lines.pop(identity, None)
        if former is not None:
            self._outputs.append(Drop(former, "replaced"))
        elif len(self._lines) >= self._at_most:
            raise RoomFull
        self._lines[identity] = line
        (self._hosts.add if hosts else self._hosts.discard)(identity)
        self._absences.came(identity)
        self._proposals = [proposed for proposed in self._proposals if proposed.gone != identity]
        self._empty_since = None
        self._tell([line], self._state(identity))
        for pending in self._proposals:
            self._tell([line], pending)
        welcome = self._mail.collect(identity)
        if welcome is not None:
            self._tell([line], welcome)
        self._people_changed(now)
        return self._end_turn(now)

    def leave(self, line: Line, now: float) -> list[Output]:
        """A line is gone. On one that has been replaced meanwhile, nothing happens."""
        identity = self._identity_of(line)
        if identity is not None:
            del self._lines[identity]
            self._hosts.discard(identity)
            self._absences.went(identity, now)
            self._people_changed(now)
            if not self._lines:
                self._empty_since = now
        return self._end_turn(now)

    def remove(self, identity: Identity, now: float) -> list[Output]:
        """A host has put somebody out: its line ends, and nothing waits for it any more."""
        line = self._lines.get(identity)
        if line is None:
            return self._end_turn(now)
        self._outputs.append(Drop(line, "closed"))
        return self.leave(line, now)

    def receive(self, line: Line, request: Request, now: float) -> list[Output]:
        """A request on a line. On one that has been replaced meanwhile it is ignored."""
        identity = self._identity_of(line)
        if identity is not None:
            self._handle(identity, line, request, now)
        return self._end_turn(now)

    def tick(self, now: float) -> list[Output]:
        """To be called when `due` says so; more often does no harm."""
        return self._end_turn(now)

    def close(self) -> list[Output]:
        """The room is no more."""
        self._outputs.extend(Drop(line, "closed") for line in self._lines.values())
        self._lines.clear()
        self._forget_group()
        return self._take()

    def due(self) -> float | None:
        """When something happens by itself next."""
        if not self._lines:
            return None if self._empty_since is None else self._empty_since + EMPTY_FOR_S
        removal = self._absences.due(self._epoch) if self._may_propose() else None
        return min((at for at in (self._switch.due(), removal, self._people_due) if at is not None), default=None)

    def is_over(self, now: float) -> bool:
        """Whether nobody has been there for so long that all of it is to be forgotten."""
        return self._empty_since is not None and now - self._empty_since >= EMPTY_FOR_S

    @property
    def people(self) -> tuple[Identity, ...]:
        return tuple(self._lines)

    @property
    def epoch(self) -> int | None:
        return None if self._group is None else self._epoch

    # Requests

    def _handle(self, identity: Identity, line: Line, request: Request, now: float) -> None:
        match request:
            case Create():
                self._create(line, request, now)
            case Commit():
                self._commit(line, request, now)
            case Propose():
                self._propose(line, request)
            case Say():
                self._say(identity, line, request)
            case AskToJoin(key_package):
                self._ask_to_join(identity, line, key_package)
            case Ready(epoch, leaf):
                self._ready(identity, line, epoch, leaf)
            case AskLog():
                self._tell([line], self._log(request))
            case AskState():
                self._tell([line], self._state(identity))

    def _create(self, line: Line, request: Create, now: float) -> None:
        if not request.group.startswith(self._room.encode()) or len(request.group) != len(self._room) + _GROUP_SUFFIX:
            return self._refuse(line, request.id, "header_invalid")
        if len(request.info) > MOST_INFO:
            return self._refuse(line, request.id, "too_large")
        in_grace = now - self._created_at <= RESTORE_GRACE_S and request.epoch > self._epoch
        if self._group is not None and not in_grace:
            return self._refuse(line, request.id, "group_exists")
        if self._group is None:
            self._created_at = now
        seated = self._absences if request.group == self._group else Absences(self._at_most)
        self._forget_group()
        self._absences = seated
        self._group, self._epoch, self._info = request.group, request.epoch, request.info
        self._trusts_us = request.sender in (None, self._sender)
        self._absences.seated(request.leaves, self._lines, now)
        self._switch.begin(self._epoch, now, removes=False)
        self._tell([line], Accepted(request.id, self._epoch))
        for other, to in self._lines.items():
            if to != line:
                self._tell([to], self._state(other))
        return None

    def _commit(self, line: Line, request: Commit, now: float) -> None:
        if (code := self._why_not(request)) is not None:
            return self._refuse(line, request.id, code)
        removes = bool(request.removed) or any(proposed.gone for proposed in self._proposals)
        base, self._epoch = self._epoch, self._epoch + 1
        self._seq += 1
        self._info = request.info
        self._proposals.clear()
        self._absences.removed(request.removed)
        self._mail.log(base, request.commit)
        self._switch.begin(self._epoch, now, removes=removes)
        self._tell(self._lines.values(), Committed(self._seq, base, request.commit))
        self._tell([line], Accepted(request.id, self._epoch))
        if request.welcome is not None:
            self._welcome(request.to, Welcome(self._epoch, request.welcome))
        return None

    def _why_not(self, request: Commit) -> RefusalCode | None:
        if self._group is None:
            return "no_group"
        if request.epoch != self._epoch:
            return "conflict"
        if len(request.commit) > MOST_COMMIT or len(request.info) > MOST_INFO:
            return "too_large"
        if request.welcome is not None and len(request.welcome) > MOST_WELCOME:
            return "too_large"
        header = self._header(request.commit)
        if (
            header is None
            or header.epoch != self._epoch
            or header.content is not ContentType.COMMIT
            or header.sender not in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT)
        ):
            return "header_invalid"
        return None

    def _welcome(self, to: Iterable[Identity], welcome: Welcome) -> None:
        for identity in dict.fromkeys(to):
            if identity in self._lines:
                self._tell([self._lines[identity]], welcome)
            else:
                self._mail.keep(identity, welcome)

    def _propose(self, line: Line, request: Propose) -> None:
        header = self._header(request.proposal)
        if self._group is None:
            self._refuse(line, None, "no_group")
        elif len(request.proposal) > MOST_PROPOSAL or len(self._proposals) >= MOST_PENDING:
            self._refuse(line, None, "too_large")
        elif (
            header is None
            or header.content is not ContentType.PROPOSAL
            or header.sender is not SenderType.MEMBER
            or header.epoch != request.epoch
        ):
            self._refuse(line, None, "header_invalid")
        elif request.epoch != self._epoch:
            self._refuse(line, None, "conflict")
        else:
            proposed = Proposed(request.epoch, request.proposal, None)
            self._proposals.append(proposed)
            self._tell(self._others(line), proposed)

    def _say(self, identity: Identity, line: Line, request: Say) -> None:
        header = self._header(request.message)
        if self._group is None:
            self._refuse(line, None, "no_group")
        elif len(request.message) > MOST_MESSAGE:
            self._refuse(line, None, "too_large")
        elif (
            header is None
            or header.sender is not None
            or header.content is not ContentType.APPLICATION
            or not header.epoch == request.epoch <= self._epoch
        ):
            self._refuse(line, None, "header_invalid")
        else:
            self._tell(self._others(line), Said(request.epoch, request.message, identity))

    def _ask_to_join(self, identity: Identity, line: Line, key_package: bytes) -> None:
        hosts = [self._lines[host] for host in self._lines if host in self._hosts and host != identity]
        if len(key_package) > MOST_KEY_PACKAGE:
            self._refuse(line, None, "too_large")
        elif not hosts:
            self._refuse(line, None, "no_host")
        else:
            self._tell(hosts, AsksToJoin(key_package, identity))

    def _ready(self, identity: Identity, line: Line, epoch: int, leaf: int) -> None:
        if self._group is None or epoch > self._epoch:
            return self._refuse(line, None, "conflict")
        self._absences.sits(identity, leaf)
        switched = self._switch.ready(identity, epoch)
        if switched is not None:
            self._tell([line], Switch(switched))
        return None

    def _log(self, request: AskLog) -> Message:
        if self._group is None:
            return Gap(request.id)
        commits = self._mail.since(request.since, self._epoch)
        return Gap(request.id) if commits is None else Log(request.id, commits)

    # Time

    def _end_turn(self, now: float) -> list[Output]:
        if self.is_over(now):
            self._forget_group()
        if self._lines:
            self._propose_removals(now)
            switched = self._switch.turn(self._absences.seats_of(self._lines), now)
            if switched is not None:
                self._tell(self._lines.values(), Switch(switched))
            if self._people_due is not None and now >= self._people_due:
                self._people_due, self._people_told_at = None, now
                self._tell(self._lines.values(), People(self.people))
        return self._take()

    def _may_propose(self) -> bool:
        return self._group is not None and self._trusts_us and bool(self._lines)

    def _propose_removals(self, now: float) -> None:
        if not self._may_propose() or self._group is None:
            return
        for identity, leaf in self._absences.to_remove(self._epoch, now):
            if len(self._proposals) >= MOST_PENDING:
                return
            proposal = mls_header.external_remove(self._group, self._epoch, leaf, self._sign)
            proposed = Proposed(self._epoch, proposal, identity)
            self._proposals.append(proposed)
            self._tell(self._lines.values(), proposed)

    def _people_changed(self, now: float) -> None:
        if self._people_due is None:
            self._people_due = max(now, self._people_told_at + _PEOPLE_EVERY_S)

    # Parts of answers

    def _state(self, identity: Identity) -> State:
        there = self._group is not None
        return State(
            you=identity,
            epoch=self._epoch if there else None,
            group=self._group,
            info=self._info if there else None,
            people=self.people,
            sender=self._sender,
            seq=self._seq,
        )

    def _header(self, message: bytes) -> Header | None:
        """The header, if it is one of this room's group."""
        try:
            header = mls_header.parse(message)
        except HeaderInvalid:
            return None
        return header if header.group == self._group else None

    def _forget_group(self) -> None:
        self._group, self._epoch, self._info = None, 0, b""
        self._proposals.clear()
        self._mail = Mail()
        self._switch = KeySwitch()
        self._absences = Absences(self._at_most)

    def _identity_of(self, line: Line) -> Identity | None:
        return next((identity for identity, known in self._lines.items() if known == line), None)

    def _others(self, line: Line) -> list[Line]:
        return [other for other in self._lines.values() if other != line]

    def _refuse(self, line: Line, id_: int | None, code: RefusalCode) -> None:
        self._tell([line], Refused(id_, code, self.epoch))
        identity = self._identity_of(line)
        if id_ is not None and code in ("conflict", "group_exists", "no_group") and identity is not None:
            # To try again it needs what is true now.
            self._tell([line], self._state(identity))

    def _tell(self, lines: Iterable[Line], message: Message) -> None:
        if to := tuple(lines):
            self._outputs.append(Tell(to, message))

    def _take(self) -> list[Output]:
        outputs, self._outputs = self._outputs, []
        return outputs
