"""What participants publish: tracks announced, bound when an offer is answered, muted, described, withdrawn."""

from livekit.protocol import models, rtc

from huisclos.model.call import ApplyOffer, Mute, Publish, Unpublish
from huisclos.signalling import demand, receiving, responses
from huisclos.signalling.participant import Offer, Participant
from huisclos.signalling.publishing import Bound, TooManyPending
from huisclos.signalling.sdp import parse_sections
from huisclos.signalling.state import CallState

_Reason = rtc.RequestResponse.Reason


def offered(state: CallState, participant: Participant, description: rtc.SessionDescription) -> None:
    """Hand a client's offer to the media plane; `answered` or `refused` follows."""
    request = state.next_request()
    participant.offers[request] = Offer(description.id, parse_sections(description.sdp))
    state.outbox.command(ApplyOffer(participant.sid, request, description.sdp))


def answered(state: CallState, participant: Participant, request: int, sdp: str) -> None:
    """Bind what the offer sends, then answer it. An offer that a newer one has overtaken is not answered: clients
    take only the answer to their newest, and what we believe they know must be what they know."""
    offer = participant.offers.pop(request, None)
    if offer is None or any(newer > request for newer in participant.offers):
        return
    participant.latest_sections = offer.sections
    _apply(state, participant, participant.publications.bind(offer.sections))
    receiving.answer(state, participant, offer, sdp)
    state.demand.renegotiated(participant.publications.live)


def announce(state: CallState, participant: Participant, request: rtc.AddTrackRequest) -> None:
    """Give a track its sid, or say why not."""
    refused = _why_not(participant, request) or (_why_not_sealed(request) if state.encrypted else None)
    if state.encrypted:
        # What a person calls a track is for the others, sealed; clients need no name for it.
        request.name = request.stream = ""
    publication = None
    if refused is None:
        try:
            publication = participant.publications.announce(request, state.new_id)
        except TooManyPending:
            refused = _Reason.LIMIT_EXCEEDED
    if publication is None:
        refusal = responses.refusal(refused or _Reason.UNCLASSIFIED_ERROR)
        refusal.add_track.CopyFrom(request)
        state.outbox.send(participant.connection, rtc.SignalResponse(request_response=refusal))
        return
    published = rtc.TrackPublishedResponse(cid=request.cid, track=publication.info)
    state.outbox.send(participant.connection, rtc.SignalResponse(track_published=published))
    # Its section may already have been answered: announcement and offer travel side by side.
    _apply(state, participant, Bound(participant.publications.bind_late(participant.latest_sections), ()))


def _why_not(participant: Participant, request: rtc.AddTrackRequest) -> rtc.RequestResponse.Reason | None:
    if request.sid:
        return _Reason.UNSUPPORTED_TYPE
    if request.type not in (models.TrackType.AUDIO, models.TrackType.VIDEO) or not request.cid:
        return _Reason.UNSUPPORTED_TYPE
    return None if participant.may_publish(request.source) else _Reason.NOT_ALLOWED


def _why_not_sealed(request: rtc.AddTrackRequest) -> rtc.RequestResponse.Reason | None:
    """In an encrypted call, a client that does not say how it encrypts a track would send it in clear."""
    return _Reason.NOT_ALLOWED if request.encryption == models.Encryption.Type.NONE else None


def mute(state: CallState, participant: Participant, sid: str, *, muted: bool) -> None:
    """As its publisher asks. A muted track is not forwarded, whatever arrives."""
    publication = participant.publications.find(sid)
    if publication is None or publication.info.muted == muted:
        return
    publication.info.muted = muted
    if publication.mid:
        state.outbox.command(Mute(sid, muted))
        state.tell_about(participant)


def tell_demand(state: CallState, now: float) -> None:
    """Tell publishers which layers of their pictures anybody wants, where that has changed."""
    for sid, highest in state.demand.due(now):
        publisher = state.publishers[sid]
        info = publisher.publications.live[sid].info
        state.outbox.send(publisher.connection, demand.message(info, highest))


def withdraw_forbidden(state: CallState, participant: Participant) -> list[str]:
    """Take away the tracks that it may not publish any more. Their sids."""
    publications = participant.publications
    forbidden = tuple(p for p in publications.live.values() if not participant.may_publish(p.info.source))
    for publication in forbidden:
        del publications.live[publication.sid]
    publications.pending = [p for p in publications.pending if participant.may_publish(p.info.source)]
    _apply(state, participant, Bound((), forbidden))
    return [publication.sid for publication in forbidden]


def withdraw_all(state: CallState, participant: Participant) -> None:
    """Everything it published is gone, as when it leaves."""
    _apply(state, participant, Bound((), tuple(participant.publications.live.values())))
    participant.publications.live.clear()


def _apply(state: CallState, participant: Participant, bound: Bound) -> None:
    for publication in bound.ended:
        del state.publishers[publication.sid]
        state.demand.end(publication.sid)
        state.outbox.command(Unpublish(publication.sid))
        for other in state.others(participant):
            other.subscriptions.forget(publication.sid)
    for publication in bound.started:
        state.publishers[publication.sid] = participant
        if publication.kind == "video":
            state.demand.begin(publication.sid)
        state.outbox.command(Publish(participant.sid, publication.mid, publication.sid, publication.is_screen))
        if publication.info.muted:
            state.outbox.command(Mute(publication.sid, True))
    if bound.started or bound.ended:
        state.tell_about(participant)
        state.unsettle_others(participant)
