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
    # Most listeners of a room hear the same speakers: one message for all who do.
    listeners: dict[tuple[int, ...], list[Participant]] = {}
    for listener in state.participants.values():
        heard = tuple(
            at for at, change in enumerate(changes) if change.sid == listener.sid or hears(state, listener, change.sid)
        )
        if heard:
            listeners.setdefault(heard, []).append(listener)
    for heard, group in listeners.items():
        speakers = rtc.SpeakersChanged(speakers=[changes[at] for at in heard])
        message = rtc.SignalResponse(speakers_changed=speakers)
        state.outbox.send_all((listener.connection for listener in group), message)


def hears(state: CallState, listener: Participant, speaker: str) -> bool:
    """Whether `listener` receives any track of `speaker`."""
    return any(
        publisher.sid == speaker
        for track in listener.sections.carried.values()
        if (publisher := state.publishers.get(track)) is not None
    )
