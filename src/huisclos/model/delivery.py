"""What passes on the delivery socket of an encrypted room: a client's requests one way, the server's messages the other.

No behaviour. Bytes are MLS messages (RFC 9420) or parts of them; docs/develop/api.md tells what each is for.
"""

from dataclasses import dataclass
from typing import Literal, NewType, TypeAlias

from huisclos.model.ids import Identity

Line = NewType("Line", int)
"""One connection, as `domain` calls it."""

RefusalCode: TypeAlias = Literal[
    "group_exists", "no_group", "conflict", "header_invalid", "too_large", "no_host", "too_many_requests"
]
Farewell: TypeAlias = Literal["replaced", "closed", "slow", "flooded"]


@dataclass(frozen=True, slots=True)
class Create:
    """`leaves`: who sits on which leaf, where a group is restored. `sender`: the removal key that the group trusts."""

    id: int
    group: bytes
    epoch: int
    info: bytes
    sender: bytes | None = None
    leaves: tuple[tuple[Identity, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """From `epoch` to the next. `info` is the GroupInfo of the next; `removed`: whom it takes out."""

    id: int
    epoch: int
    commit: bytes
    info: bytes
    welcome: bytes | None = None
    to: tuple[Identity, ...] = ()
    removed: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True)
class Propose:
    epoch: int
    proposal: bytes


@dataclass(frozen=True, slots=True)
class AskToJoin:
    key_package: bytes


@dataclass(frozen=True, slots=True)
class Say:
    epoch: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """The keys of `epoch` are installed; `leaf` is the sender's own place in the tree."""

    epoch: int
    leaf: int


@dataclass(frozen=True, slots=True)
class AskLog:
    id: int
    since: int


@dataclass(frozen=True, slots=True)
class AskState:
    pass


Request: TypeAlias = Create | Commit | Propose | AskToJoin | Say | Ready | AskLog | AskState


@dataclass(frozen=True, slots=True)
class State:
    """`epoch`, `group` and `info` are None while there is no group. `seq`: of the last commit that was passed on."""

    you: Identity
    epoch: int | None
    group: bytes | None
    info: bytes | None
    people: tuple[Identity, ...]
    sender: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class Committed:
    """`epoch` is the one that the commit ends; `seq` counts the commits of this room, without a gap."""

    seq: int
    epoch: int
    commit: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    epoch: int
    welcome: bytes


@dataclass(frozen=True, slots=True)
class Proposed:
    """`gone`: whom the server proposes to remove; None in a member's own proposal."""

    epoch: int
    proposal: bytes
    gone: Identity | None


@dataclass(frozen=True, slots=True)
class AsksToJoin:
    key_package: bytes
    by: Identity


@dataclass(frozen=True, slots=True)
class Said:
    epoch: int
    message: bytes
    by: Identity


@dataclass(frozen=True, slots=True)
class Switch:
    epoch: int


@dataclass(frozen=True, slots=True)
class Log:
    id: int
    commits: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """The commits asked for are no longer (or not yet) here: only a new entry into the group helps."""

    id: int


@dataclass(frozen=True, slots=True)
class People:
    people: tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """`epoch`: the one in force now."""

    id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Refused:
    id: int | None
    code: RefusalCode
    epoch: int | None = None


Message: TypeAlias = (
    State | Committed | Welcome | Proposed | AsksToJoin | Said | Switch | Log | Gap | People | Accepted | Refused
)


@dataclass(frozen=True, slots=True)
class Tell:
    """One message to these lines, in this order among all that is told."""

    lines: tuple[Line, ...]
    message: Message


@dataclass(frozen=True, slots=True)
class Drop:
    line: Line
    why: Farewell


Output: TypeAlias = Tell | Drop
