"""Publishing and receiving: tracks find their sections, the others and the media plane."""

from livekit.protocol import models, rtc

from huisclos.model.call import (
    Mute,
    Prefer,
    Publish,
    Refused,
    StreamState,
    Subscribe,
    TrackStarted,
    Unpublish,
    Unsubscribe,
)
from huisclos.model.join_grant import VideoGrants
from unit.signalling.scene import Client, Scene, receiving, section

Reason = rtc.RequestResponse.Reason
CAMERA = models.TrackSource.CAMERA
VIDEO = models.TrackType.VIDEO


def track_sids(client: Client, publisher: Client) -> list[str]:
    return [track.sid for track in client.sees()[publisher.sid].tracks]


def test_a_published_track_is_seen_by_the_others_once_its_section_is_answered() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA, name="face"))
    published = anna.last("track_published")
    assert isinstance(published, rtc.TrackPublishedResponse)
    assert published.cid == "cam"
    assert published.track.sid.startswith("TR_VC")
    assert not track_sids(ben, anna)

    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))

    assert track_sids(ben, anna) == [published.track.sid]
    assert Publish(anna.sid, "p", published.track.sid, False) in scene.commands


def test_a_track_announced_after_its_offer_was_answered_is_bound_too() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))

    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA))

    assert len(track_sids(ben, anna)) == 1


def test_two_tracks_are_told_apart_by_their_names_and_not_by_their_order() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    for cid in ("first", "second"):
        scene.send(anna, add_track=rtc.AddTrackRequest(cid=cid, type=VIDEO, source=CAMERA))
    first, second = (response.track.sid for response in anna.all("track_published"))  # type: ignore[attr-defined]

    scene.negotiate(
        anna, *receiving(), section("x", "video", "sendonly", "second"), section("y", "video", "sendonly", "first")
    )

    assert {(c.mid, c.track) for c in scene.commanded(Publish)} == {("x", second), ("y", first)}  # type: ignore[union-attr]


def test_a_browser_that_renames_its_track_is_matched_by_kind() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA))

    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "{another-name}"))

    assert len(scene.commanded(Publish)) == 1


def test_an_existing_track_stands_in_the_first_answer_of_a_newcomer() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    sid = scene.publish(anna, "cam")

    ben = scene.join("ben")
    answer = scene.negotiate(ben, *receiving())

    assert dict(answer.mid_to_track_id) == {"v0": sid}
    assert f"a=msid:{anna.sid}|camera {sid}" in answer.sdp
    assert Subscribe(ben.sid, "v0", sid) in scene.commands


def test_a_track_published_later_makes_the_client_offer_again_and_gets_a_free_section() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    sid = scene.publish(anna, "cam")
    need = ben.last("media_sections_requirement")
    assert isinstance(need, rtc.MediaSectionsRequirement)
    assert (need.num_audios, need.num_videos) == (0, 0)

    answer = scene.negotiate(ben, *receiving())
    assert dict(answer.mid_to_track_id) == {"v0": sid}


def test_when_no_section_is_free_the_client_is_asked_for_more() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben", *receiving(1, 0))

    scene.publish(anna, "cam")

    need = ben.last("media_sections_requirement")
    assert isinstance(need, rtc.MediaSectionsRequirement)
    assert (need.num_audios, need.num_videos) == (0, 1)


def test_the_update_that_shows_a_track_comes_before_the_message_that_needs_it() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.publish(anna, "cam")

    kinds = ben.kinds()
    requirement = max(i for i, kind in enumerate(kinds) if kind == "media_sections_requirement")
    shown = max(i for i, kind in enumerate(kinds) if kind == "update")
    assert shown < requirement


def test_the_publisher_learns_of_its_first_subscriber_once() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.publish(anna, "cam")

    for name in ("ben", "carla"):
        scene.arrive(name)

    assert len(anna.all("track_subscribed")) == 1


def test_a_track_whose_section_goes_inactive_is_withdrawn() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    scene.negotiate(anna, *receiving(), section("p", "video", "inactive"))

    assert Unpublish(sid) in scene.commands
    assert Unsubscribe(ben.sid, "v0") in scene.commands
    assert not track_sids(ben, anna)


