"""Data packets between participants: who may have each, the sender's name put on it, repeats dropped, the last kept.

The payload is never looked into, and in an encrypted room nobody here could. Only the envelope is ours to write.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from livekit.protocol import models

# A receiver that resumes gets what it missed, within these bounds (LiveKit since 1.13.11: 10 s).
REPLAY_S: Final = 10.0
MAX_REPLAY_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Addressed:
    """A packet ready to go out. Empty `identities` means everybody but the sender."""

    payload: bytes
    identities: frozenset[str]
    sequence: int

    def is_for(self, identity: str) -> bool:
        return not self.identities or identity in self.identities


@dataclass(slots=True)
class Sequences:
    """The highest reliable sequence number taken from one participant: its client resends after a resume."""

    last: int = 0

    def take(self, sequence: int) -> bool:
        """Whether this packet is new. Packets without a number always are."""
        if sequence == 0:
            return True
        if sequence <= self.last:
            return False
        self.last = sequence
        return True


def address(payload: bytes, sid: str, identity: str, *, sealed: bool = False) -> Addressed | None:
    """The packet with its true sender, or None for what is no data packet or not for other participants.

    `sealed`: only encrypted packets pass. Receivers drop the others too; what a faulty client says in clear gets no farther.
    """
    try:
        packet = models.DataPacket.FromString(payload)
    except DecodeError:
        return None
    kind = packet.WhichOneof("value")
    # Transcriptions are an agent's, metrics the operator's; nobody here is either. Speakers only the server announces.
    if kind in (None, "speaker", "metrics", "transcription"):
        return None
    if sealed and kind != "encrypted_packet":
        return None
    packet.participant_sid, packet.participant_identity = sid, identity
    identities = set(packet.destination_identities)
    if kind == "user":
        packet.user.participant_sid, packet.user.participant_identity = sid, identity
        identities.update(packet.user.destination_identities)
    return Addressed(packet.SerializeToString(), frozenset(identities), packet.sequence)


@dataclass(slots=True)
class _Kept:
    at: float
    sender: str
    packet: Addressed


@dataclass(slots=True)
class Replay:
    """The reliable packets of the last seconds in a room, for those who were away for a moment."""

    _kept: deque[_Kept] = field(default_factory=deque)
    _bytes: int = 0

    def keep(self, sender: str, packet: Addressed, now: float) -> None:
        self._kept.append(_Kept(now, sender, packet))
        self._bytes += len(packet.payload)
        while self._kept and (self._bytes > MAX_REPLAY_BYTES or now - self._kept[0].at > REPLAY_S):
            self._bytes -= len(self._kept.popleft().packet.payload)

    def missed(self, identity: str, seen: Iterable[tuple[str, int]], now: float) -> list[bytes]:
        """What `identity` has not had, given the last number it saw from each sender (sid, sequence)."""
        last = dict(seen)
        return [
            kept.packet.payload
            for kept in self._kept
            if now - kept.at <= REPLAY_S
            and kept.sender in last
            and kept.packet.sequence > last[kept.sender]
            and kept.packet.is_for(identity)
        ]
