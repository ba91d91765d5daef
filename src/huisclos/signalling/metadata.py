"""A participant changes what the others see of it: its name, metadata and attributes, if its token lets it."""

from typing import Final

from livekit.protocol import rtc

from huisclos.signalling import moderating, responses
from huisclos.signalling.participant import Participant, too_large
from huisclos.signalling.state import CallState

_Reason = rtc.RequestResponse.Reason
# Older clients do not know that a success may be answered too.
_OK_SINCE_PROTOCOL: Final = 15


def change(state: CallState, participant: Participant, wish: rtc.UpdateParticipantMetadata) -> None:
    """Apply the whole wish or none of it, and always answer."""
    attributes = {k: v for k, v in (participant.attributes | dict(wish.attributes)).items() if v}
    if not participant.may.can_update_own_metadata:
        _answer(state, participant, wish, _Reason.NOT_ALLOWED)
    elif too_large(wish.metadata, wish.name, attributes.items()):
        _answer(state, participant, wish, _Reason.LIMIT_EXCEEDED)
    else:
        moderating.describe(state, participant, wish.metadata, wish.name, wish.attributes)
        if participant.client.protocol >= _OK_SINCE_PROTOCOL:
            _answer(state, participant, wish, _Reason.OK)


def _answer(
    state: CallState, participant: Participant, wish: rtc.UpdateParticipantMetadata, reason: rtc.RequestResponse.Reason
) -> None:
    answer = responses.refusal(reason, wish.request_id)
    answer.update_metadata.CopyFrom(wish)
    state.outbox.send(participant.connection, rtc.SignalResponse(request_response=answer))
