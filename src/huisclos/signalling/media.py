"""What the media plane reports, turned into what the participants of the call learn and what changes in it."""

from livekit.protocol import rtc

from huisclos.model.call import (
    Answered,
    AudioLevels,
    Closed,
    Connected,
    DataReceived,
    MediaEvent,
    Offered,
    PeerStats,
    Refused,
    SendData,
    StreamState,
    TrackStarted,
    Unreachable,
)
from huisclos.signalling import data, leaving, offering, quality, sending, speaking
from huisclos.signalling.leaving import Action, Reason
from huisclos.signalling.participant import ACTIVE, Participant
from huisclos.signalling.state import CallState


def happened(state: CallState, event: MediaEvent, now: float) -> None:
    """Apply one event. Events about a participant that is no longer there are normal and do nothing."""
    if isinstance(event, AudioLevels):
        speaking.tell(state, event)
        return
    participant = state.owner(event.peer)
    if participant is None:
        return
    match event:
        case TrackStarted(_, track, mime):
            _track_started(state, participant, track, mime)
        case StreamState(_, mid, track, paused):
            if participant.sections.carried.get(mid) == track:
                _stream_state(state, participant, track, paused=paused)
        case DataReceived():
            _data(state, participant, event, now)
        case PeerStats():
            participant.stats[event.peer] = event
            quality.tell(state, participant)
        case _:
            _connection_changed(state, participant, event)


def _connection_changed(
    state: CallState, participant: Participant, event: Answered | Offered | Refused | Connected | Unreachable | Closed
) -> None:
    match event:
        case Answered(_, request, sdp):
            sending.answered(state, participant, request, sdp)
        case Offered(_, request, sdp):
            offering.offered(state, participant, request, sdp)
        case Refused():
            _refused(state, participant, event)
        case Connected(peer):
            if peer == participant.primary and participant.state != ACTIVE:
                participant.state = ACTIVE
                state.tell_about(participant)
        case Unreachable():
            pass  # Its own client sees the same silence and resumes; the others keep its tile for that while.
        case Closed():
            _closed(state, participant, event)


def _refused(state: CallState, participant: Participant, event: Refused) -> None:
    """An offer nobody can answer leaves the client waiting for ever: let it begin again from nothing."""
    downlink = participant.downlink
    ours = downlink is not None and event.peer == downlink.peer
    if participant.offers.pop(event.request, None) is not None or ours:
        leaving.disconnect(state, participant, Reason.STATE_MISMATCH, Action.RECONNECT)


def _closed(state: CallState, participant: Participant, event: Closed) -> None:
    match event.reason:
        case "protocol":
            leaving.disconnect(state, participant, Reason.MEDIA_FAILURE, Action.DISCONNECT)
        case "never_connected" | "dtls_failed":
            leaving.disconnect(state, participant, Reason.JOIN_FAILURE, Action.DISCONNECT)
        case _:
            # The network or ourselves: the person behind it wants to be in the call still.
            leaving.disconnect(state, participant, Reason.MEDIA_FAILURE, Action.RECONNECT)


def _track_started(state: CallState, participant: Participant, track: str, mime: str) -> None:
    publication = participant.publications.live.get(track)
    if publication is not None and publication.info.mime_type.lower() != mime.lower():
        publication.info.mime_type = mime
        state.tell_about(participant)


def _stream_state(state: CallState, participant: Participant, track: str, *, paused: bool) -> None:
    info = rtc.StreamStateInfo(
        participant_sid=state.publishers[track].sid if track in state.publishers else "",
        track_sid=track,
        state=rtc.StreamState.PAUSED if paused else rtc.StreamState.ACTIVE,
    )
    update = rtc.StreamStateUpdate(stream_states=[info])
    state.outbox.send(participant.connection, rtc.SignalResponse(stream_state_update=update))


def _data(state: CallState, sender: Participant, event: DataReceived, now: float) -> None:
    if not sender.may.can_publish_data or event.channel == "data_track":
        return
    packet = data.address(event.payload, sender.sid, sender.identity, sealed=state.encrypted)
    if packet is None:
        return
    if event.channel == "reliable":
        if not sender.sequences.take(packet.sequence):
            return
        state.replay.keep(sender.sid, packet, now)
    receivers = tuple(other.receiver for other in state.others(sender) if packet.is_for(other.identity))
    if receivers:
        state.outbox.command(SendData(receivers, event.channel, packet.payload))
