"""Pings, metadata, descriptions of tracks, candidates; and who hears of voices and connections."""

import pytest
from livekit.protocol import models, rtc

from huisclos.model.call import AddCandidate, AudioLevels, PeerStats
from huisclos.model.join_grant import VideoGrants
from unit.signalling.scene import NOON, Scene, receiving

Reason = rtc.RequestResponse.Reason
Quality = models.ConnectionQuality


def test_both_kinds_of_ping_are_answered_in_milliseconds() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna, ping=5)
    scene.send(anna, ping_req=rtc.Ping(timestamp=123, rtt=7))

    assert anna.last("pong") == int(NOON * 1000)
    assert anna.last("pong_resp") == rtc.Pong(last_ping_timestamp=123, timestamp=int(NOON * 1000))


@pytest.mark.parametrize("init", ["", "null", "[]", "7", '{"candidate": 5}', '{"candidate": ""}', "{" * 5000])
def test_a_candidate_that_is_none_is_ignored(init: str) -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna, trickle=rtc.TrickleRequest(candidateInit=init))

    assert not scene.commanded(AddCandidate)


def test_a_candidate_reaches_the_media_plane() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna, trickle=rtc.TrickleRequest(candidateInit='{"candidate": "candidate:1 1 udp 1 ::1 9 typ host"}'))

    assert scene.commanded(AddCandidate) == [AddCandidate(anna.sid, "candidate:1 1 udp 1 ::1 9 typ host")]


def test_a_name_and_attributes_change_for_the_others_if_the_token_lets_them() -> None:
    scene = Scene()
    anna = scene.arrive("anna", may=VideoGrants(can_update_own_metadata=True))
    ben = scene.arrive("ben")
    anna.told.clear()

    scene.send(anna, update_metadata=rtc.UpdateParticipantMetadata(attributes={"hand": "up", "mood": "ok"}))
    scene.send(anna, update_metadata=rtc.UpdateParticipantMetadata(name="Anna K.", attributes={"mood": ""}))

    assert ben.sees()[anna.sid].name == "Anna K."
    assert dict(ben.sees()[anna.sid].attributes) == {"hand": "up"}


def test_a_change_that_the_token_forbids_is_answered_and_not_made() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.send(anna, update_metadata=rtc.UpdateParticipantMetadata(name="Ben", request_id=9))

    response = anna.last("request_response")
    assert isinstance(response, rtc.RequestResponse)
    assert (response.request_id, response.reason) == (9, Reason.NOT_ALLOWED)
    assert ben.sees()[anna.sid].name == "Anna"


def test_too_much_metadata_is_answered_and_not_taken() -> None:
    scene = Scene()
    anna = scene.arrive("anna", may=VideoGrants(can_update_own_metadata=True))

    scene.send(anna, update_metadata=rtc.UpdateParticipantMetadata(metadata="x" * (512 * 1024 + 1)))

    response = anna.last("request_response")
    assert isinstance(response, rtc.RequestResponse)
    assert response.reason == Reason.LIMIT_EXCEEDED


def test_the_size_of_a_picture_and_the_features_of_a_sound_are_told() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    camera = scene.publish(anna, "cam")

    scene.send(anna, update_video_track=rtc.UpdateLocalVideoTrack(track_sid=camera, width=640, height=480))
    noise = models.AudioTrackFeature.TF_NOISE_SUPPRESSION
    scene.send(anna, update_audio_track=rtc.UpdateLocalAudioTrack(track_sid=camera, features=[noise]))

    (track,) = ben.sees()[anna.sid].tracks
    assert (track.width, track.height, list(track.audio_features)) == (640, 480, [noise])


def test_a_request_of_an_unknown_kind_is_ignored() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna)

    assert not anna.hung_up


def test_a_data_track_is_politely_refused() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna, publish_data_track_request=rtc.PublishDataTrackRequest(pub_handle=1, name="pose"))

    response = anna.last("request_response")
    assert isinstance(response, rtc.RequestResponse)
    assert response.reason == Reason.UNSUPPORTED_TYPE


def test_a_voice_is_told_to_its_owner_and_to_those_who_receive_it() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.publish(anna, "mic", "audio")
    ben = scene.arrive("ben")
    deaf = scene.arrive("deaf", may=VideoGrants(can_subscribe=False))

    scene.happens(AudioLevels(scene.call.sid, ((anna.sid, 0.5, True),)))

    for person in (anna, ben):
        change = person.last("speakers_changed")
        assert isinstance(change, rtc.SpeakersChanged)
        assert [(speaker.sid, speaker.active) for speaker in change.speakers] == [(anna.sid, True)]
    assert not deaf.all("speakers_changed")


@pytest.mark.parametrize(
    ("loss", "rtt_ms", "expected"),
    [(0.0, 20.0, Quality.EXCELLENT), (0.03, 20.0, Quality.GOOD), (0.0, 300.0, Quality.GOOD), (0.1, 20.0, Quality.POOR)],
)
def test_a_connection_is_judged_by_its_loss_and_delay_and_told_only_when_it_changes(
    loss: float, rtt_ms: float, expected: Quality
) -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.publish(anna, "mic", "audio")
    ben = scene.arrive("ben", *receiving())
    stats = PeerStats(anna.sid, loss, 0.0, rtt_ms, 1_000_000, 0)

    scene.happens(stats)
    scene.happens(stats)

    for person in (anna, ben):
        (update,) = person.all("connection_quality")
        assert isinstance(update, rtc.ConnectionQualityUpdate)
        assert [(info.participant_sid, info.quality) for info in update.updates] == [(anna.sid, expected)]
