"""Offers to older clients, which keep a connection for each way."""

from dataclasses import dataclass

from livekit.protocol import models, rtc

from huisclos.model.call import (
    AddCandidate,
    AddPeer,
    ApplyAnswer,
    Connected,
    CreateOffer,
    DataReceived,
    Offered,
    RemovePeer,
    SendData,
    Subscribe,
    Unsubscribe,
)
from huisclos.model.join_grant import JoinGrant, VideoGrants
from huisclos.model.secrecy import Pii
from huisclos.signalling.outbox import Connection
from unit.signalling.scene import Client, Scene, offer, section

ACTIVE = models.ParticipantInfo.State.ACTIVE


@dataclass
class Older:
    """A client of the older protocol, and the media plane's side of its offers."""

    scene: Scene
    client: Client

    @property
    def receiver(self) -> str:
        return self.client.sid + "/receiver"

    def asked(self) -> list[CreateOffer]:
        return [c for c in self.scene.commands if isinstance(c, CreateOffer) and c.peer == self.receiver]

    def is_offered(self) -> rtc.SessionDescription:
        """The media plane makes the offer that was asked for last."""
        wish = self.asked()[-1]
        audios = [section(f"a{n}", "audio", "sendonly") for n in range(wish.audios)]
        videos = [section(f"v{n}", "video", "sendonly") for n in range(wish.videos)]
        self.scene.happens(Offered(self.receiver, wish.request, offer(*audios, *videos)))
        told = self.client.last("offer")
        assert isinstance(told, rtc.SessionDescription)
        return told

    def answers(self, id_: int | None = None) -> None:
        number = self.asked()[-1].request if id_ is None else id_
        description = rtc.SessionDescription(type="answer", sdp="v=0", id=number)
        self.scene.send(self.client, answer=description)


def join(scene: Scene, identity: str, may: VideoGrants | None = None, **request: object) -> Older:
    client = Client(Connection(1000 + len(scene.clients)), identity)
    scene.clients[client.connection] = client
    grant = JoinGrant(identity, Pii(identity.title()), "salon", "internal", may or VideoGrants())
    settings = rtc.ConnectionSettings(auto_subscribe=True)
    wish = rtc.JoinRequest(connection_settings=settings, **request)  # type: ignore[arg-type]
    scene.carry_out(scene.call.join(client.connection, grant, wish, scene.now, dual=True))
    client.sid = client.told[0].join.participant.sid
    return Older(scene, client)


def watching() -> tuple[Scene, str, Older]:
    """Ben, who has answered the offer of Anna's camera, and its track."""
    scene = Scene()
    track = scene.publish(scene.arrive("anna"), "cam")
    ben = join(scene, "ben")
    ben.is_offered()
    ben.answers()
    return scene, track, ben


def test_it_has_two_peers_and_both_go_with_it() -> None:
    scene = Scene()
    ben = join(scene, "ben")

    assert [c.peer for c in scene.commanded(AddPeer)] == [ben.client.sid, ben.receiver]  # type: ignore[attr-defined]
    scene.send(ben.client, leave=rtc.LeaveRequest())
    assert [c.peer for c in scene.commanded(RemovePeer)] == [ben.client.sid, ben.receiver]  # type: ignore[attr-defined]


def test_what_exists_already_is_in_the_first_offer_and_flows_with_its_answer() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    track = scene.publish(anna, "cam")
    ben = join(scene, "ben")

    told = ben.is_offered()
    assert dict(told.mid_to_track_id) == {"v0": track}
    assert f"a=msid:{anna.sid}|camera {track}" in told.sdp
    assert not scene.commanded(Subscribe)

    ben.answers()
    assert [type(c) for c in scene.commands[-3:-1]] == [ApplyAnswer, Subscribe]
    assert scene.commanded(Subscribe) == [Subscribe(ben.receiver, "v0", track)]


def test_what_changes_while_an_offer_waits_is_in_the_next() -> None:
    scene = Scene()
    ben = join(scene, "ben")
    anna = scene.arrive("anna")
    ben.is_offered()
    scene.publish(anna, "cam")
    assert len(ben.asked()) == 1

    ben.answers()

    assert [(wish.audios, wish.videos) for wish in ben.asked()] == [(0, 0), (0, 1)]


