"""The JSON bodies of the REST API, as docs/develop/api.md promises them: what comes in is strict, what goes out is exact."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from huisclos.model.secrecy import Secret

# A seat key has 43 characters, a claim too; anything much longer is no mistake.
_Key = Annotated[SecretStr, Field(min_length=1, max_length=128)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Nothing(_Body):
    pass


class SeatKey(_Body):
    """`seat_key`: 32 random bytes of the browser's own, base64url without padding."""

    seat_key: _Key

    def key(self) -> Secret:
        return Secret(self.seat_key.get_secret_value())


class Claim(SeatKey):
    claim: _Key


class Enter(SeatKey):
    name: Annotated[str, Field(max_length=1024, description="1 to 64 characters once trimmed")]


class RoomStarted(BaseModel):
    room: str
    host_claim: str


class Claimed(BaseModel):
    role: Literal["host"]


class Look(BaseModel):
    role: Literal["host", "guest", "stranger"]
    people: int | None


class Admitted(BaseModel):
    state: Literal["admitted"] = "admitted"
    role: Literal["host", "guest"]
    identity: str
    token: str
    signal_path: str


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
