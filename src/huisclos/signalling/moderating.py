"""What whoever runs a room does to its participants from outside the call: rights, mutes, names, subscriptions, messages.

Whether the one who asks may do so is decided before it comes here.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from livekit.protocol import models, rtc

from huisclos.model.call import Channel, SendData
from huisclos.model.join_grant import VideoGrants
from huisclos.signalling import sending
from huisclos.signalling.participant import Participant
from huisclos.signalling.state import CallState


def permit(state: CallState, participant: Participant, may: VideoGrants) -> None:
    """From now on it has exactly these rights. What it publishes or receives beyond them stops at once."""
    if participant.may == may:
        return
    participant.grant = replace(participant.grant, video=may)
    for sid in sending.withdraw_forbidden(state, participant):
        told = rtc.TrackUnpublishedResponse(track_sid=sid)
        state.outbox.send(participant.connection, rtc.SignalResponse(track_unpublished=told))
    state.tell_about(participant)
    state.unsettle(participant)
    # Its token still says what it was allowed before.
    participant.token_given_at = None


def mute(state: CallState, participant: Participant, sid: str, *, muted: bool) -> None:
    """Stop, or let through again, one of its tracks, and ask its client to do the same."""
    publication = participant.publications.find(sid)
    if publication is None or publication.info.muted == muted:
        return
    state.outbox.send(participant.connection, rtc.SignalResponse(mute=rtc.MuteTrackRequest(sid=sid, muted=muted)))
    sending.mute(state, participant, sid, muted=muted)


def describe(
    state: CallState, participant: Participant, metadata: str, name: str, attributes: Mapping[str, str]
) -> None:
    """Empty texts change nothing; an attribute with an empty value goes. Sizes were checked before."""
    participant.metadata = metadata or participant.metadata
    participant.name = name or participant.name
    participant.attributes = {k: v for k, v in (participant.attributes | dict(attributes)).items() if v}
    state.tell_about(participant)


def subscribe(state: CallState, participant: Participant, tracks: Collection[str], *, subscribe: bool) -> None:
    participant.subscriptions.wish(tracks, subscribe=subscribe)
    state.unsettle(participant)


def describe_room(state: CallState, metadata: str) -> None:
    state.metadata = metadata
    tell_room(state)


def tell_room(state: CallState) -> None:
    """Tell everybody what the room looks like now."""
    state.told_people = len(state.participants)
    update = rtc.SignalResponse(room_update=rtc.RoomUpdate(room=state.room()))
    state.outbox.send_all((participant.connection for participant in state.participants.values()), update)


def send_data(state: CallState, packet: models.DataPacket, *, reliable: bool) -> None:
    """A message from nobody in the call, to those it names or to all."""
    identities = {*packet.destination_identities, *packet.user.destination_identities}
    sids = set(packet.user.destination_sids)
    receivers = tuple(
        participant.receiver
        for participant in state.participants.values()
        if (not identities and not sids) or participant.identity in identities or participant.sid in sids
    )
    if receivers:
        channel: Channel = "reliable" if reliable else "lossy"
        state.outbox.command(SendData(receivers, channel, packet.SerializeToString()))
