"""What the evil server can be told to do: one class a lie, each built only on hooks around our own server's parts.

A lie changes what leaves the server, or asks the media plane for what no honest call would. Whether it is told at all,
and where the hooks sit, is `evil_server`'s.
"""

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from livekit.protocol import models, rtc

from huisclos.domain.delivery import Delivery
from huisclos.model.call import Prefer, SendData, Subscribe
from huisclos.model.delivery import Committed, Line, Log, Output, Request, Said, Say, State, Switch, Tell
from huisclos.model.ids import RoomId
from huisclos.model.room import Encryption, Room
from huisclos.services.calls import Calls
from huisclos.services.delivery import Deliveries
from huisclos.signalling.participant import Participant
from huisclos.signalling.room import RoomCall


class Lie:
    """An honest server. `about` is what the test says of the lie: identities, rooms, tracks."""

    def __init__(self, about: dict[str, Any]) -> None:
        self.about = about

    def begins(self, calls: Calls) -> None:
        """Once, when the order comes."""

    def carries(self, calls: Calls, call: RoomCall, receiver: Participant, track: str) -> str | None:
        """The track that really comes on the section said to carry `track`; None for the truth."""

    def says(self, response: rtc.SignalResponse) -> rtc.SignalResponse:
        """What a signalling message becomes."""
        return response

    def delivers(self, deliveries: Deliveries, room: RoomId, outputs: list[Output]) -> list[Output]:
        """What the delivery service's words become."""
        return outputs

    def stored(self, room: Room) -> Room:
        """What the server claims a room to be."""
        return room

    def keeps(self, room: RoomId) -> bool:
        """Whether who a host puts out keeps seat, delivery and call."""
        return False


# ── Media ────────────────────────────────────────────────────────────────────────────────────────────


class CallsEverythingPlain(Lie):
    """C05, C07: every track is announced as not encrypted, and one zero byte marks a frame as the server's own."""

    def begins(self, calls: Calls) -> None:
        for call in calls._calls.values():
            for participant in call._state.participants.values():
                call._state.tell_about(participant)

    def says(self, response: rtc.SignalResponse) -> rtc.SignalResponse:
        changed = rtc.SignalResponse()
        changed.CopyFrom(response)
        told: Iterable[models.ParticipantInfo] = ()
        if changed.HasField("join"):
            changed.join.sif_trailer = b"\0"
            told = changed.join.other_participants
        elif changed.HasField("update"):
            told = changed.update.participants
        for participant in told:
            for track in participant.tracks:
                track.encryption = models.Encryption.NONE
        return changed


class PutsInPlainMedia(Lie):
    """C05: where somebody's track should come, there comes the unencrypted one of the transit room `from`."""

    def carries(self, calls: Calls, call: RoomCall, receiver: Participant, track: str) -> str | None:
        source = next((other for other in calls._calls.values() if other._state.name == self.about["from"]), None)
        if source is None or source is call or track not in call._state.publishers:
            return None
        kind = call._state.publishers[track].publications.live[track].kind
        plain = source._state.publishers
        return next((sid for sid, who in plain.items() if who.publications.live[sid].kind == kind), None)


class SwapsCameraAndScreen(Lie):
    """C14: the camera comes as the screen, the screen as the camera of the same person."""

    def carries(self, calls: Calls, call: RoomCall, receiver: Participant, track: str) -> str | None:
        publisher = call._state.publishers[track]
        videos = [sid for sid, known in publisher.publications.live.items() if known.kind == "video"]
        return next((sid for sid in videos if sid != track), None) if track in videos else None


class SwapsPeople(Lie):
    """C12: what one person sends comes as another's."""

    def carries(self, calls: Calls, call: RoomCall, receiver: Participant, track: str) -> str | None:
        publishers = call._state.publishers
        kind = publishers[track].publications.live[track].kind
        for sid, who in publishers.items():
            if who is not publishers[track] and who is not receiver and who.publications.live[sid].kind == kind:
                return sid
        return None


class SpeaksInClear(Lie):
    """C08: data packets in the clear in everybody's name: a chat message, and a word that keys differ."""

    def begins(self, calls: Calls) -> None:
        for call in calls._calls.values():
            people = call._state.participants
            for receiver in people.values():
                for sender in call._state.others(receiver):
                    user = models.UserPacket(
                        payload=self.about["payload"].encode(), topic="hc.beat", participant_identity=sender.identity
                    )
                    chat = models.ChatMessage(id="evil", timestamp=0, message=self.about["payload"])
                    for content in ({"user": user}, {"chat_message": chat}):
                        packet = models.DataPacket(
                            participant_identity=sender.identity, participant_sid=sender.sid, **content
                        )
                        calls._engine.perform(SendData((receiver.sid,), "reliable", packet.SerializeToString()))


# ── Delivery of commits ──────────────────────────────────────────────────────────────────────────────


def _without(outputs: list[Output], line: Line | None, kinds: tuple[type, ...]) -> list[Output]:
    return [
        replace(output, lines=tuple(other for other in output.lines if other != line))
        if isinstance(output, Tell) and isinstance(output.message, kinds)
        else output
        for output in outputs
    ]


class Withholds(Lie):
    """C17: commits, and all that would betray them, never reach `from`."""

    def delivers(self, deliveries: Deliveries, room: RoomId, outputs: list[Output]) -> list[Output]:
        line = deliveries._rooms[room]._lines.get(self.about["from"])
        outputs = _without(outputs, line, (Committed, Switch, State))
        return [
            replace(output, message=Log(output.message.id, ()))
            if isinstance(output, Tell) and isinstance(output.message, Log) and line in output.lines
            else output
            for output in outputs
        ]


