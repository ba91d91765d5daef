"""The frames of the delivery socket: CBOR maps to a client's requests, the server's messages to CBOR maps. Judges no content.

What each field means is told in docs/develop/api.md.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from huisclos.model import cbor
from huisclos.model.delivery import (
    Accepted,
    AskLog,
    AskState,
    AsksToJoin,
    AskToJoin,
    Commit,
    Committed,
    Create,
    Gap,
    Log,
    Message,
    People,
    Propose,
    Proposed,
    Ready,
    Refused,
    Request,
    Said,
    Say,
    State,
    Switch,
    Welcome,
)
from huisclos.model.errors import FrameInvalid
from huisclos.model.ids import Identity, key_identity

MOST_BYTES: Final = 1024 * 1024
PROTOCOL: Final = 1
_DEPTH: Final = 3  # a map, the list of leaves, one of them
_LARGEST_NUMBER: Final = 2**53 - 1  # what JavaScript counts exactly
_MOST_LISTED: Final = 4096
_MOST_LEAF: Final = 2**32 - 1
_SENDER_KEY_BYTES: Final = 32

_Fields: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


def hello(frame: bytes) -> str:
    """The token in the first frame. Raises FrameInvalid."""
    match _decoded(frame):
        case {"t": "hello", "v": 1, "token": str(token)}:
            return token
        case _:
            raise FrameInvalid("no hello")


def request(frame: bytes) -> Request:
    """The request in a later frame. Fields that are not known are passed over. Raises FrameInvalid."""
    fields = _decoded(frame)
    kind = fields.get("t")
    read = _REQUESTS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise FrameInvalid("unknown kind")
    return read(fields)


def _decoded(frame: bytes) -> _Fields:
    try:
        fields = cbor.decode(frame, depth=_DEPTH)
    except cbor.Undecodable:
        raise FrameInvalid("undecodable") from None
    if not isinstance(fields, dict) or not all(isinstance(name, str) for name in fields):
        raise FrameInvalid("not a map")
    return fields


def _number(fields: _Fields, name: str, most: int = _LARGEST_NUMBER) -> int:
    return _as_number(fields.get(name), name, most)


def _as_number(value: object, name: str, most: int = _LARGEST_NUMBER) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise FrameInvalid(name)
    return value


def _data(fields: _Fields, name: str) -> bytes:
    value = fields.get(name)
    if not isinstance(value, bytes) or not value:
        raise FrameInvalid(name)
    return value


def _maybe(fields: _Fields, name: str, read: Callable[[_Fields, str], T]) -> T | None:
    return None if fields.get(name) is None else read(fields, name)


def _list(fields: _Fields, name: str, one: Callable[[object], T]) -> tuple[T, ...]:
    values = fields.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or len(values) > _MOST_LISTED:
        raise FrameInvalid(name)
    return tuple(one(value) for value in values)


def _identity(value: object) -> Identity:
    identity = key_identity(value) if isinstance(value, str) else None
    if identity is None:
        raise FrameInvalid("identity")
    return identity


def _leaf(value: object) -> tuple[Identity, int]:
    match value:
        case [identity, leaf]:
            return _identity(identity), _as_number(leaf, "leaf", _MOST_LEAF)
        case _:
            raise FrameInvalid("leaves")


def _create(fields: _Fields) -> Create:
    sender = _maybe(fields, "sender", _data)
    if sender is not None and len(sender) != _SENDER_KEY_BYTES:
        raise FrameInvalid("sender")
    return Create(
        _number(fields, "id"),
        _data(fields, "group"),
        _number(fields, "epoch"),
        _data(fields, "info"),
        sender,
        _list(fields, "leaves", _leaf),
    )


def _commit(fields: _Fields) -> Commit:
    return Commit(
        _number(fields, "id"),
        _number(fields, "epoch"),
        _data(fields, "commit"),
        _data(fields, "info"),
        _maybe(fields, "welcome", _data),
        _list(fields, "to", _identity),
        _list(fields, "removed", _identity),
    )


_REQUESTS: Final[Mapping[str, Callable[[_Fields], Request]]] = {
    "create": _create,
    "commit": _commit,
    "propose": lambda fields: Propose(_number(fields, "epoch"), _data(fields, "proposal")),
    "join_req": lambda fields: AskToJoin(_data(fields, "kp")),
    "app": lambda fields: Say(_number(fields, "epoch"), _data(fields, "message")),
    "ready": lambda fields: Ready(_number(fields, "epoch"), _number(fields, "leaf", _MOST_LEAF)),
    "log": lambda fields: AskLog(_number(fields, "id"), _number(fields, "from")),
    "state": lambda _: AskState(),
}


def encode(message: Message) -> bytes:
    return cbor.encode(_fields(message))


def refusal(code: str) -> bytes:
    """The last frame before a connection is closed for `code`."""
    return cbor.encode({"t": "refused", "id": None, "code": code})


def _fields(message: Message) -> dict[str, object]:
    match message:
        case State(you, epoch, group, info, people, sender, seq):
            group_fields = {"epoch": epoch, "group": group, "info": info}
            return {"t": "state", "you": you, **group_fields, "people": list(people), "sender": sender, "seq": seq}
        case Committed(seq, epoch, commit):
            return {"t": "commit", "seq": seq, "epoch": epoch, "commit": commit}
        case Welcome(epoch, welcome):
            return {"t": "welcome", "epoch": epoch, "welcome": welcome}
        case Proposed(epoch, proposal, gone):
            return {"t": "propose", "epoch": epoch, "proposal": proposal, "gone": gone}
        case AsksToJoin(key_package, by):
            return {"t": "join_req", "kp": key_package, "from": by}
        case Said(epoch, said, by):
            return {"t": "app", "epoch": epoch, "message": said, "from": by}
        case _:
            return _answer_fields(message)


def _answer_fields(message: Switch | Log | Gap | People | Accepted | Refused) -> dict[str, object]:
    match message:
        case Switch(epoch):
            return {"t": "switch", "epoch": epoch}
        case Log(id_, commits):
            return {"t": "log", "id": id_, "commits": [list(commit) for commit in commits]}
        case Gap(id_):
            return {"t": "gap", "id": id_}
        case People(people):
            return {"t": "people", "people": list(people)}
        case Accepted(id_, epoch):
            return {"t": "ok", "id": id_, "epoch": epoch}
        case Refused(id_, code, at_epoch):
            return {"t": "refused", "id": id_, "code": code, "epoch": at_epoch}
