"""The port to a media plane: commands in, events out. What fulfils it may live in this process or elsewhere."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from huisclos.model.call import MediaCommand, MediaEvent

EventHandler: TypeAlias = Callable[[Sequence[MediaEvent]], None]


class MediaOverloaded(Exception):
    """So many commands wait for the media plane that it must be stuck. Nothing was queued."""


class MediaEngine(Protocol):
    def listen(self, handler: EventHandler) -> None:
        """Hand every event, in order and in batches, to `handler` on the running event loop from now on."""

    def perform(self, command: MediaCommand) -> None:
        """Queue `command`. Returns at once; what comes of it is an event. Raises MediaOverloaded."""

    def age(self) -> float:
        """Seconds since the media plane last gave a sign of life."""

    def stats(self) -> dict[str, int]:
        """Its counters since it started, by name."""

    def shutdown(self) -> None:
        """End all media. Safe to call twice."""
