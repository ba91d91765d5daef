"""What a verified room token lets its bearer do. `identity` makes it from a token; signalling and calls obey it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from huisclos.model.secrecy import Pii

INTERNAL_ISSUER: Final = "internal"
"""The issuer of the tokens this server mints itself. No SDK key may have this name."""


@dataclass(frozen=True, slots=True)
class VideoGrants:
    """The rights of a participant. As in LiveKit, what a token leaves out is allowed, but for changing one's metadata."""

    can_publish: bool = True
    can_subscribe: bool = True
    can_publish_data: bool = True
    can_update_own_metadata: bool = False
    can_publish_sources: frozenset[str] = frozenset()
    """Lower-case source names (`camera`, `microphone`, `screen_share`, `screen_share_audio`); empty means all."""


@dataclass(frozen=True, slots=True)
class JoinGrant:
    """Leave to join one call, proven by a valid token.

    Two calls are the same only if `issuer` and `room` both are: a holder of an SDK key can never name its way into
    a room of another issuer.
    """

    identity: str
    name: Pii[str]
    room: str
    issuer: str
    """`INTERNAL_ISSUER`, or the name of the SDK key that signed the token."""
    video: VideoGrants = field(default_factory=VideoGrants)
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    encrypted: bool = False
    """Whether the call is end-to-end encrypted. The room says so, never the token."""

    @property
    def is_internal(self) -> bool:
        return self.issuer == INTERNAL_ISSUER
