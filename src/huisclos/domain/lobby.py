"""The waiting at a room's door: who waits, for how long, and who may end it. What admission means is `rooms`' to say."""

from dataclasses import replace
from datetime import datetime, timedelta

from huisclos.model.errors import KnockUnknown, LobbyFull
from huisclos.model.events import Knocks, WaitingGuest
from huisclos.model.ids import KnockId, SeatHash
from huisclos.model.lobby import Caller, Knock, Lobby

# More than a host can read; beyond it, knocking is a nuisance and not a wish to come in.
MOST_KNOCKS = 20
# A guest who gave up must not be let in by a host's late click.
KNOCK_LIFETIME = timedelta(minutes=10)
# A reload or a change of network closes the door for a moment; the place in the queue is kept meanwhile.
DOOR_GRACE = timedelta(seconds=10)


def knock(lobby: Lobby, seat: SeatHash, caller: Caller, *, fresh: KnockId, now: datetime) -> tuple[Lobby, Knock]:
    """The lobby with `seat` waiting in it. One who waits already keeps id and place, under its new name or card.

    Raises LobbyFull.
    """
    waiting = lobby.of_seat(seat)
    if waiting is None:
        if len(lobby.knocks) >= MOST_KNOCKS:
            raise LobbyFull
        waiting = Knock(fresh, seat, caller, knocked_at=now, alone_since=now)
    else:
        waiting = replace(waiting, caller=caller)
    return Lobby({**lobby.knocks, waiting.id: waiting}), waiting


def door_opened(lobby: Lobby, seat: SeatHash) -> Lobby:
    return _with_presence(lobby, seat, None)


def door_closed(lobby: Lobby, seat: SeatHash, now: datetime) -> Lobby:
    """The last door of `seat` has closed: from now on it has the grace only."""
    return _with_presence(lobby, seat, now)


def _with_presence(lobby: Lobby, seat: SeatHash, alone_since: datetime | None) -> Lobby:
    waiting = lobby.of_seat(seat)
    if waiting is None:
        return lobby
    return Lobby({**lobby.knocks, waiting.id: replace(waiting, alone_since=alone_since)})


def answered(lobby: Lobby, knock_id: KnockId, now: datetime) -> tuple[Lobby, Knock]:
    """The lobby without that knock, and the knock. Raises KnockUnknown, also for one that has run out."""
    waiting = lobby.knocks.get(knock_id)
    if waiting is None or is_over(waiting, now):
        raise KnockUnknown
    return without(lobby, waiting.seat), waiting


def without(lobby: Lobby, seat: SeatHash) -> Lobby:
    return Lobby({id_: knock for id_, knock in lobby.knocks.items() if knock.seat != seat})


def put_back(lobby: Lobby, knock: Knock) -> Lobby:
    """Undo `answered`: the knock waits again, ahead of those that came later."""
    return Lobby({knock.id: knock, **lobby.knocks})


def is_over(knock: Knock, now: datetime) -> bool:
    if now - knock.knocked_at > KNOCK_LIFETIME:
        return True
    return knock.alone_since is not None and now - knock.alone_since > DOOR_GRACE


def expired(lobby: Lobby, now: datetime) -> tuple[Lobby, tuple[Knock, ...]]:
    """The lobby without the knocks that are over, and those."""
    over = tuple(knock for knock in lobby.knocks.values() if is_over(knock, now))
    if not over:
        return lobby, ()
    return Lobby({knock.id: knock for knock in lobby.knocks.values() if knock not in over}), over


def seen_by_host(lobby: Lobby, now: datetime) -> Knocks:
    return Knocks(
        tuple(
            WaitingGuest(knock.id, knock.caller, max(0, int((now - knock.knocked_at).total_seconds())))
            for knock in lobby.knocks.values()
        )
    )
