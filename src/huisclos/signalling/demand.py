"""How much of each video track anybody wants, so that its publisher encodes no layer that nobody sees (dynacast).

More is asked for at once, less only after a while: tiles come and go as people scroll, and an encoder that stops and
starts with them shows worse pictures than one that idles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models, rtc

_LAYERS: Final = tuple(enumerate((models.VideoQuality.LOW, models.VideoQuality.MEDIUM, models.VideoQuality.HIGH)))
HIGH: Final = 2
NOTHING: Final = -1
LOWER_AFTER_S: Final = 5.0
# A publisher that has just begun is left alone until its first receivers have said what they show.
SETTLE_S: Final = 10.0
# A renegotiation makes some clients encode everything again.
REPEAT_AFTER_ANSWER_S: Final = 2.0


@dataclass(slots=True)
class _Track:
    asked: int = HIGH
    """What the publisher was told last; at first every client encodes all it has."""
    by: dict[str, int] = field(default_factory=dict)
    """Receiver → the layer it wants, `NOTHING` while it shows none."""
    settled_at: float | None = None
    lower_at: float | None = None
    repeat_at: float | None = None
    repeats: bool = False

    @property
    def wanted(self) -> int:
        return max(self.by.values(), default=NOTHING)

    def moved_on(self, now: float) -> bool:
        """Whether the publisher is to be told `asked` now."""
        if self.settled_at is None:
            self.settled_at = now + SETTLE_S
        if self.repeats:
            self.repeats, self.repeat_at = False, now + REPEAT_AFTER_ANSWER_S
        if now < self.settled_at:
            return False
        lower = self._lowers(now)
        repeat = self.repeat_at is not None and now >= self.repeat_at
        if not lower and not repeat and self.wanted <= self.asked:
            return False
        self.asked = self.wanted if lower else max(self.wanted, self.asked)
        self.repeat_at = None
        return True

    def _lowers(self, now: float) -> bool:
        if self.wanted >= self.asked:
            self.lower_at = None
            return False
        if self.lower_at is None:
            self.lower_at = now + LOWER_AFTER_S
        return now >= self.lower_at

    @property
    def rests(self) -> bool:
        return self.settled_at is not None and self.wanted == self.asked and self.repeat_at is None


@dataclass(slots=True)
class Demand:
    """Only tracks that were `begun` count; what is said about others is ignored."""

    _tracks: dict[str, _Track] = field(default_factory=dict)
    _moving: set[str] = field(default_factory=set)
    """Those about which time or a wish may change something."""

    def begin(self, track: str) -> None:
        self._tracks[track] = _Track()
        self._moving.add(track)

    def end(self, track: str) -> None:
        self._tracks.pop(track, None)
        self._moving.discard(track)

    def want(self, track: str, receiver: str, layer: int) -> None:
        found = self._tracks.get(track)
        if found is not None and found.by.get(receiver) != layer:
            found.by[receiver] = layer
            self._moving.add(track)

    def leave(self, track: str, receiver: str) -> None:
        found = self._tracks.get(track)
        if found is not None and found.by.pop(receiver, None) is not None:
            self._moving.add(track)

    def renegotiated(self, tracks: Iterable[str]) -> None:
        """The publisher of `tracks` has had an answer: what it was told before may be forgotten."""
        for track in tracks:
            found = self._tracks.get(track)
            if found is not None and found.asked != HIGH:
                found.repeats = True
                self._moving.add(track)

    def due(self, now: float) -> list[tuple[str, int]]:
        """The tracks whose publishers are to be told now, each with the highest layer wanted or `NOTHING`."""
        told: list[tuple[str, int]] = []
        for sid in sorted(self._moving):
            track = self._tracks[sid]
            if track.moved_on(now):
                told.append((sid, track.asked))
            if track.rests:
                self._moving.discard(sid)
        return told


def message(info: models.TrackInfo, highest: int) -> rtc.SignalResponse:
    """What tells a publisher which layers of its track are wanted."""
    qualities = [rtc.SubscribedQuality(quality=quality, enabled=layer <= highest) for layer, quality in _LAYERS]
    codec = rtc.SubscribedCodec(codec=info.mime_type.partition("/")[2].lower(), qualities=qualities)
    update = rtc.SubscribedQualityUpdate(track_sid=info.sid, subscribed_qualities=qualities, subscribed_codecs=[codec])
    return rtc.SignalResponse(subscribed_quality_update=update)