def test_the_same_camera_can_be_published_again_under_a_new_sid() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    old = scene.publish(anna, "cam")

    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA))
    gone, again = section("p", "video", "inactive"), section("q", "video", "sendonly", "cam")
    scene.negotiate(anna, *receiving(), gone, again)

    (new,) = track_sids(ben, anna)
    assert new != old


def test_an_offer_overtaken_by_a_newer_one_is_not_answered() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    before = len(anna.all("answer"))
    older = scene.send_offer(anna, *receiving())
    newer = scene.send_offer(anna, *receiving(4, 4))

    scene.answer(anna, older)
    assert len(anna.all("answer")) == before

    scene.answer(anna, newer)
    assert len(anna.all("answer")) == before + 1


def test_a_refused_offer_makes_the_client_start_over() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    request = scene.send_offer(anna, *receiving())

    scene.happens(Refused(anna.sid, request, "sdp_invalid"))

    leave = anna.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert leave.action == rtc.LeaveRequest.Action.RECONNECT


def test_muting_stops_forwarding_and_is_seen() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")

    scene.send(anna, mute=rtc.MuteTrackRequest(sid=sid, muted=True))

    assert Mute(sid, True) in scene.commands
    assert ben.sees()[anna.sid].tracks[0].muted


def test_nobody_can_mute_the_track_of_another() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")

    scene.send(ben, mute=rtc.MuteTrackRequest(sid=sid, muted=True))

    assert not scene.commanded(Mute)


def test_a_track_published_muted_is_not_forwarded() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA, muted=True))
    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))

    assert len(scene.commanded(Mute)) == 1


def test_who_may_not_publish_is_refused_and_nothing_is_bound() -> None:
    scene = Scene()
    anna = scene.arrive("anna", may=VideoGrants(can_publish=False))
    ben = scene.arrive("ben", may=VideoGrants(can_publish_sources=frozenset({"microphone"})))

    for person in (anna, ben):
        scene.send(person, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA))
        scene.negotiate(person, *receiving(), section("p", "video", "sendonly", "cam"))

        refusal = person.last("request_response")
        assert isinstance(refusal, rtc.RequestResponse)
        assert refusal.reason == Reason.NOT_ALLOWED
    assert not scene.commanded(Publish)


def test_more_announcements_than_anybody_needs_are_refused() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    for n in range(21):
        scene.send(anna, add_track=rtc.AddTrackRequest(cid=f"cam{n}", type=VIDEO, source=CAMERA))

    refusal = anna.last("request_response")
    assert isinstance(refusal, rtc.RequestResponse)
    assert refusal.reason == Reason.LIMIT_EXCEEDED
    assert len(anna.all("track_published")) == 20


def test_who_may_not_subscribe_receives_nothing() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.publish(anna, "cam")

    scene.arrive("ben", may=VideoGrants(can_subscribe=False))

    assert not scene.commanded(Subscribe)


def test_without_automatic_subscription_only_what_is_wished_for_comes() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben", automatic=False)
    camera = scene.publish(anna, "cam")
    assert not ben.all("media_sections_requirement")

    scene.send(ben, subscription=rtc.UpdateSubscription(track_sids=[camera], subscribe=True))
    scene.negotiate(ben, *receiving())
    assert Subscribe(ben.sid, "v0", camera) in scene.commands

    scene.send(ben, subscription=rtc.UpdateSubscription(track_sids=[camera], subscribe=False))
    assert Unsubscribe(ben.sid, "v0") in scene.commands


def test_a_publisher_can_keep_its_track_from_somebody() -> None:
    scene = Scene()
    anna, ben, carla = scene.arrive("anna"), scene.arrive("ben"), scene.arrive("carla")
    sid = scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    only_carla = rtc.TrackPermission(participant_identity="carla", all_tracks=True)
    scene.send(anna, subscription_permission=rtc.SubscriptionPermission(track_permissions=[only_carla]))

    assert Unsubscribe(ben.sid, "v0") in scene.commands
    update = ben.last("subscription_permission_update")
    assert isinstance(update, rtc.SubscriptionPermissionUpdate)
    assert (update.participant_sid, update.track_sid, update.allowed) == (anna.sid, sid, False)
    assert not carla.all("subscription_permission_update")


