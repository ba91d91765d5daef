"""What the delivery service of one room remembers while the meeting lasts: commits and mail, who is ready, who is gone.

Three small memories, each bounded; `delivery` decides what goes into them. Times are in seconds, sizes in bytes.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from huisclos.model.delivery import Welcome
from huisclos.model.ids import Identity

LOG_COMMITS: Final = 512
LOG_BYTES: Final = 24 * 1024 * 1024
# One answer, so that a client's limit on messages holds; it asks again from where this ends.
LOG_PAGE_BYTES: Final = 512 * 1024
MOST_MAIL: Final = 256
MAIL_BYTES: Final = 8 * 1024 * 1024

SWITCH_AFTER_S: Final = 1.0
# Whoever was removed still has the old keys: do not wait as long.
SWITCH_AFTER_REMOVAL_S: Final = 0.5
GONE_AFTER_S: Final = 10.0


class Mail:
    """The commits of the last epochs, and one Welcome for each who was not there to take it."""

    def __init__(self) -> None:
        self._log: deque[tuple[int, bytes]] = deque()
        self._log_bytes = 0
        self._boxes: OrderedDict[Identity, Welcome] = OrderedDict()
        self._box_bytes = 0

    def log(self, epoch: int, commit: bytes) -> None:
        self._log.append((epoch, commit))
        self._log_bytes += len(commit)
        while len(self._log) > LOG_COMMITS or self._log_bytes > LOG_BYTES:
            self._log_bytes -= len(self._log.popleft()[1])

    def since(self, epoch: int, current: int) -> tuple[tuple[int, bytes], ...] | None:
        """The commits from `epoch` on, in order, as many as fit an answer; None if the first is not here."""
        if epoch == current:
            return ()
        if not self._log or not self._log[0][0] <= epoch < current:
            return None
        page: list[tuple[int, bytes]] = []
        size = 0
        for entry in list(self._log)[epoch - self._log[0][0] :]:
            size += len(entry[1])
            if page and size > LOG_PAGE_BYTES:
                break
            page.append(entry)
        return tuple(page)

    def keep(self, identity: Identity, welcome: Welcome) -> None:
        """Keep it for one who is not connected; a newer one takes the place of an older, the oldest make room."""
        self.collect(identity)
        self._boxes[identity] = welcome
        self._box_bytes += len(welcome.welcome)
        while len(self._boxes) > MOST_MAIL or self._box_bytes > MAIL_BYTES:
            self.collect(next(iter(self._boxes)))

    def collect(self, identity: Identity) -> Welcome | None:
        """What waits for `identity`, this once."""
        welcome = self._boxes.pop(identity, None)
        if welcome is not None:
            self._box_bytes -= len(welcome.welcome)
        return welcome


class KeySwitch:
    """When senders may use the keys of a new epoch: all members have them, or have had time enough."""

    def __init__(self) -> None:
        self._waiting: dict[int, float] = {}
        """Epoch → when its time is over, in order."""
        self._ready: dict[Identity, int] = {}
        self._switched: int | None = None

    def begin(self, epoch: int, now: float, *, removes: bool) -> None:
        self._waiting[epoch] = now + (SWITCH_AFTER_REMOVAL_S if removes else SWITCH_AFTER_S)

    def ready(self, identity: Identity, epoch: int) -> int | None:
        """Note it. The epoch to switch to for one who comes late to it: the others have switched already."""
        self._ready[identity] = max(epoch, self._ready.get(identity, 0))
        return self._switched if self._switched is not None and epoch <= self._switched else None

    def turn(self, members: Collection[Identity], now: float) -> int | None:
        """The newest epoch whose switch is due now, once. `members` are those connected who sit on a leaf."""
        everyone = min((self._ready.get(member, -1) for member in members), default=-1)
        due = [epoch for epoch, over_at in self._waiting.items() if everyone >= epoch or now >= over_at]
        if not due:
            return None
        self._switched = max(due)
        self._waiting = {epoch: at for epoch, at in self._waiting.items() if epoch > self._switched}
        return self._switched

    def due(self) -> float | None:
        return min(self._waiting.values(), default=None)


@dataclass(slots=True)
class _Absence:
    since: float
    proposed_in: int | None = None
    """The epoch in which its removal was proposed last: a proposal ends with its epoch."""


class Absences:
    """Who sits on which leaf, as each member says of itself, and who of them has been away for how long.

    The members check every leaf against their own tree: a lie here makes a proposal that they drop.
    """

    def __init__(self, at_most: int) -> None:
        self._most = 2 * at_most
        self._leaves: dict[Identity, int] = {}
        self._away: dict[Identity, _Absence] = {}

    def sits(self, identity: Identity, leaf: int) -> None:
        self._leaves[identity] = leaf
        while len(self._leaves) > self._most and self._away:
            self.removed([next(iter(self._away))])

    def seated(self, leaves: Iterable[tuple[Identity, int]], there: Mapping[Identity, object], now: float) -> None:
        """What the restorer of a group says of all; of those who are not there the absence begins now."""
        for identity, leaf in list(leaves)[: self._most]:
            self._leaves[identity] = leaf
            if identity not in there:
                self.went(identity, now)

    def came(self, identity: Identity) -> None:
        self._away.pop(identity, None)

    def went(self, identity: Identity, now: float) -> None:
        if identity in self._leaves:
            self._away[identity] = _Absence(now)

    def removed(self, identities: Iterable[Identity]) -> None:
        for identity in identities:
            self._leaves.pop(identity, None)
            self._away.pop(identity, None)

    def seats_of(self, there: Iterable[Identity]) -> list[Identity]:
        """Those of them who sit on a leaf."""
        return [identity for identity in there if identity in self._leaves]

    def to_remove(self, epoch: int, now: float) -> list[tuple[Identity, int]]:
        """Whose removal to propose in this epoch, each once."""
        due = [
            identity
            for identity, absence in self._away.items()
            if absence.proposed_in != epoch and now - absence.since >= GONE_AFTER_S
        ]
        for identity in due:
            self._away[identity].proposed_in = epoch
        return [(identity, self._leaves[identity]) for identity in due]

    def due(self, epoch: int) -> float | None:
        waiting = [absence.since + GONE_AFTER_S for absence in self._away.values() if absence.proposed_in != epoch]
        return min(waiting, default=None)
