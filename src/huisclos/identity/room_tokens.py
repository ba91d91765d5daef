"""Room tokens: the LiveKit JWTs that open a call. Mints our own, verifies ours and those of configured SDK keys.

Only HS256 with a key found by issuer is ever tried, so no header can choose another algorithm or key. Whether the
room exists is for others to say.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from huisclos.model.errors import TokenExpired, TokenInvalid, TokenMissing
from huisclos.model.ids import Identity, RoomId
from huisclos.model.join_grant import INTERNAL_ISSUER, JoinGrant, VideoGrants
from huisclos.model.secrecy import Pii, Secret

# Long enough for a slow device to open its sockets, short enough that a token found in a history is worth nothing.
LIFETIME: Final = timedelta(minutes=10)
# An SDK holder chooses lifetimes; one past a year is a mistake or a trick with huge numbers.
_LONGEST_SDK_LIFETIME: Final = timedelta(days=366)
# The year 9999. Comparisons with it also catch infinities, NaN and integers too long for a float.
_LAST_SECOND: Final = 253_402_300_799
_CLOCK_SKEW: Final = timedelta(seconds=10)
_MAX_TOKEN_BYTES: Final = 64 * 1024
_MAX_NAME: Final = 256
_ALGORITHM: Final = "HS256"
# Rights that would make a participant the others cannot see: refused even when properly signed.
_REFUSED_RIGHTS: Final = ("hidden", "recorder")


class RoomTokens:
    """Signs with the internal key; verifies that key and the SDK keys. `clock` gives aware datetimes."""

    def __init__(self, internal: Secret, sdk_keys: Mapping[str, Secret], clock: Callable[[], datetime]) -> None:
        self._keys: dict[str, Secret] = {**sdk_keys, INTERNAL_ISSUER: internal}
        self._clock = clock
        self._jws = jwt.PyJWS(algorithms=[_ALGORITHM])

    def mint(self, room: RoomId, identity: Identity, name: Pii[str] | None) -> Secret:
        """A token with which `identity` can join `room` within `LIFETIME`, and the least rights that a call needs.

        `name` is None in encrypted rooms, where people tell it to each other and not to the server.
        """
        now = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": INTERNAL_ISSUER,
            "sub": identity,
            "nbf": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "video": {
                "room": room,
                "roomJoin": True,
                "canPublish": True,
                "canSubscribe": True,
                "canPublishData": True,
                "canUpdateOwnMetadata": True,
            },
        }
        if name is not None:
            claims["name"] = name.reveal()
        key = self._keys[INTERNAL_ISSUER].reveal()
        return Secret(self._jws.encode(json.dumps(claims).encode(), key, algorithm=_ALGORITHM))

    def verify_join_token(self, token: str) -> JoinGrant:
        """The right to join that `token` proves. Raises TokenMissing, TokenInvalid or TokenExpired."""
        if not token:
            raise TokenMissing
        claims = self._verified_claims(token)
        self._check_times(claims)
        video = claims.get("video")
        if not isinstance(video, dict) or video.get("roomJoin") is not True:
            raise TokenInvalid("no roomJoin")
        if any(video.get(right) for right in _REFUSED_RIGHTS):
            raise TokenInvalid("asks to be hidden")
        return JoinGrant(
            identity=_text(claims, "sub", longest=_MAX_NAME),
            name=Pii(_text(claims, "name", longest=_MAX_NAME, default="")),
            room=_text(video, "room", longest=_MAX_NAME),
            issuer=_text(claims, "iss", longest=_MAX_NAME),
            video=_grants(video),
            metadata=_text(claims, "metadata", longest=_MAX_TOKEN_BYTES, default=""),
            attributes=_attributes(claims),
        )

    def _verified_claims(self, token: str) -> dict[str, Any]:
        """The claims, once their signature is proven. The issuer is read first only to find the key it must have used."""
        if len(token) > _MAX_TOKEN_BYTES:
            raise TokenInvalid("too long")
        parts = token.split(".")
        if len(parts) != 3:
            raise TokenInvalid("not three parts")
        header, claims = _json_object(parts[0]), _json_object(parts[1])
        if header.get("alg") != _ALGORITHM or "crit" in header:
            raise TokenInvalid("header")
        issuer = claims.get("iss")
        key = self._keys.get(issuer) if isinstance(issuer, str) else None
        if key is None:
            raise TokenInvalid("unknown issuer")
        try:
            self._jws.decode(token, key.reveal(), algorithms=[_ALGORITHM])
        except jwt.PyJWTError as error:
            raise TokenInvalid(type(error).__name__) from None
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._clock().timestamp()
        skew = _CLOCK_SKEW.total_seconds()
        expires = _seconds(claims, "exp")
        if expires is None:
            raise TokenInvalid("no exp")
        longest = LIFETIME if claims.get("iss") == INTERNAL_ISSUER else _LONGEST_SDK_LIFETIME
        if expires > now + longest.total_seconds() + skew:
            raise TokenInvalid("exp too far")
        if now >= expires + skew:
            raise TokenExpired
        not_before = _seconds(claims, "nbf")
        if not_before is not None and now + skew < not_before:
            raise TokenInvalid("nbf in the future")


def _json_object(part: str) -> dict[str, Any]:
    """One base64url part of a token as a JSON object without repeated names."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise TokenInvalid("a name is repeated")
        return found

    try:
        raw = base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
        value = json.loads(raw, object_pairs_hook=unique)
    except (ValueError, binascii.Error, RecursionError):
        raise TokenInvalid("undecodable") from None
    if not isinstance(value, dict):
        raise TokenInvalid("not an object")
    return value


def _text(claims: Mapping[str, Any], name: str, *, longest: int, default: str | None = None) -> str:
    value = claims.get(name, default)
    if not isinstance(value, str) or len(value) > longest or (default is None and not value):
        raise TokenInvalid(f"claim {name}")
    if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
        raise TokenInvalid(f"claim {name} has half a character")
    return value


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise TokenInvalid(f"claim {name}")
    return float(value)


def _grants(video: Mapping[str, Any]) -> VideoGrants:
    def right(name: str, *, default: bool) -> bool:
        value = video.get(name, default)
        if not isinstance(value, bool):
            raise TokenInvalid(f"right {name}")
        return value

    sources = video.get("canPublishSources") or []
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        raise TokenInvalid("canPublishSources")
    return VideoGrants(
        can_publish=right("canPublish", default=True),
        can_subscribe=right("canSubscribe", default=True),
        can_publish_data=right("canPublishData", default=True),
        can_update_own_metadata=right("canUpdateOwnMetadata", default=False),
        can_publish_sources=frozenset(source.lower() for source in sources),
    )


def _attributes(claims: Mapping[str, Any]) -> dict[str, str]:
    attributes = claims.get("attributes") or {}
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise TokenInvalid("attributes")
    return attributes
