"""Plays the failures that SDKs ask for to exercise their reconnects. Each touches only the one who asked."""

from livekit.protocol import rtc

from huisclos.signalling import leaving
from huisclos.signalling.leaving import Action, Reason
from huisclos.signalling.participant import Participant
from huisclos.signalling.state import CallState


def play(state: CallState, participant: Participant, scenario: rtc.SimulateScenario) -> None:
    """Scenarios about transports and bandwidths that we do not have are ignored."""
    match scenario.WhichOneof("scenario"):
        case "node_failure":
            # As if the server had died: the socket closes without a word, and the resume finds nobody.
            state.outbox.hang_up(participant.connection)
            leaving.remove(state, participant, Reason.STATE_MISMATCH)
        case "migration":
            state.outbox.hang_up(participant.connection)
        case "server_leave":
            leaving.disconnect(state, participant, Reason.SERVER_SHUTDOWN, Action.DISCONNECT)
        case "leave_request_full_reconnect":
            leaving.disconnect(state, participant, Reason.STATE_MISMATCH, Action.RECONNECT)
        case "disconnect_signal_on_resume":
            # The client closes its socket itself now; ours is the next one's end.
            participant.simulated_loss = "after"
        case "disconnect_signal_on_resume_no_messages":
            participant.simulated_loss = "before"