def test_the_layer_follows_the_size_in_which_a_track_is_shown() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    layers = [
        models.VideoLayer(quality=quality, width=width, height=height)
        for quality, width, height in ((0, 320, 180), (1, 640, 360), (2, 1280, 720))
    ]
    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA, layers=layers))
    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))
    scene.negotiate(ben, *receiving())
    (sid,) = track_sids(ben, anna)

    for width, height, expected in ((160, 90, 0), (320, 180, 0), (321, 180, 1), (360, 640, 1), (1920, 1080, 2)):
        scene.send(ben, track_setting=rtc.UpdateTrackSettings(track_sids=[sid], width=width, height=height))
        wanted = scene.commanded(Prefer)[-1]
        assert isinstance(wanted, Prefer)
        assert (wanted.quality, wanted.paused) == (expected, False)

    scene.send(ben, track_setting=rtc.UpdateTrackSettings(track_sids=[sid], disabled=True))
    assert scene.commanded(Prefer)[-1] == Prefer(ben.sid, "v0", 0, True, 0)


def test_the_codec_that_really_comes_is_told() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")

    scene.happens(TrackStarted(anna.sid, sid, "video/H264"))

    assert ben.sees()[anna.sid].tracks[0].mime_type == "video/H264"


def test_a_stream_that_congestion_pauses_is_told_to_its_receiver() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    scene.happens(StreamState(ben.sid, "v0", sid, True))

    update = ben.last("stream_state_update")
    assert isinstance(update, rtc.StreamStateUpdate)
    (state,) = update.stream_states
    assert (state.participant_sid, state.track_sid, state.state) == (anna.sid, sid, rtc.StreamState.PAUSED)


def test_the_encryption_of_a_track_is_told_as_its_publisher_said_it() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    gcm = models.Encryption.Type.GCM

    scene.send(anna, add_track=rtc.AddTrackRequest(cid="cam", type=VIDEO, source=CAMERA, encryption=gcm))
    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))

    assert ben.sees()[anna.sid].tracks[0].encryption == gcm


def test_a_client_that_was_asked_for_an_offer_and_made_none_is_asked_again() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.publish(anna, "cam")
    assert len(ben.all("media_sections_requirement")) == 1

    for _ in range(7):
        scene.tick()

    assert len(ben.all("media_sections_requirement")) == 2


def test_a_stream_s_name_cannot_carry_lines_into_the_answers_of_others() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    poisoned = rtc.AddTrackRequest(
        cid="cam", type=VIDEO, source=CAMERA, stream="x\r\na=candidate:1 1 udp 1 6.6.6.6 1 typ host"
    )
    scene.send(anna, add_track=poisoned)
    scene.negotiate(anna, *receiving(), section("p", "video", "sendonly", "cam"))

    ben = scene.join("ben")
    answer = scene.negotiate(ben, *receiving())

    assert "6.6.6.6" not in answer.sdp
    assert f"a=msid:{anna.sid}|camera " in answer.sdp


def test_tracks_of_one_stream_share_its_name_except_for_firefox() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    sid = scene.publish(anna, "cam")

    chrome = scene.negotiate(scene.join("ben", client_info=models.ClientInfo(browser="Chrome")), *receiving())
    firefox = scene.negotiate(scene.join("carla", client_info=models.ClientInfo(browser="Firefox")), *receiving())

    assert f"a=msid:{anna.sid}|camera {sid}" in chrome.sdp
    assert f"a=msid:{anna.sid}|{sid} {sid}" in firefox.sdp


def test_a_microphone_is_asked_to_send_nothing_in_silence_and_music_is_not() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    audio = models.TrackType.AUDIO
    scene.send(anna, add_track=rtc.AddTrackRequest(cid="voice", type=audio))
    scene.send(anna, add_track=rtc.AddTrackRequest(cid="music", type=audio, disable_dtx=True, stereo=True))

    voice, music = section("x", "audio", "sendonly", "voice"), section("y", "audio", "sendonly", "music")
    answer = scene.negotiate(anna, voice, music)

    first, second = answer.sdp.split("m=audio")[1:]
    assert "usedtx=1" in first
    assert "stereo" not in first
    assert "usedtx" not in second
    assert "stereo=1" in second
