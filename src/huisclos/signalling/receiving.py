"""What each participant should be receiving, and the step from there to its sections and the media plane.

The one place that decides who gets whose media: whoever is not a participant of the call is never asked about here.
"""

from collections.abc import Mapping

from livekit.protocol import rtc

from huisclos.model.call import Prefer, Subscribe, Unsubscribe
from huisclos.signalling import responses
from huisclos.signalling.demand import NOTHING
from huisclos.signalling.participant import Offer, Participant
from huisclos.signalling.sdp import Sent, ask_of_opus, name_what_we_send, steady_opus
from huisclos.signalling.state import CallState
from huisclos.signalling.subscriptions import layer_for


def wanted(state: CallState, participant: Participant) -> dict[str, str]:
    """track → kind of everything that `participant` asks for and may have, oldest first."""
    if not participant.may.can_subscribe:
        return {}
    return {
        track: publisher.publications.live[track].kind
        for track, publisher in state.publishers.items()
        if publisher is not participant
        and participant.subscriptions.wants(track)
        and publisher.lets_receive(track, participant)
    }


def answer(state: CallState, participant: Participant, offer: Offer, sdp: str) -> None:
    """Fill the sections of `offer` with what is wanted now, and answer it with `sdp` so completed."""
    if participant.downlink is not None:
        send_answer(state, participant, offer, sdp, {})
        return
    before = dict(participant.sections.carried)
    refilled = participant.sections.refill(offer.sections, wanted(state, participant))
    carried = participant.sections.carried
    sent = {mid: as_sent(state, participant, track) for mid, track in carried.items()}
    for mid in refilled.stopped:
        stop(state, participant, mid, before[mid])
    send_answer(state, participant, offer, name_what_we_send(sdp, offer.sections, sent), carried)
    begin(state, participant, refilled.started)


def send_answer(state: CallState, participant: Participant, offer: Offer, sdp: str, carried: Mapping[str, str]) -> None:
    opus = {p.mid: p.opus_wish for p in participant.publications.live.values() if p.kind == "audio"}
    answered = ask_of_opus(sdp, opus)
    if state.encrypted:
        answered = steady_opus(answered)
    state.outbox.send(participant.connection, responses.answer(offer.id, answered, carried))


def begin(state: CallState, participant: Participant, started: Mapping[str, str]) -> None:
    """The client knows the sections of `started` (mid → track): let media flow."""
    start(state, participant, started)
    state.unsettle(participant)


def start(state: CallState, participant: Participant, started: Mapping[str, str]) -> None:
    for mid, track in started.items():
        state.outbox.command(Subscribe(participant.receiver, mid, track))
        prefer(state, participant, mid, track)
        _tell_first_subscription(state, track)


def stop(state: CallState, participant: Participant, mid: str, track: str) -> None:
    state.outbox.command(Unsubscribe(participant.receiver, mid))
    state.demand.leave(track, participant.sid)


def as_sent(state: CallState, receiver: Participant, track: str) -> Sent:
    publisher = state.publishers[track]
    # Firefox does not play the tracks of a stream in step, and keeps them apart better with a stream for each.
    is_firefox = receiver.client.browser.lower() == "firefox"
    stream = track if is_firefox else publisher.publications.live[track].info.stream
    return Sent(publisher.sid, stream, track)


def prefer(state: CallState, participant: Participant, mid: str, track: str) -> None:
    """Pass on how large `participant` shows `track`."""
    viewing = participant.subscriptions.viewing(track)
    layer = layer_for(viewing, state.publishers[track].publications.live[track].info)
    state.outbox.command(Prefer(participant.receiver, mid, layer, viewing.paused, min(viewing.priority, 255)))
    state.demand.want(track, participant.sid, NOTHING if viewing.paused else layer)


def settle(state: CallState, participant: Participant, now: float) -> None:
    """Stop at once what is no longer wanted, and ask the client for an offer if its sections must change."""
    wants = wanted(state, participant)
    for mid, track in participant.sections.carried.items():
        if track not in wants and mid not in participant.sections.silenced:
            participant.sections.silenced.add(mid)
            stop(state, participant, mid, track)
    again = {mid: participant.sections.carried[mid] for mid in participant.sections.silenced}
    again = {mid: track for mid, track in again.items() if track in wants}
    participant.sections.silenced -= set(again)
    # Wanted again before the client has heard that it was not: its section still stands.
    start(state, participant, again)
    if participant.downlink is not None:
        return
    # Before its first offer a client has no sections, and while one is being answered that answer will do.
    if participant.offers or not participant.latest_sections or participant.connection is None:
        return
    need = participant.sections.need(wants, now)
    if need is not None:
        state.outbox.send(
            participant.connection,
            rtc.SignalResponse(
                media_sections_requirement=rtc.MediaSectionsRequirement(num_audios=need.audios, num_videos=need.videos)
            ),
        )


def _tell_first_subscription(state: CallState, track: str) -> None:
    """The publisher learns once that somebody receives it; some clients wait for that before they send much."""
    publisher = state.publishers[track]
    publication = publisher.publications.live[track]
    if not publication.subscribed_once:
        publication.subscribed_once = True
        state.outbox.send(
            publisher.connection, rtc.SignalResponse(track_subscribed=rtc.TrackSubscribed(track_sid=track))
        )
