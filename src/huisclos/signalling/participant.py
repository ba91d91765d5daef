"""One participant of a call: who it is, what it may do, its state and version, and the parts of its session.

Holds and describes; what happens to it is decided in `room` and `requests`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models, rtc

from huisclos.model.call import PeerStats
from huisclos.model.join_grant import JoinGrant, VideoGrants
from huisclos.signalling.data import Sequences
from huisclos.signalling.outbox import Connection
from huisclos.signalling.publishing import SOURCE_NAMES, Publications
from huisclos.signalling.sdp import Section
from huisclos.signalling.sections import Sections
from huisclos.signalling.subscriptions import HIGH, LOW, Subscriptions, Viewing

ACTIVE: Final = models.ParticipantInfo.State.ACTIVE
# What the second peer of a participant is called: sids have no such sign.
RECEIVER: Final = "/receiver"
MAX_METADATA_BYTES: Final = 512 * 1024
MAX_ATTRIBUTES_BYTES: Final = 64 * 1024
MAX_NAME_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that the media plane is working on. `id` is the client's number for it."""

    id: int
    sections: tuple[Section, ...]


@dataclass(slots=True)
class Downlink:
    """The second connection of an older client: what it receives comes on this one, and the offers for it come from us."""

    peer: str
    request: int | None = None
    """Of the offer that is being made or waits for its answer."""
    asked_at: float = 0.0
    started: Mapping[str, str] = field(default_factory=dict)
    """mid → track that begin with the answer"""


@dataclass(slots=True)
class Participant:
    sid: str
    grant: JoinGrant
    name: str
    metadata: str
    attributes: dict[str, str]
    client: models.ClientInfo
    joined_at: float
    connection: Connection | None
    subscriptions: Subscriptions
    state: models.ParticipantInfo.State = models.ParticipantInfo.State.JOINED
    version: int = 0
    lost_at: float | None = None
    """When its socket closed without a goodbye; None while it has one."""
    publications: Publications = field(default_factory=Publications)
    sections: Sections = field(default_factory=Sections)
    offers: dict[int, Offer] = field(default_factory=dict)
    """By request number towards the media plane; the highest is the newest."""
    latest_sections: tuple[Section, ...] = ()
    sequences: Sequences = field(default_factory=Sequences)
    listeners: rtc.SubscriptionPermission | None = None
    """Whom it lets receive its tracks, once it has said so; everybody until then."""
    downlink: Downlink | None = None
    """None when one connection carries both ways."""
    departed_meanwhile: dict[str, models.ParticipantInfo] = field(default_factory=dict)
    """Who left while its socket was closed: told on resuming."""
    token_given_at: float | None = None
    stats: dict[str, PeerStats] = field(default_factory=dict)
    """The latest of each of its peers."""
    told_quality: dict[str, int] = field(default_factory=dict)
    simulated_loss: str | None = None
    """Asked for by a test of reconnecting: close the next resumed socket `before` or `after` its first message."""

    @property
    def identity(self) -> str:
        return self.grant.identity

    @property
    def may(self) -> VideoGrants:
        return self.grant.video

    @property
    def has_connected(self) -> bool:
        return self.state == ACTIVE

    @property
    def receiver(self) -> str:
        """The peer that receives for it."""
        return self.sid if self.downlink is None else self.downlink.peer

    @property
    def peers(self) -> tuple[str, ...]:
        return (self.sid,) if self.downlink is None else (self.sid, self.downlink.peer)

    @property
    def subscriber_primary(self) -> bool:
        """Whether the connection that says `connected` for it is the one it receives on."""
        return self.downlink is not None and self.may.can_subscribe

    @property
    def primary(self) -> str:
        return self.receiver if self.subscriber_primary else self.sid

    def may_publish(self, source: models.TrackSource) -> bool:
        sources = self.may.can_publish_sources
        return self.may.can_publish and (not sources or SOURCE_NAMES.get(source) in sources)

    def lets_receive(self, track: str, other: "Participant") -> bool:
        """Whether this publisher allows `other` to have `track`."""
        rules = self.listeners
        if rules is None or rules.all_participants:
            return True
        return any(
            (rule.participant_sid == other.sid or (rule.participant_identity == other.identity != ""))
            and (rule.all_tracks or track in rule.track_sids)
            for rule in rules.track_permissions
        )

    def info(self) -> models.ParticipantInfo:
        """Itself as the others are told, under the present version."""
        return models.ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            state=self.state,
            tracks=self.publications.infos(),
            metadata=self.metadata,
            name=self.name,
            attributes=self.attributes,
            joined_at=int(self.joined_at),
            joined_at_ms=int(self.joined_at * 1000),
            version=self.version,
            permission=_permission(self.may),
            is_publisher=bool(self.publications.live),
            client_protocol=self.client.client_protocol,
            capabilities=self.client.capabilities,
        )


def _permission(may: VideoGrants) -> models.ParticipantPermission:
    return models.ParticipantPermission(
        can_subscribe=may.can_subscribe,
        can_publish=may.can_publish,
        can_publish_data=may.can_publish_data,
        can_update_metadata=may.can_update_own_metadata,
        can_publish_sources=[source for source, name in SOURCE_NAMES.items() if name in may.can_publish_sources],
    )


def newcomer(
    sid: str, connection: Connection, grant: JoinGrant, request: rtc.JoinRequest, now: float, *, dual: bool = False
) -> Participant:
    """A participant as its token and its join request describe it. The request adds to the token only where that allows.

    `dual`: it keeps a connection for each way.
    """
    settings = request.connection_settings
    metadata, attributes = grant.metadata, dict(grant.attributes)
    if grant.video.can_update_own_metadata:
        metadata = request.metadata or metadata
        attributes |= request.participant_attributes
    return Participant(
        sid=sid,
        grant=grant,
        name=grant.name.reveal(),
        metadata=metadata,
        attributes=attributes,
        client=request.client_info,
        joined_at=now,
        connection=connection,
        downlink=Downlink(sid + RECEIVER) if dual else None,
        # Under adaptive stream the client says how large each tile is as soon as it has one: begin small until then.
        subscriptions=Subscriptions(
            settings.auto_subscribe, Viewing(quality=LOW if settings.adaptive_stream else HIGH)
        ),
    )


def too_large(metadata: str, name: str, attributes: Iterable[tuple[str, str]]) -> bool:
    return (
        len(metadata.encode()) > MAX_METADATA_BYTES
        or len(name) > MAX_NAME_LENGTH
        or sum(len(key.encode()) + len(value.encode()) for key, value in attributes) > MAX_ATTRIBUTES_BYTES
    )
