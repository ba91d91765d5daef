"""One call: everything that may happen to it, as functions from what happened and when to what is to be done.

Each public method is one turn: it applies its input, lets the parts settle, and returns the outputs in order. Changes
of participants within a turn reach the others as one update.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Concatenate, Final, ParamSpec

from livekit.protocol import models, rtc

from huisclos.model.call import AddPeer, MediaEvent, RemovePeer
from huisclos.model.join_grant import JoinGrant, VideoGrants
from huisclos.signalling import leaving, media, moderating, offering, receiving, requests, responses, resuming, sending
from huisclos.signalling.leaving import Action, Reason
from huisclos.signalling.outbox import Connection, Output
from huisclos.signalling.participant import Participant, newcomer, too_large
from huisclos.signalling.state import CallState

Inputs = ParamSpec("Inputs")

# A client gives up reconnecting after about 45 s; media without signalling is not kept for longer than that.
RESUME_WINDOW_S: Final = 45.0
CONNECT_WINDOW_S: Final = 60.0
FRESH_TOKEN_EVERY_S: Final = 300.0
COUNT_EVERY_S: Final = 5.0
_UPDATE_BYTES: Final = 128 * 1024


class RoomCall:
    """The state machine of one call. `new_id` gives a fresh random id with the prefix it is handed.

    `encrypted`: the participants encrypt end to end, and nothing that a client says in clear text is kept or passed on.
    """

    def __init__(self, name: str, new_id: Callable[[str], str], now: float, *, encrypted: bool = False) -> None:
        self._state = CallState(new_id("RM_"), name, now, new_id, encrypted)

    @property
    def sid(self) -> str:
        return self._state.sid

    @property
    def encrypted(self) -> bool:
        return self._state.encrypted

    @property
    def identities(self) -> list[str]:
        return [participant.identity for participant in self._state.participants.values()]

    @property
    def participant_sids(self) -> list[str]:
        return list(self._state.participants)

    def join(
        self, connection: Connection, grant: JoinGrant, request: rtc.JoinRequest, now: float, *, dual: bool = False
    ) -> list[Output]:
        """A participant with a valid token opens a socket: a new one, or one that resumes. A second session of the
        same identity ends the first. `dual`: an older client, with a connection for each way."""
        if request.reconnect:
            self._resume(connection, grant, request, now, dual=dual)
            return self._end_turn(now)
        state = self._state
        double = state.with_identity(grant.identity)
        if double is not None:
            leaving.disconnect(state, double, Reason.DUPLICATE_IDENTITY, Action.DISCONNECT)
        participant = newcomer(state.new_id("PA_"), connection, grant, request, now, dual=dual)
        others = [other.info() for other in state.participants.values()]
        state.participants[participant.sid] = participant
        for peer in participant.peers:
            state.outbox.command(AddPeer(peer, state.sid))
        participant.version = 1
        welcome = responses.join(
            state.room(), participant.info(), others, subscriber_primary=participant.subscriber_primary
        )
        state.outbox.send(connection, welcome)
        state.tell_about(participant)
        self._freshen_token(participant, now)
        for announcement in request.add_track_requests:
            sending.announce(state, participant, announcement)
        if request.publisher_offer.sdp:
            sending.offered(state, participant, request.publisher_offer)
        offering.begin(state, participant, now)
        return self._end_turn(now)

    def receive(self, connection: Connection, request: rtc.SignalRequest, now: float) -> list[Output]:
        """A request on a socket. On one that has been replaced meanwhile it is ignored."""
        participant = self._state.on_connection(connection)
        if participant is not None:
            requests.handle(self._state, participant, request, now)
        return self._end_turn(now)

    def refuse(self, connection: Connection, now: float) -> list[Output]:
        """What came on this socket cannot be taken: undecodable, or far too much of it. That participant leaves."""
        participant = self._state.on_connection(connection)
        if participant is not None:
            leaving.disconnect(self._state, participant, Reason.STATE_MISMATCH, Action.DISCONNECT)
        return self._end_turn(now)

    def lost(self, connection: Connection, now: float) -> list[Output]:
        """A socket closed without a goodbye. Who has media keeps it and may resume; who never had is gone."""
        participant = self._state.on_connection(connection)
        if participant is not None:
            participant.connection, participant.lost_at = None, now
            if not participant.has_connected:
                leaving.remove(self._state, participant, Reason.SIGNAL_CLOSE)
        return self._end_turn(now)

    def media_events(self, events: Iterable[MediaEvent], now: float) -> list[Output]:
        for event in events:
            media.happened(self._state, event, now)
        return self._end_turn(now)

    def tick(self, now: float) -> list[Output]:
        """To be called about once a second: ends what has waited too long, renews tokens, repeats unanswered asks."""
        for participant in list(self._state.participants.values()):
            if participant.lost_at is not None and now - participant.lost_at > RESUME_WINDOW_S:
                leaving.remove(self._state, participant, Reason.SIGNAL_CLOSE)
            elif not participant.has_connected and now - participant.joined_at > CONNECT_WINDOW_S:
                leaving.disconnect(self._state, participant, Reason.JOIN_FAILURE, Action.DISCONNECT)
            else:
                self._freshen_token(participant, now)
                offering.insist(self._state, participant, now)
                if participant.sections.waits:
                    self._state.unsettle(participant)
        self._tell_how_many(now)
        return self._end_turn(now)

    def remove(self, identity: str, reason: models.DisconnectReason, now: float) -> list[Output]:
        """Send this person out. Whether it may come back is decided where tokens are given."""
        participant = self._state.with_identity(identity)
        if participant is not None:
            leaving.disconnect(self._state, participant, reason, Action.DISCONNECT)
        return self._end_turn(now)

    def permit(self, identity: str, may: VideoGrants, now: float) -> list[Output]:
        """Change what this person may do in the call, at once."""
        return self._moderate(identity, now, moderating.permit, may)

    def mute(self, identity: str, track: str, now: float, *, muted: bool) -> list[Output]:
        return self._moderate(identity, now, partial(moderating.mute, muted=muted), track)

    def describe(
        self, identity: str, metadata: str, name: str, attributes: Mapping[str, str], now: float
    ) -> list[Output]:
        """Change what the others see of this person. Raises ValueError for what is too large; nothing changes then."""
        if too_large(metadata, name, attributes.items()):
            raise ValueError
        return self._moderate(identity, now, moderating.describe, metadata, name, attributes)

    def subscribe(self, identity: str, tracks: Collection[str], now: float, *, subscribe: bool) -> list[Output]:
        return self._moderate(identity, now, partial(moderating.subscribe, subscribe=subscribe), tracks)

    def describe_room(self, metadata: str, now: float) -> list[Output]:
        moderating.describe_room(self._state, metadata)
        return self._end_turn(now)

    def send_data(self, packet: models.DataPacket, now: float, *, reliable: bool) -> list[Output]:
        moderating.send_data(self._state, packet, reliable=reliable)
        return self._end_turn(now)

    def info(self) -> models.Room:
        return self._state.room()

    def people(self) -> list[models.ParticipantInfo]:
        return [participant.info() for participant in self._state.participants.values()]

    def _moderate(
        self,
        identity: str,
        now: float,
        act: Callable[Concatenate[CallState, Participant, Inputs], None],
        *inputs: Inputs.args,
        **named: Inputs.kwargs,
    ) -> list[Output]:
        participant = self._state.with_identity(identity)
        if participant is not None:
            act(self._state, participant, *inputs, **named)
        return self._end_turn(now)

    def _tell_how_many(self, now: float) -> None:
        state = self._state
        if len(state.participants) != state.told_people and now - state.told_people_at >= COUNT_EVERY_S:
            state.told_people_at = now
            moderating.tell_room(state)

    def close(self, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action, now: float) -> list[Output]:
        """End the call for all, telling each what to do next."""
        for participant in list(self._state.participants.values()):
            leaving.disconnect(self._state, participant, reason, action)
        return self._end_turn(now)

    def start_over(self) -> list[Output]:
        """After an error of ours in the middle of a turn: its state can no longer be trusted, so everybody joins anew."""
        state = self._state
        for participant in state.participants.values():
            state.outbox.send(participant.connection, responses.leave(Reason.STATE_MISMATCH, Action.RECONNECT))
            state.outbox.hang_up(participant.connection)
            for peer in participant.peers:
                state.outbox.command(RemovePeer(peer))
        state.participants.clear()
        return state.outbox.take()

    def _resume(
        self, connection: Connection, grant: JoinGrant, request: rtc.JoinRequest, now: float, *, dual: bool
    ) -> None:
        participant = self._state.participants.get(request.participant_sid)
        # The sid is no secret in a call: only the token proves whose session this is.
        known = participant is not None and participant.identity == grant.identity
        if participant is None or not known or (participant.downlink is not None) != dual:
            resuming.refuse(self._state, connection)
            return
        resuming.resume(self._state, participant, connection, grant)
        offering.begin(self._state, participant, now, restart=True)
        if request.HasField("sync_state"):
            resuming.synchronise(self._state, participant, request.sync_state, now)
        if request.publisher_offer.sdp and participant.sid in self._state.participants:
            sending.offered(self._state, participant, request.publisher_offer)

    def _freshen_token(self, participant: Participant, now: float) -> None:
        due = participant.token_given_at is None or now - participant.token_given_at >= FRESH_TOKEN_EVERY_S
        if due and participant.connection is not None and participant.grant.is_internal:
            participant.token_given_at = now
            self._state.outbox.send_fresh_token(participant.connection, participant.grant)

    def _end_turn(self, now: float) -> list[Output]:
        self._tell_changes()
        unsettled, self._state.unsettled = self._state.unsettled, {}
        for participant in unsettled.values():
            receiving.settle(self._state, participant, now)
            offering.settle(self._state, participant, now)
        sending.tell_demand(self._state, now)
        return self._state.outbox.take()

    def _tell_changes(self) -> None:
        """One update for all that changed, before anything that needs the receiver to know about it."""
        state = self._state
        infos, state.departed = state.departed, []
        for participant in state.changed.values():
            participant.version += 1
            infos.append(participant.info())
        state.changed = {}
        everybody = state.participants.values()
        gone = {info.identity for info in infos if info.state == models.ParticipantInfo.State.DISCONNECTED}
        # A client takes news about its own identity as about itself: the end of its former session is not for it.
        for chunk in _chunks(infos):
            plain = [p.connection for p in everybody if p.identity not in gone]
            state.outbox.send_all(plain, responses.update(chunk))
            for successor in (p for p in everybody if p.identity in gone):
                others = [info for info in chunk if info.identity != successor.identity or info.sid == successor.sid]
                state.outbox.send(successor.connection, responses.update(others))


def _chunks(infos: list[models.ParticipantInfo]) -> Iterable[list[models.ParticipantInfo]]:
    chunk: list[models.ParticipantInfo] = []
    size = 0
    for info in infos:
        size += info.ByteSize()
        if chunk and size > _UPDATE_BYTES:
            yield chunk
            chunk, size = [], info.ByteSize()
        chunk.append(info)
    if chunk:
        yield chunk
