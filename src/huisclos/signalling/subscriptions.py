"""What one participant wants to receive, and how much of it. Whether a section is free for it is for `sections`.

A wish may name a track before it exists and is kept until the participant leaves; the number kept is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models, rtc

MAX_WISHES: Final = 4096

LOW, MEDIUM, HIGH = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Viewing:
    """How a track is shown now. Width and height, when given, win over `quality`."""

    paused: bool = False
    quality: int = HIGH
    width: int = 0
    height: int = 0
    priority: int = 0


@dataclass(slots=True)
class Subscriptions:
    automatic: bool
    """Everything is wanted unless a wish says no; else nothing unless a wish says yes."""
    first_viewing: Viewing
    _wishes: dict[str, bool] = field(default_factory=dict)
    _viewing: dict[str, Viewing] = field(default_factory=dict)

    def wants(self, track: str) -> bool:
        return self._wishes.get(track, self.automatic)

    def wish(self, tracks: Iterable[str], *, subscribe: bool) -> None:
        for track in tracks:
            if track in self._wishes or len(self._wishes) < MAX_WISHES:
                self._wishes[track] = subscribe

    def start_afresh(self, tracks: Iterable[str], *, subscribe: bool, paused: Iterable[str]) -> None:
        """The whole of it as the client remembers it after a resume."""
        self._wishes.clear()
        self.wish(tracks, subscribe=subscribe)
        for track in paused:
            self.view(track, rtc.UpdateTrackSettings(disabled=True))

    def view(self, track: str, settings: rtc.UpdateTrackSettings) -> None:
        if track in self._viewing or len(self._viewing) < MAX_WISHES:
            self._viewing[track] = Viewing(
                settings.disabled, settings.quality, settings.width, settings.height, settings.priority
            )

    def viewing(self, track: str) -> Viewing:
        return self._viewing.get(track, self.first_viewing)

    def forget(self, track: str) -> None:
        self._wishes.pop(track, None)
        self._viewing.pop(track, None)


def layer_for(viewing: Viewing, info: models.TrackInfo) -> int:
    """The simulcast layer (0 to 2) that serves `viewing`: the smallest that is at least as large as what is shown."""
    if viewing.quality == models.VideoQuality.OFF:
        return LOW
    if not viewing.width or not viewing.height:
        return min(viewing.quality, HIGH)
    # A phone turned on its side shows the same pixels: compare long side with long side.
    shown = sorted((viewing.width, viewing.height))
    for layer in sorted(info.layers, key=lambda layer: layer.quality):
        size = sorted((layer.width, layer.height))
        if size[0] >= shown[0] and size[1] >= shown[1]:
            return min(layer.quality, HIGH)
    return HIGH
