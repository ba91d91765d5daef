"""Who is told what when people come and go."""

from livekit.protocol import models, rtc

from huisclos.model.call import AddPeer, Closed, Connected, RemovePeer
from huisclos.model.join_grant import VideoGrants
from huisclos.signalling.room import CONNECT_WINDOW_S, FRESH_TOKEN_EVERY_S, RESUME_WINDOW_S
from unit.signalling.scene import Scene, receiving

Reason = models.DisconnectReason
State = models.ParticipantInfo.State
Action = rtc.LeaveRequest.Action


def test_the_first_message_is_join_and_names_those_already_there() -> None:
    scene = Scene()
    anna = scene.join("anna")

    ben = scene.join("ben")

    assert ben.kinds()[0] == "join"
    join = ben.told[0].join
    assert [info.identity for info in join.other_participants] == ["anna"]
    assert join.participant.identity == "ben"
    assert join.participant.name == "Ben"
    assert not join.subscriber_primary
    assert join.server_info.protocol == 17
    assert not join.ice_servers
    assert [info.identity for info in anna.sees().values()] == ["ben"]


def test_having_media_makes_a_participant_active_for_the_others() -> None:
    scene = Scene()
    anna, ben = scene.join("anna"), scene.join("ben")

    scene.happens(Connected(anna.sid))

    assert ben.sees()[anna.sid].state == State.ACTIVE


def test_an_offer_inside_the_join_request_is_answered() -> None:
    scene = Scene()
    first_offer = rtc.SessionDescription(type="offer", sdp="".join(["v=0\r\n", *receiving()]), id=1)

    anna = scene.join("anna", publisher_offer=first_offer)
    scene.answer(anna, 1)

    answer = anna.last("answer")
    assert isinstance(answer, rtc.SessionDescription)
    assert answer.id == 1


def test_who_leaves_is_gone_for_the_others_and_for_the_media_plane() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.send(anna, leave=rtc.LeaveRequest())

    assert anna.hung_up
    assert not ben.sees()
    assert scene.commanded(RemovePeer) == [RemovePeer(anna.sid)]
    update = ben.last("update")
    assert isinstance(update, rtc.ParticipantUpdate)
    assert update.participants[0].disconnect_reason == Reason.CLIENT_INITIATED


def test_the_same_identity_again_ends_the_first_session_and_is_not_told_of_its_end() -> None:
    scene = Scene()
    first, ben = scene.arrive("anna"), scene.arrive("ben")

    second = scene.join("anna")

    leave = first.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert (leave.reason, leave.action) == (Reason.DUPLICATE_IDENTITY, Action.DISCONNECT)
    assert first.hung_up
    assert list(ben.sees()) == [second.sid]
    assert [info.identity for info in second.told[0].join.other_participants] == ["ben"]
    told = [info.sid for message in second.all("update") for info in message.participants]  # type: ignore[attr-defined]
    assert first.sid not in told


def test_a_socket_lost_before_there_was_media_ends_the_session() -> None:
    scene = Scene()
    anna, ben = scene.join("anna"), scene.join("ben")

    scene.lose(anna)

    assert not ben.sees()


def test_a_socket_lost_with_media_keeps_the_participant_for_a_while() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.lose(anna)
    assert anna.sid in ben.sees()

    scene.tick(RESUME_WINDOW_S + 1)
    assert anna.sid not in ben.sees()


def test_who_never_gets_media_is_sent_away() -> None:
    scene = Scene()
    anna = scene.join("anna")

    scene.tick(CONNECT_WINDOW_S + 1)

    leave = anna.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert leave.reason == Reason.JOIN_FAILURE


def test_media_lost_for_good_makes_the_client_start_over() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.happens(Closed(anna.sid, "ice_timeout"))

    leave = anna.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert leave.action == Action.RECONNECT
    assert not ben.sees()


def test_changes_within_one_turn_reach_the_others_as_one_update() -> None:
    scene = Scene()
    people = [scene.join(f"p{n}") for n in range(5)]
    watcher = scene.arrive("watcher")
    before = len(watcher.all("update"))

    scene.happens(*(Connected(person.sid) for person in people))

    updates = watcher.all("update")[before:]
    assert len(updates) == 1
    assert len(updates[0].participants) == 5  # type: ignore[attr-defined]


def test_a_session_of_ours_gets_a_fresh_token_at_once_and_every_five_minutes() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    assert anna.fresh_tokens == 1

    scene.tick(FRESH_TOKEN_EVERY_S - 1)
    assert anna.fresh_tokens == 1

    scene.tick(1)
    assert anna.fresh_tokens == 2


def test_a_session_of_an_sdk_key_gets_no_token_of_ours() -> None:
    scene = Scene()

    bot = scene.join("bot", issuer="devkey")

    assert bot.fresh_tokens == 0


def test_what_a_client_says_of_itself_on_joining_counts_only_if_its_token_lets_it() -> None:
    scene = Scene()

    scene.join("anna", metadata="boss", participant_attributes={"role": "host"})
    ben = scene.join("ben", may=VideoGrants(can_update_own_metadata=True), metadata="guest")

    anna_info = ben.told[0].join.other_participants[0]
    assert (anna_info.metadata, dict(anna_info.attributes)) == ("", {})
    assert ben.told[0].join.participant.metadata == "guest"


def test_a_removed_person_is_told_so_and_only_that_person() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.carry_out(scene.call.remove("anna", Reason.PARTICIPANT_REMOVED, scene.now))

    leave = anna.last("leave")
    assert isinstance(leave, rtc.LeaveRequest)
    assert (leave.reason, leave.action) == (Reason.PARTICIPANT_REMOVED, Action.DISCONNECT)
    assert not ben.all("leave")


def test_closing_the_call_sends_everybody_with_the_given_action() -> None:
    scene = Scene()
    people = [scene.arrive("anna"), scene.arrive("ben")]

    scene.carry_out(scene.call.close(Reason.SERVER_SHUTDOWN, Action.RECONNECT, scene.now))

    for person in people:
        leave = person.last("leave")
        assert isinstance(leave, rtc.LeaveRequest)
        assert leave.action == Action.RECONNECT
        assert person.hung_up
    assert scene.call.identities == []


def test_refusing_what_cannot_be_decoded_ends_that_session_alone() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    scene.carry_out(scene.call.refuse(anna.connection, scene.now))

    assert anna.hung_up
    assert not ben.hung_up
    assert len(scene.commanded(AddPeer)) == 2
    assert scene.commanded(RemovePeer) == [RemovePeer(anna.sid)]
