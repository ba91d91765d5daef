"""The JSON bodies of the REST API, as docs/develop/api.md promises them: what comes in is strict, what goes out is exact."""

import base64
import binascii
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from huisclos.model.ids import Identity, key_identity
from huisclos.model.secrecy import Secret

# A seat key has 43 characters, a claim too; anything much longer is no mistake.
_Key = Annotated[SecretStr, Field(min_length=1, max_length=128)]


_BASE64URL = r"^[A-Za-z0-9_-]*$"
# In bytes, before base64url.
_LARGEST_POLICY = 24 * 1024
_LARGEST_CARD = 1024
_LARGEST_CERTIFICATE = 512


def from_base64url(text: str) -> bytes:
    """Raises ValueError for anything but the one base64url text, without padding, of some bytes."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_base64url(data) != text:
        raise binascii.Error("not the only way to write these bytes")
    return data


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _opaque(largest: int) -> object:
    """Bytes that only clients read, as base64url text."""
    longest = -(-largest * 4 // 3)
    return Field(min_length=1, max_length=longest, pattern=_BASE64URL)


def _checked(text: str) -> str:
    from_base64url(text)
    return text


def _fingerprint(text: str) -> str:
    if key_identity(text) is None:
        raise ValueError("not the fingerprint of a key")
    return text


_Policy = Annotated[str, _opaque(_LARGEST_POLICY), AfterValidator(_checked)]
_Card = Annotated[str, _opaque(_LARGEST_CARD), AfterValidator(_checked)]
_Certificate = Annotated[str, _opaque(_LARGEST_CERTIFICATE), AfterValidator(_checked)]
_KeyIdentity = Annotated[str, Field(max_length=32), AfterValidator(_fingerprint)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Start(_Body):
    """How the new room is encrypted. An encrypted room's id and policy are made by whoever makes the room."""

    encryption: Literal["e2ee", "transit"] | None = None
    room: Annotated[str, Field(max_length=64)] | None = None
    policy: _Policy | None = None


class SeatKey(_Body):
    """`seat_key`: 32 random bytes of the browser's own, base64url without padding."""

    seat_key: _Key

    def key(self) -> Secret:
        return Secret(self.seat_key.get_secret_value())


class Claim(SeatKey):
    claim: _Key
    identity: _KeyIdentity | None = None

    def key_identity(self) -> Identity | None:
        return None if self.identity is None else Identity(self.identity)


class Enter(SeatKey):
    """`name` in a transit room, `identity` and `card` in an encrypted one."""

    name: Annotated[str, Field(max_length=1024, description="1 to 64 characters once trimmed")] | None = None
    identity: _KeyIdentity | None = None
    card: _Card | None = None


class Admit(SeatKey):
    certificate: _Certificate | None = None


class AdmitAll(SeatKey):
    certificates: Annotated[dict[str, _Certificate], Field(max_length=64)] | None = None


class ChangePolicy(SeatKey):
    policy: _Policy
    seq: Annotated[int, Field(ge=1, le=2**53 - 1)]


class RoomStarted(BaseModel):
    room: str
    host_claim: str


class Claimed(BaseModel):
    role: Literal["host"]


class Look(BaseModel):
    role: Literal["host", "guest", "stranger"]
    people: int | None
    encryption: Literal["e2ee", "transit"]
    policy: str | None = None


class Admitted(BaseModel):
    state: Literal["admitted"] = "admitted"
    role: Literal["host", "guest"]
    identity: str
    token: str
    signal_path: str
    encryption: Literal["e2ee", "transit"]
    certificate: str | None = None


class Waiting(BaseModel):
    state: Literal["waiting"] = "waiting"
    knock: str


class Denied(BaseModel):
    state: Literal["denied"] = "denied"


class ErrorDetails(BaseModel):
    code: str
    message: str
    help: str


class ErrorAnswer(BaseModel):
    error: ErrorDetails


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