class DamagesCommits(Lie):
    """C15: the next commit reaches `to` with one bit changed."""

    _done = False

    def delivers(self, deliveries: Deliveries, room: RoomId, outputs: list[Output]) -> list[Output]:
        line = deliveries._rooms[room]._lines.get(self.about["to"])
        changed: list[Output] = []
        for output in outputs:
            if isinstance(output, Tell) and isinstance(output.message, Committed) and line in output.lines:
                if self._done:
                    return outputs
                self._done = True
                commit = bytearray(output.message.commit)
                commit[len(commit) * 2 // 3] ^= 1
                others = tuple(other for other in output.lines if other != line)
                changed.append(replace(output, lines=others))
                changed.append(Tell((line,), replace(output.message, commit=bytes(commit))))
            else:
                changed.append(output)
        return changed


class ReplaysCommits(Lie):
    """C14: the next commit comes twice, the second time as if it were the one after it."""

    _done = False

    def delivers(self, deliveries: Deliveries, room: RoomId, outputs: list[Output]) -> list[Output]:
        extended: list[Output] = []
        for output in outputs:
            extended.append(output)
            if isinstance(output, Tell) and isinstance(output.message, Committed) and not self._done:
                self._done = True
                told = output.message
                extended.append(replace(output, message=replace(told, epoch=told.epoch + 1)))
        return extended


class Forks(Lie):
    """C16: from now on `apart` is in a group of its own, and what people say is passed on between the two."""

    def delivers(self, deliveries: Deliveries, room: RoomId, outputs: list[Output]) -> list[Output]:
        whole = deliveries._rooms[room]
        if self.about["apart"] in whole._lines and not isinstance(whole, _Forked):
            deliveries._rooms[room] = _Forked(whole, self.about["apart"])
        return outputs


class _Forked(Delivery):
    """Two delivery services of one room: ours keeps everybody but one, who is alone in `_other`."""

    def __init__(self, whole: Delivery, apart: str) -> None:
        self.__dict__.update(whole.__dict__)
        other = copy.copy(whole)
        for part in ("_lines", "_hosts", "_proposals", "_outputs", "_mail", "_switch", "_absences"):
            setattr(other, part, copy.deepcopy(getattr(whole, part)))
        self._other = other
        other._lines = {who: line for who, line in whole._lines.items() if who == apart}
        self._lines = {who: line for who, line in whole._lines.items() if who != apart}

    def _side(self, line: Line) -> tuple[Delivery, bool]:
        return (self._other, True) if line in self._other._lines.values() else (self, False)

    def receive(self, line: Line, request: Request, now: float) -> list[Output]:
        side, apart = self._side(line)
        outputs = Delivery.receive(side, line, request, now)
        by = side._identity_of(line)
        if isinstance(request, Say) and by is not None:
            there = self._lines if apart else self._other._lines
            outputs.append(Tell(tuple(there.values()), Said(request.epoch, request.message, by)))
        return outputs

    def leave(self, line: Line, now: float) -> list[Output]:
        side, apart = self._side(line)
        identity = side._identity_of(line)
        outputs = Delivery.leave(side, line, now)
        if not apart and identity is not None:
            # Both halves notice that somebody has gone, and each removes them by a commit of its own.
            self._other._absences.went(identity, now)
        return outputs + self._other.tick(now)

    def tick(self, now: float) -> list[Output]:
        return Delivery.tick(self, now) + Delivery.tick(self._other, now)

    def due(self) -> float | None:
        return min((at for at in (Delivery.due(self), Delivery.due(self._other)) if at is not None), default=None)


# ── The room ─────────────────────────────────────────────────────────────────────────────────────────


class CallsRoomsTransit(Lie):
    """C09: an encrypted room is presented as one in transit."""

    def stored(self, room: Room) -> Room:
        return replace(room, encryption=Encryption.TRANSIT, policy=None)


class LosesThePolicy(Lie):
    """An encrypted room without its signed policy."""

    def stored(self, room: Room) -> Room:
        return replace(room, policy=None)


class AltersThePolicy(Lie):
    """The policy with one bit changed, as in another suite or other limits than the host has signed."""

    def stored(self, room: Room) -> Room:
        policy = bytearray(room.policy or b"")
        policy[len(policy) // 4] ^= 1
        return replace(room, policy=bytes(policy))


class KeepsWhoIsRemoved(Lie):
    """C11: a removal ends nothing here, and newcomers are shown the policy of before it."""

    _policy: bytes | None = None

    def keeps(self, room: RoomId) -> bool:
        return True

    def stored(self, room: Room) -> Room:
        self._policy = self._policy or room.policy
        return replace(room, policy=self._policy)


LIES: dict[str, type[Lie]] = {
    "calls everything plain": CallsEverythingPlain,
    "puts in plain media": PutsInPlainMedia,
    "swaps camera and screen": SwapsCameraAndScreen,
    "swaps people": SwapsPeople,
    "speaks in clear": SpeaksInClear,
    "withholds commits": Withholds,
    "damages commits": DamagesCommits,
    "replays commits": ReplaysCommits,
    "forks": Forks,
    "keeps who is removed": KeepsWhoIsRemoved,
    "calls rooms transit": CallsRoomsTransit,
    "loses the policy": LosesThePolicy,
    "alters the policy": AltersThePolicy,
}


def section_commands(peer: str, mid: str, track: str) -> tuple[Subscribe, Prefer]:
    """What puts `track` on a section, at its best."""
    return Subscribe(peer, mid, track), Prefer(peer, mid, 2, False, 0)
