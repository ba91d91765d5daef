"""Which of a participant's receiving sections carries which subscribed track.

The client makes the sections, we only fill them, and only in an answer: between two answers the filling stands still.
A section that has just lost its track rests for one answer as `inactive`, since a client notices the next track on it
only after that.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from huisclos.signalling.sdp import Section

# Asked again if a client has not offered after this long: the request may have met an offer of its own on the way.
ASK_AGAIN_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Refilled:
    """What one answer changed: tracks newly on a section, and sections that now carry nothing."""

    started: Mapping[str, str]
    """mid → track"""
    stopped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What to ask of the client: this many more sections of each kind. Both 0 means only: offer again."""

    audios: int
    videos: int


@dataclass(slots=True)
class Sections:
    """`carried` is what the client was told last: mid → track. It never holds a track twice."""

    carried: dict[str, str] = field(default_factory=dict)
    silenced: set[str] = field(default_factory=set)
    """Those of `carried` on which nothing is sent, because their track was not wanted any more at some moment."""
    _receiving: dict[str, str] = field(default_factory=dict)
    _asked_at: float | None = None

    def refill(self, offered: Iterable[Section], wanted: Mapping[str, str]) -> Refilled:
        """Fill the sections of the offer being answered with the `wanted` tracks (track → kind)."""
        self._receiving = {section.mid: section.kind for section in offered if section.only_receives}
        self._asked_at = None
        kept = {
            mid: track
            for mid, track in self.carried.items()
            if wanted.get(track) is not None and self._receiving.get(mid) == wanted[track]
        }
        stopped = tuple(mid for mid in self.carried if mid not in kept)
        started = self._placed(kept, stopped, wanted)
        self.carried = kept | started
        self.silenced &= set(kept)
        return Refilled(started, stopped)

    def _placed(self, kept: Mapping[str, str], resting: Collection[str], wanted: Mapping[str, str]) -> dict[str, str]:
        """mid → track for free sections and tracks without one, kind by kind, as far as both go."""
        started: dict[str, str] = {}
        for kind in ("audio", "video"):
            free = [mid for mid, k in self._receiving.items() if k == kind and mid not in kept and mid not in resting]
            waiting = [track for track, k in wanted.items() if k == kind and track not in kept.values()]
            started |= dict(zip(free, waiting, strict=False))
        return started

    @property
    def waits(self) -> bool:
        """Whether the client was asked for an offer and has not made it yet."""
        return self._asked_at is not None

    def section_of(self, track: str) -> str | None:
        return next((mid for mid, carried in self.carried.items() if carried == track), None)

    def need(self, wanted: Mapping[str, str], now: float) -> Need | None:
        """What to ask for, if `wanted` is not what is carried and the client was not asked already."""
        if self._asked_at is not None and now - self._asked_at < ASK_AGAIN_AFTER_S:
            return None
        placed = set(self.carried.values())
        unplaced = [kind for track, kind in wanted.items() if track not in placed]
        gone = [mid for mid, track in self.carried.items() if track not in wanted]
        if not unplaced and not gone:
            return None
        self._asked_at = now
        return Need(self._missing("audio", unplaced, gone), self._missing("video", unplaced, gone))

    def total(self, kind: str, wanted: Mapping[str, str]) -> int:
        """How many sections of this kind our own offer needs; those about to rest are not counted as free."""
        kept = {mid: track for mid, track in self.carried.items() if track in wanted}
        resting = sum(self._receiving.get(mid) == kind for mid in self.carried if mid not in kept)
        return sum(k == kind for k in wanted.values()) + resting

    def differ(self, wanted: Mapping[str, str]) -> bool:
        """Whether what is carried is not what is wanted."""
        return set(self.carried.values()) != set(wanted)

    def _missing(self, kind: str, unplaced: list[str], gone: list[str]) -> int:
        """Sections about to rest count as free: the client will offer once more for them."""
        reusable = [mid for mid, k in self._receiving.items() if k == kind and (mid not in self.carried or mid in gone)]
        return max(0, unplaced.count(kind) - len(reusable))
