"""Our offers to older clients, which receive on a second connection of theirs that the server negotiates.

One offer is under way at a time. What changes meanwhile waits for its answer and goes into the next.
"""

from dataclasses import replace
from typing import Final

from livekit.protocol import rtc

from huisclos.model.call import ApplyAnswer, CreateOffer
from huisclos.signalling import leaving, receiving, responses
from huisclos.signalling.leaving import Action, Reason
from huisclos.signalling.participant import Downlink, Participant
from huisclos.signalling.sdp import Section, name_what_we_send, parse_sections
from huisclos.signalling.state import CallState

# A client that has not answered by then never will: stock livekit-server gives up after the same time.
ANSWER_WITHIN_S: Final = 15.0


def begin(state: CallState, participant: Participant, now: float, *, restart: bool = False) -> None:
    """Make an offer in any case: the first, or after a resume, when the answer to an earlier one may be lost."""
    if participant.downlink is not None and participant.connection is not None:
        _offer(state, participant, participant.downlink, now, restart=restart)


def settle(state: CallState, participant: Participant, now: float) -> None:
    """Make an offer if what `participant` is to receive is not what it was told."""
    downlink = participant.downlink
    if downlink is None or downlink.request is not None or participant.connection is None:
        return
    if participant.sections.differ(receiving.wanted(state, participant)):
        _offer(state, participant, downlink, now)


def insist(state: CallState, participant: Participant, now: float) -> None:
    """Let a client begin anew that does not answer."""
    downlink = participant.downlink
    if downlink is None or downlink.request is None or participant.connection is None:
        return
    if now - downlink.asked_at > ANSWER_WITHIN_S:
        leaving.disconnect(state, participant, Reason.STATE_MISMATCH, Action.RECONNECT)


def _offer(
    state: CallState, participant: Participant, downlink: Downlink, now: float, *, restart: bool = False
) -> None:
    wanted = receiving.wanted(state, participant)
    audios, videos = (participant.sections.total(kind, wanted) for kind in ("audio", "video"))
    downlink.request, downlink.asked_at = state.next_request(), now
    state.outbox.command(CreateOffer(downlink.peer, downlink.request, audios, videos, restart))


def offered(state: CallState, participant: Participant, request: int, sdp: str) -> None:
    """The media plane has made the offer: name what is on each section, and pass it on."""
    downlink = participant.downlink
    if downlink is None or downlink.request != request:
        return
    before = dict(participant.sections.carried)
    sections = [_as_the_client_sees_it(section) for section in parse_sections(sdp)]
    refilled = participant.sections.refill(sections, receiving.wanted(state, participant))
    for mid in refilled.stopped:
        receiving.stop(state, participant, mid, before[mid])
    carried = participant.sections.carried
    # What began with an offer that was never answered has not begun.
    unanswered = {mid: track for mid, track in downlink.started.items() if carried.get(mid) == track}
    downlink.started = {**unanswered, **refilled.started}
    sent = {mid: receiving.as_sent(state, participant, track) for mid, track in carried.items()}
    named = name_what_we_send(sdp, sections, sent)
    state.outbox.send(participant.connection, responses.offer(request, named, carried))


def answered(state: CallState, participant: Participant, description: rtc.SessionDescription) -> None:
    """Apply the client's answer, if it is the one to our newest offer; very old clients do not say which."""
    downlink = participant.downlink
    if downlink is None or downlink.request is None or description.id not in (0, downlink.request):
        return
    request, downlink.request = downlink.request, None
    state.outbox.command(ApplyAnswer(downlink.peer, request, description.sdp))
    started, downlink.started = downlink.started, {}
    wanted = receiving.wanted(state, participant)
    participant.sections.silenced |= {mid for mid, track in started.items() if track not in wanted}
    receiving.begin(state, participant, {mid: track for mid, track in started.items() if track in wanted})


def _as_the_client_sees_it(section: Section) -> Section:
    return section if section.kind == "application" else replace(section, direction="recvonly")
