"""A lost socket and its return."""

import pytest
from livekit.protocol import models, rtc

from huisclos.model.call import ApplyOffer, DataReceived, Prefer, SendData
from unit.signalling.scene import Scene, receiving

Action = rtc.LeaveRequest.Action


def packet(text: bytes, sequence: int) -> bytes:
    return models.DataPacket(user=models.UserPacket(payload=text), sequence=sequence).SerializeToString()


def test_a_resumed_session_hears_reconnect_first_and_keeps_its_sid() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.happens(DataReceived(anna.sid, "reliable", packet(b"hi", 7)))
    scene.lose(anna)

    again = scene.resume(anna)

    assert again.kinds()[0] == "reconnect"
    assert again.told[0].reconnect.last_message_seq == 7
    assert "leave" not in again.kinds()
    assert list(ben.sees()) == [anna.sid]
    assert list(again.sees()) == [ben.sid]


def test_who_left_meanwhile_is_told_on_resuming() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.lose(anna)
    scene.send(ben, leave=rtc.LeaveRequest())

    again = scene.resume(anna)

    told = [info for update in again.all("update") for info in update.participants]  # type: ignore[attr-defined]
    assert [(info.sid, info.state) for info in told if info.sid == ben.sid] == [
        (ben.sid, models.ParticipantInfo.State.DISCONNECTED)
    ]


def test_resuming_before_the_old_socket_is_seen_to_close_closes_it() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    again = scene.resume(anna)
    scene.lose(anna)

    assert anna.hung_up
    scene.send(again, ping=1)
    assert again.kinds()[-1] == "pong"


def test_an_unknown_session_is_told_to_start_over_and_nothing_else() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.send(anna, leave=rtc.LeaveRequest())

    again = scene.resume(anna)

    assert again.kinds() == ["leave"]
    assert again.told[0].leave.action == Action.RECONNECT
    assert again.hung_up


def test_nobody_resumes_the_session_of_another() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.arrive("ben")

    thief = scene.resume(anna, identity="ben")

    assert thief.kinds() == ["leave"]
    scene.send(anna, ping=1)
    assert anna.kinds()[-1] == "pong"


def test_a_restart_of_ice_after_resuming_is_answered_with_what_is_carried() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())
    scene.lose(ben)
    again = scene.resume(ben)

    answer = scene.negotiate(again, *receiving())

    assert dict(answer.mid_to_track_id) == {"v0": sid}
    assert len(scene.commanded(ApplyOffer)) == 5


def test_a_client_that_believes_it_publishes_what_we_do_not_know_starts_over() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.lose(anna)
    again = scene.resume(anna)

    believed = rtc.TrackPublishedResponse(cid="cam", track=models.TrackInfo(sid="TR_gone"))
    scene.send(again, sync_state=rtc.SyncState(publish_tracks=[believed]))

    leave = again.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert leave.action == Action.RECONNECT


def test_reliable_packets_missed_meanwhile_are_sent_again() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.happens(DataReceived(anna.sid, "reliable", packet(b"seen", 1)))
    scene.lose(ben)
    scene.happens(DataReceived(anna.sid, "reliable", packet(b"missed", 2)))
    before = len(scene.commanded(SendData))

    again = scene.resume(ben)
    state = rtc.DataChannelReceiveState(publisher_sid=anna.sid, last_seq=1)
    scene.send(again, sync_state=rtc.SyncState(datachannel_receive_states=[state]))

    (sent,) = scene.commanded(SendData)[before:]
    assert isinstance(sent, SendData)
    assert sent.peers == (ben.sid,)
    assert models.DataPacket.FromString(sent.payload).user.payload == b"missed"


def test_tracks_disabled_before_the_loss_stay_paused() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")
    scene.lose(ben)
    again = scene.resume(ben)
    scene.send(
        again, sync_state=rtc.SyncState(subscription=rtc.UpdateSubscription(subscribe=False), track_sids_disabled=[sid])
    )

    scene.negotiate(again, *receiving())

    wanted = scene.commanded(Prefer)[-1]
    assert isinstance(wanted, Prefer)
    assert wanted.paused


@pytest.mark.parametrize(
    ("scenario", "told", "stays"),
    [
        ({"node_failure": True}, None, False),
        ({"migration": True}, None, True),
        ({"server_leave": True}, Action.DISCONNECT, False),
        ({"leave_request_full_reconnect": True}, Action.RECONNECT, False),
    ],
)
def test_a_simulated_failure_does_what_its_name_says(
    scenario: dict[str, bool], told: rtc.LeaveRequest.Action | None, stays: bool
) -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.send(anna, simulate=rtc.SimulateScenario(**scenario))  # type: ignore[arg-type]

    leaves = anna.all("leave")
    assert [leave.action for leave in leaves] == ([] if told is None else [told])  # type: ignore[attr-defined]
    assert anna.hung_up
    assert (anna.sid in ben.sees()) == stays
    assert not ben.hung_up


@pytest.mark.parametrize(
    ("scenario", "heard"),
    [
        ({"disconnect_signal_on_resume": True}, ["reconnect"]),
        ({"disconnect_signal_on_resume_no_messages": True}, []),
    ],
)
def test_a_simulated_loss_hits_the_next_resume_and_only_that(scenario: dict[str, bool], heard: list[str]) -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.send(anna, simulate=rtc.SimulateScenario(**scenario))  # type: ignore[arg-type]
    scene.lose(anna)

    first = scene.resume(anna)
    assert first.kinds() == heard
    assert first.hung_up
    scene.lose(first)

    second = scene.resume(anna)
    assert not second.hung_up
    assert second.kinds()[0] == "reconnect"
