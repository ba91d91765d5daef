"""A publisher chooses who may receive its tracks; those whom that touches are told, and their media stops at once."""

from livekit.protocol import rtc

from huisclos.signalling.participant import Participant
from huisclos.signalling.state import CallState


def restrict(state: CallState, publisher: Participant, rules: rtc.SubscriptionPermission) -> None:
    """From now on only those whom `rules` name receive `publisher`'s tracks."""
    tracks = list(publisher.publications.live)
    before = {(o.sid, track): publisher.lets_receive(track, o) for o in state.others(publisher) for track in tracks}
    publisher.listeners = rules
    for other in state.others(publisher):
        for track in tracks:
            allowed = publisher.lets_receive(track, other)
            if allowed != before[other.sid, track]:
                update = rtc.SubscriptionPermissionUpdate(
                    participant_sid=publisher.sid, track_sid=track, allowed=allowed
                )
                state.outbox.send(other.connection, rtc.SignalResponse(subscription_permission_update=update))
    state.unsettle_others(publisher)
