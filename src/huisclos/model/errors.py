"""Every error that crosses packages, as one tree. Each leaf has the code of its texts in contract/errors.toml.

HuisClosError
├─ RequestFault      the peer's fault: what was sent cannot be taken as it is
│  ├─ RequestInvalid · RequestTooLarge · NotFound · MethodNotAllowed · OriginRefused · TooManyRequests
│  └─ JoinRequestMissing · JoinRequestInvalid
├─ RoomFault         RoomUnknown · RoomTaken · RoomsExhausted · RoomFull · RoomEncrypted
├─ HostFault         ClaimUnknown · ClaimUsed · HostOnly
├─ LobbyFault        NameInvalid · KnockUnknown · LobbyFull · PersonUnknown
├─ EncryptionFault   what only one of the two kinds of rooms needs is missing, or is there in the other
│  ├─ EncryptionMissing · PolicyInvalid · PolicyStale
│  └─ IdentityMissing · IdentityTaken · CardMissing · NameNotHere · CardNotHere · CertificateMissing
├─ DeliveryFault     FrameInvalid: a frame on the delivery socket that cannot be taken
├─ TokenFault        TokenMissing · TokenInvalid · TokenExpired
├─ ServerFault       Internal · NotReady
├─ CheckFault        another server could not be checked (`huisclos verify`; never an answer of ours)
│  ├─ CheckAddressInvalid · CheckUnreachable · CheckUntrusted · CheckElsewhere
│  └─ CheckClientMissing · CheckClientAltered
└─ StartRefused      the operator's: the server does not start; its message is shown as it is, in English
"""

from typing import ClassVar


class HuisClosError(Exception):
    """Root of the tree. `code` chooses status and texts; `details` fills their braces and is safe to show."""

    code: ClassVar[str] = "internal"

    def __init__(self, note: str = "", **details: str | int) -> None:
        """`note` is for developers and logs: no name, address, token or full room id belongs in it."""
        super().__init__(note or self.code)
        self.details = details


class RequestFault(HuisClosError):
    """The request cannot be taken as it was sent."""


class RequestInvalid(RequestFault):
    code = "request_invalid"


class RequestTooLarge(RequestFault):
    code = "request_too_large"


class NotFound(RequestFault):
    code = "not_found"


class MethodNotAllowed(RequestFault):
    code = "method_not_allowed"


class OriginRefused(RequestFault):
    code = "origin_refused"


class TooManyRequests(RequestFault):
    """`wait_s`: whole seconds after which the same request will be taken."""

    code = "too_many_requests"

    def __init__(self, wait_s: int) -> None:
        super().__init__(seconds=wait_s)
        self.wait_s = wait_s


class JoinRequestMissing(RequestFault):
    code = "join_request_missing"


class JoinRequestInvalid(RequestFault):
    code = "join_request_invalid"


class RoomFault(HuisClosError):
    """The room is not there, or takes nobody."""


class RoomUnknown(RoomFault):
    code = "room_unknown"


class RoomTaken(RoomFault):
    code = "room_taken"


class RoomEncrypted(RoomFault):
    """Whoever cannot take part in end-to-end encryption has no business in this room's call."""

    code = "room_encrypted"


class RoomsExhausted(RoomFault):
    code = "rooms_exhausted"


class RoomFull(RoomFault):
    code = "room_full"


class HostFault(HuisClosError):
    """A host's right was asked for without being proven."""


class ClaimUnknown(HostFault):
    code = "claim_unknown"


class ClaimUsed(HostFault):
    code = "claim_used"


class HostOnly(HostFault):
    code = "host_only"


class LobbyFault(HuisClosError):
    """A knock that cannot be made or answered."""


class NameInvalid(LobbyFault):
    code = "name_invalid"


class KnockUnknown(LobbyFault):
    code = "knock_unknown"


class PersonUnknown(LobbyFault):
    code = "person_unknown"


class LobbyFull(LobbyFault):
    code = "lobby_full"


class EncryptionFault(HuisClosError):
    """A request has not the shape that this room's kind of encryption needs."""


class EncryptionMissing(EncryptionFault):
    code = "encryption_missing"


class PolicyInvalid(EncryptionFault):
    code = "policy_invalid"


class PolicyStale(EncryptionFault):
    code = "policy_stale"


class IdentityMissing(EncryptionFault):
    code = "identity_missing"


class IdentityTaken(EncryptionFault):
    code = "identity_taken"


class CardMissing(EncryptionFault):
    code = "card_missing"


class NameNotHere(EncryptionFault):
    code = "name_not_here"


class CardNotHere(EncryptionFault):
    code = "card_not_here"


class CertificateMissing(EncryptionFault):
    code = "certificate_missing"


class DeliveryFault(HuisClosError):
    """The delivery of encrypted rooms cannot go on with this connection."""


class FrameInvalid(DeliveryFault):
    code = "frame_invalid"


class TokenFault(HuisClosError):
    """A room token that proves nothing."""


class TokenMissing(TokenFault):
    code = "token_missing"


class TokenInvalid(TokenFault):
    code = "token_invalid"


class TokenExpired(TokenFault):
    code = "token_expired"


class ServerFault(HuisClosError):
    """The server's own trouble."""


class Internal(ServerFault):
    code = "internal"


class NotReady(ServerFault):
    code = "not_ready"


class CheckFault(HuisClosError):
    """What another server hands out could not be compared with our own."""


class CheckAddressInvalid(CheckFault):
    code = "check_address_invalid"


class CheckUnreachable(CheckFault):
    """`reason`: the system's words."""

    code = "check_unreachable"


class CheckUntrusted(CheckFault):
    """`reason`: what is wrong with the certificate."""

    code = "check_untrusted"


class CheckElsewhere(CheckFault):
    """`address`: where the server sends whoever asks for its first page."""

    code = "check_elsewhere"


class CheckClientMissing(CheckFault):
    code = "check_client_missing"


class CheckClientAltered(CheckFault):
    code = "check_client_altered"


class StartRefused(HuisClosError):
    """The server must not start like this. The message tells the operator what to change."""

    code = "start_refused"
