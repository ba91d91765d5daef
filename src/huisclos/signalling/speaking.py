"""Tells who speaks, to those who receive that speaker and to the speaker. Levels come from the media plane."""

from livekit.protocol import models, rtc

from huisclos.model.call import AudioLevels
from huisclos.signalling.participant import Participant
from huisclos.signalling.state import CallState


def tell(state: CallState, levels: AudioLevels) -> None:
    """Pass on the changes in `levels`."""
    changes = [
        models.SpeakerInfo(sid=sid, level=level, active=active)
        for sid, level, active in levels.levels
        if sid in state.participants
    ]
    for listener in state.participants.values():
        heard = [change for change in changes if change.sid == listener.sid or hears(state, listener, change.sid)]
        if heard:
            message = rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=heard))
            state.outbox.send(listener.connection, message)


def hears(state: CallState, listener: Participant, speaker: str) -> bool:
    """Whether `listener` receives any track of `speaker`."""
    return any(
        publisher.sid == speaker
        for track in listener.sections.carried.values()
        if (publisher := state.publishers.get(track)) is not None
    )