def test_a_stale_answer_is_no_answer() -> None:
    scene = Scene()
    ben = join(scene, "ben")
    ben.is_offered()

    ben.answers(id_=4711)
    assert not scene.commanded(ApplyAnswer)

    ben.answers()
    assert len(scene.commanded(ApplyAnswer)) == 1


def test_a_track_that_is_not_wanted_any_more_stops_at_once_and_its_section_rests() -> None:
    scene, track, ben = watching()

    scene.send(ben.client, subscription=rtc.UpdateSubscription(track_sids=[track], subscribe=False))

    assert scene.commanded(Unsubscribe) == [Unsubscribe(ben.receiver, "v0")]
    told = ben.is_offered()
    assert "a=inactive" in told.sdp
    assert not told.mid_to_track_id


def test_a_track_that_is_wanted_again_before_the_next_offer_flows_again() -> None:
    scene, track, ben = watching()

    for wanted in (False, True):
        scene.send(ben.client, subscription=rtc.UpdateSubscription(track_sids=[track], subscribe=wanted))

    assert len(scene.commanded(Subscribe)) == 2


def test_a_resume_begins_with_new_credentials_and_keeps_what_was_never_answered() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    track = scene.publish(anna, "cam")
    ben = join(scene, "ben")
    scene.happens(Connected(ben.receiver))
    ben.is_offered()
    scene.lose(ben.client)

    again = Client(Connection(5000), "ben", ben.client.sid)
    scene.clients[again.connection] = again
    grant = JoinGrant("ben", Pii("Ben"), "salon", "internal", VideoGrants())
    wish = rtc.JoinRequest(reconnect=True, participant_sid=again.sid)
    scene.carry_out(scene.call.join(again.connection, grant, wish, scene.now, dual=True))
    back = Older(scene, again)

    assert again.kinds()[0] == "reconnect"
    assert back.asked()[-1].restart
    back.is_offered()
    back.answers()
    assert scene.commanded(Subscribe) == [Subscribe(back.receiver, "v0", track)]


def test_a_session_of_one_protocol_cannot_be_resumed_with_the_other() -> None:
    scene = Scene()
    ben = join(scene, "ben")
    scene.happens(Connected(ben.receiver))
    scene.lose(ben.client)

    other = scene.resume(ben.client)

    assert other.told[0].leave.action == rtc.LeaveRequest.Action.RECONNECT


def test_it_is_active_once_the_connection_it_receives_on_stands() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), join(scene, "ben")

    scene.happens(Connected(ben.client.sid))
    assert anna.sees()[ben.client.sid].state != ACTIVE
    scene.happens(Connected(ben.receiver))
    assert anna.sees()[ben.client.sid].state == ACTIVE


def test_who_may_not_receive_is_active_once_it_can_send() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), join(scene, "ben", VideoGrants(can_subscribe=False))

    scene.happens(Connected(ben.client.sid))

    assert not ben.client.told[0].join.subscriber_primary
    assert anna.sees()[ben.client.sid].state == ACTIVE


def test_messages_and_candidates_find_the_right_connection() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), join(scene, "ben")
    packet = models.DataPacket(user=models.UserPacket(payload=b"hi")).SerializeToString()

    scene.happens(DataReceived(anna.sid, "reliable", packet), DataReceived(ben.client.sid, "reliable", packet))
    for target in (rtc.SignalTarget.PUBLISHER, rtc.SignalTarget.SUBSCRIBER):
        scene.send(ben.client, trickle=rtc.TrickleRequest(candidateInit='{"candidate": "c"}', target=target))

    assert [c.peers for c in scene.commanded(SendData)] == [(ben.receiver,), (anna.sid,)]  # type: ignore[attr-defined]
    assert [c.peer for c in scene.commanded(AddCandidate)] == [ben.client.sid, ben.receiver]  # type: ignore[attr-defined]


def test_who_never_answers_starts_over() -> None:
    scene = Scene()
    ben = join(scene, "ben")
    ben.is_offered()

    scene.tick(14)
    assert not ben.client.hung_up
    scene.tick(2)

    assert ben.client.last("leave").action == rtc.LeaveRequest.Action.RECONNECT  # type: ignore[attr-defined]
