"""How a participant stops being one: its media, its tracks, its place in the others' lists."""

from livekit.protocol import models, rtc

from huisclos.model.call import RemovePeer
from huisclos.signalling import responses, sending
from huisclos.signalling.participant import Participant
from huisclos.signalling.state import DISCONNECTED, CallState

Reason = models.DisconnectReason
Action = rtc.LeaveRequest.Action


def disconnect(
    state: CallState, participant: Participant, reason: models.DisconnectReason, action: rtc.LeaveRequest.Action
) -> None:
    """Tell it why and what to do next, close its socket, and remove it."""
    state.outbox.send(participant.connection, responses.leave(reason, action))
    state.outbox.hang_up(participant.connection)
    remove(state, participant, reason)


def remove(state: CallState, participant: Participant, reason: models.DisconnectReason) -> None:
    """Take it out without a word to itself; the others are told when the turn ends."""
    sending.withdraw_all(state, participant)
    for track in participant.sections.carried.values():
        state.demand.leave(track, participant.sid)
    for peer in participant.peers:
        state.outbox.command(RemovePeer(peer))
    del state.participants[participant.sid]
    state.changed.pop(participant.sid, None)
    state.unsettled.pop(participant.sid, None)
    participant.state = DISCONNECTED
    participant.version += 1
    gone = participant.info()
    gone.disconnect_reason = reason
    state.departed.append(gone)
    for other in state.participants.values():
        other.told_quality.pop(participant.sid, None)
        if other.connection is None:
            other.departed_meanwhile[participant.sid] = gone
