"""What a participant asks for on its signalling socket, one function a kind of request. Unknown kinds are ignored."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from livekit.protocol import rtc

from huisclos.model.call import AddCandidate
from huisclos.signalling import leaving, metadata, offering, permissions, receiving, resuming, sending, simulating
from huisclos.signalling.leaving import Reason
from huisclos.signalling.participant import Participant
from huisclos.signalling.responses import refusal
from huisclos.signalling.state import CallState


def handle(state: CallState, participant: Participant, request: rtc.SignalRequest, now: float) -> None:
    kind = request.WhichOneof("message")
    handler = _HANDLERS.get(kind or "")
    if kind is not None and handler is not None:
        handler(state, participant, getattr(request, kind), now)


def _offer(state: CallState, participant: Participant, description: rtc.SessionDescription, _now: float) -> None:
    sending.offered(state, participant, description)


def _answer(state: CallState, participant: Participant, description: rtc.SessionDescription, _now: float) -> None:
    offering.answered(state, participant, description)


def _trickle(state: CallState, participant: Participant, trickle: rtc.TrickleRequest, _now: float) -> None:
    try:
        init = json.loads(trickle.candidateInit)
    except (ValueError, RecursionError):
        return
    candidate = init.get("candidate") if isinstance(init, dict) else None
    if isinstance(candidate, str) and candidate:
        receives = trickle.target == rtc.SignalTarget.SUBSCRIBER
        state.outbox.command(AddCandidate(participant.receiver if receives else participant.sid, candidate))


def _add_track(state: CallState, participant: Participant, request: rtc.AddTrackRequest, _now: float) -> None:
    sending.announce(state, participant, request)


def _mute(state: CallState, participant: Participant, request: rtc.MuteTrackRequest, _now: float) -> None:
    sending.mute(state, participant, request.sid, muted=request.muted)


def _subscription(state: CallState, participant: Participant, request: rtc.UpdateSubscription, _now: float) -> None:
    named = [*request.track_sids, *(sid for tracks in request.participant_tracks for sid in tracks.track_sids)]
    participant.subscriptions.wish(named, subscribe=request.subscribe)
    state.unsettle(participant)


def _track_setting(state: CallState, participant: Participant, request: rtc.UpdateTrackSettings, _now: float) -> None:
    for track in request.track_sids:
        participant.subscriptions.view(track, request)
        mid = participant.sections.section_of(track)
        if mid is not None and track in state.publishers:
            receiving.prefer(state, participant, mid, track)


def _leave(state: CallState, participant: Participant, _request: rtc.LeaveRequest, _now: float) -> None:
    state.outbox.hang_up(participant.connection)
    leaving.remove(state, participant, Reason.CLIENT_INITIATED)


def _ping(state: CallState, participant: Participant, _sent: int, now: float) -> None:
    state.outbox.send(participant.connection, rtc.SignalResponse(pong=int(now * 1000)))


def _ping_req(state: CallState, participant: Participant, ping: rtc.Ping, now: float) -> None:
    pong = rtc.Pong(last_ping_timestamp=ping.timestamp, timestamp=int(now * 1000))
    state.outbox.send(participant.connection, rtc.SignalResponse(pong_resp=pong))


def _update_metadata(
    state: CallState, participant: Participant, wish: rtc.UpdateParticipantMetadata, _now: float
) -> None:
    metadata.change(state, participant, wish)


def _update_audio(state: CallState, participant: Participant, update: rtc.UpdateLocalAudioTrack, _now: float) -> None:
    publication = participant.publications.find(update.track_sid)
    if publication is not None:
        del publication.info.audio_features[:]
        publication.info.audio_features.extend(update.features)
        state.tell_about(participant)


def _update_video(state: CallState, participant: Participant, update: rtc.UpdateLocalVideoTrack, _now: float) -> None:
    publication = participant.publications.find(update.track_sid)
    if publication is not None:
        publication.info.width, publication.info.height = update.width, update.height
        state.tell_about(participant)


def _sync_state(state: CallState, participant: Participant, remembered: rtc.SyncState, now: float) -> None:
    resuming.synchronise(state, participant, remembered, now)


def _permission(state: CallState, participant: Participant, rules: rtc.SubscriptionPermission, _now: float) -> None:
    permissions.restrict(state, participant, rules)


def _simulate(state: CallState, participant: Participant, scenario: rtc.SimulateScenario, _now: float) -> None:
    simulating.play(state, participant, scenario)


def _data_track(
    state: CallState,
    participant: Participant,
    request: rtc.PublishDataTrackRequest | rtc.UnpublishDataTrackRequest,
    _now: float,
) -> None:
    answer = refusal(rtc.RequestResponse.Reason.UNSUPPORTED_TYPE)
    # The answer repeats what was asked.
    if isinstance(request, rtc.PublishDataTrackRequest):
        answer.publish_data_track.CopyFrom(request)
    else:
        answer.unpublish_data_track.CopyFrom(request)
    state.outbox.send(participant.connection, rtc.SignalResponse(request_response=answer))


def _data_blob(
    state: CallState,
    participant: Participant,
    request: rtc.StoreDataBlobRequest | rtc.GetDataBlobRequest,
    _now: float,
) -> None:
    answer = refusal(rtc.RequestResponse.Reason.NOT_ALLOWED, request.request_id)
    state.outbox.send(participant.connection, rtc.SignalResponse(request_response=answer))


_HANDLERS: Final[Mapping[str, Callable[[CallState, Participant, Any, float], None]]] = {
    "offer": _offer,
    "answer": _answer,
    "trickle": _trickle,
    "add_track": _add_track,
    "mute": _mute,
    "subscription": _subscription,
    "track_setting": _track_setting,
    "leave": _leave,
    "ping": _ping,
    "ping_req": _ping_req,
    "update_metadata": _update_metadata,
    "update_audio_track": _update_audio,
    "update_video_track": _update_video,
    "sync_state": _sync_state,
    "subscription_permission": _permission,
    "simulate": _simulate,
    "publish_data_track_request": _data_track,
    "unpublish_data_track_request": _data_track,
    "store_data_blob_request": _data_blob,
    "get_data_blob_request": _data_blob,
}
