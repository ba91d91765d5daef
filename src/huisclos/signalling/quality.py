"""How good each participant's connection is, in the three steps that clients draw as bars.

`LOST` is never said: clients answer it with a whole new connection, which is worse than a short silence.
"""

from typing import Final

from livekit.protocol import models, rtc

from huisclos.model.call import PeerStats
from huisclos.signalling.participant import Participant
from huisclos.signalling.speaking import hears
from huisclos.signalling.state import CallState

# Up to 2 % retransmission hides the loss, above 8 % sound breaks up; 250 and 600 ms of round trip are where talk
# becomes awkward and where people start to interrupt each other (after ITU-T G.114's one-way 150 and 400 ms).
_GOOD_LOSS: Final = 0.02
_POOR_LOSS: Final = 0.08
_GOOD_RTT_MS: Final = 250.0
_POOR_RTT_MS: Final = 600.0


def judged(stats: PeerStats) -> models.ConnectionQuality:
    loss = max(stats.loss_up, stats.loss_down)
    if loss > _POOR_LOSS or stats.rtt_ms > _POOR_RTT_MS:
        return models.ConnectionQuality.POOR
    if loss > _GOOD_LOSS or stats.rtt_ms > _GOOD_RTT_MS:
        return models.ConnectionQuality.GOOD
    return models.ConnectionQuality.EXCELLENT


def tell(state: CallState, participant: Participant) -> None:
    """Tell `participant`, and those who receive it, about its connection; each only what it was not told before."""
    if not participant.stats:
        return
    # The worse of two connections is what a person notices, and the enum counts up to excellent.
    quality = min(map(judged, participant.stats.values()))
    info = rtc.ConnectionQualityInfo(participant_sid=participant.sid, quality=quality)
    message = rtc.SignalResponse(connection_quality=rtc.ConnectionQualityUpdate(updates=[info]))
    # In a large room nearly everybody publishes nothing: nobody else need be asked whether it hears them.
    others = state.participants.values() if participant in state.publishers.values() else (participant,)
    for other in others:
        concerned = other is participant or hears(state, other, participant.sid)
        if concerned and other.connection is not None and other.told_quality.get(participant.sid) != quality:
            other.told_quality[participant.sid] = quality
            state.outbox.send(other.connection, message)
