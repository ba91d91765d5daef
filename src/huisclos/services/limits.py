"""How often each thing may be asked of this server, per network and per room. The arithmetic is `domain.rate_limit`'s.

`RATES` is the register: whatever checks a secret or makes something has a row, and nothing the client chooses (cookie,
header, name) is ever part of a key.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from huisclos.domain import rate_limit
from huisclos.domain.rate_limit import Bucket, Rate
from huisclos.model.errors import TooManyRequests
from huisclos.model.ids import RoomId

Action: TypeAlias = Literal["start", "claim", "look", "enter", "answer", "door", "join", "delivery", "report"]


@dataclass(frozen=True, slots=True)
class _Rates:
    network: Rate
    room: Rate


# A network is often a household, a school or a whole company behind one address, so its bursts are wide: they stop
# floods. Guessing is stopped by 128 random bits. A room's rates are what one meeting of some hundred people needs.
RATES: Final[dict[Action, _Rates]] = {
    "start": _Rates(Rate(60, 0.5), Rate(1, 1)),
    "claim": _Rates(Rate(60, 1), Rate(20, 0.2)),
    "look": _Rates(Rate(300, 10), Rate(600, 20)),
    "enter": _Rates(Rate(300, 10), Rate(200, 5)),
    "answer": _Rates(Rate(300, 10), Rate(200, 10)),
    "door": _Rates(Rate(300, 10), Rate(200, 5)),
    "join": _Rates(Rate(600, 20), Rate(600, 20)),
    "delivery": _Rates(Rate(600, 20), Rate(600, 20)),
    "report": _Rates(Rate(20, 0.2), Rate(1, 1)),
}

# Enough for every network of a large site at once; at about 200 bytes each, 10 MB at most.
_MOST_BUCKETS: Final = 50_000


class Limits:
    """The buckets of this process. `monotonic` gives seconds and never goes back."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()
        self.refusals = 0

    @property
    def size(self) -> int:
        return len(self._buckets)

    def check(self, action: Action, address: str, room: RoomId | None = None) -> None:
        """Count one `action` from `address` (at `room`). Raises TooManyRequests, and then nothing was counted for the room."""
        rates = RATES[action]
        self._take(action, rate_limit.network_of(address), rates.network)
        if room is not None:
            self._take(action, room, rates.room)

    def _take(self, action: Action, whose: str, rate: Rate) -> None:
        key = (action, whose)
        now = self._monotonic()
        bucket = self._buckets.pop(key, None) or rate_limit.full(rate, now)
        self._buckets[key], wait_s = rate_limit.take(bucket, rate, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if wait_s:
            self.refusals += 1
            raise TooManyRequests(wait_s)
