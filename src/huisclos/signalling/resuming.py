"""A participant whose socket was lost comes back on a new one: it keeps its sid and media and is told all it missed."""

from livekit.protocol import rtc

from huisclos.model.call import SendData
from huisclos.model.join_grant import JoinGrant
from huisclos.signalling import leaving, responses
from huisclos.signalling.leaving import Action, Reason
from huisclos.signalling.outbox import Connection
from huisclos.signalling.participant import Participant
from huisclos.signalling.state import CallState


def resume(state: CallState, participant: Participant, connection: Connection, grant: JoinGrant) -> None:
    """Swap the socket. The first message on the new one is `reconnect`: clients drop anything else before it."""
    state.outbox.hang_up(participant.connection)
    participant.connection, participant.lost_at = connection, None
    participant.grant = grant
    close_after = participant.simulated_loss
    participant.simulated_loss = None
    if close_after == "before":
        state.outbox.hang_up(connection)
        return
    state.outbox.send(connection, responses.reconnect(participant.sequences.last))
    if close_after == "after":
        state.outbox.hang_up(connection)
        return
    if participant.departed_meanwhile:
        state.outbox.send(connection, responses.update(participant.departed_meanwhile.values()))
        participant.departed_meanwhile.clear()
    state.outbox.send(connection, responses.update(p.info() for p in state.participants.values()))
    state.outbox.send(connection, rtc.SignalResponse(room_update=rtc.RoomUpdate(room=state.room())))
    participant.told_quality.clear()
    state.unsettle(participant)


def refuse(state: CallState, connection: Connection) -> None:
    """This session is not known (any more): the client must join anew."""
    state.outbox.send(connection, responses.leave(Reason.STATE_MISMATCH, Action.RECONNECT))
    state.outbox.hang_up(connection)


def synchronise(state: CallState, participant: Participant, remembered: rtc.SyncState, now: float) -> None:
    """Take over what the client believes it has; a track of its own that we do not know means starting over."""
    if any(participant.publications.find(track.track.sid) is None for track in remembered.publish_tracks):
        leaving.disconnect(state, participant, Reason.STATE_MISMATCH, Action.RECONNECT)
        return
    subscription = remembered.subscription
    named = [*subscription.track_sids, *(sid for t in subscription.participant_tracks for sid in t.track_sids)]
    participant.subscriptions.start_afresh(
        named, subscribe=subscription.subscribe, paused=remembered.track_sids_disabled
    )
    state.unsettle(participant)
    seen = [(received.publisher_sid, received.last_seq) for received in remembered.datachannel_receive_states]
    for payload in state.replay.missed(participant.identity, seen, now):
        state.outbox.command(SendData((participant.receiver,), "reliable", payload))
