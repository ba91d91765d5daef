"""Data packets: who has them, under whose name, and never twice."""

from hypothesis import given
from hypothesis import strategies as st
from livekit.protocol import models

from huisclos.model.call import DataReceived, SendData
from huisclos.model.join_grant import VideoGrants
from huisclos.signalling.data import MAX_REPLAY_BYTES, REPLAY_S, Addressed, Replay, address
from unit.signalling.scene import Client, Scene


def user(text: bytes, *, to: tuple[str, ...] = (), sequence: int = 0, pretends: str = "") -> bytes:
    packet = models.DataPacket(
        user=models.UserPacket(payload=text),
        destination_identities=to,
        sequence=sequence,
        participant_identity=pretends,
    )
    return packet.SerializeToString()


def receivers(scene: Scene) -> list[tuple[str, ...]]:
    return [sent.peers for sent in scene.commanded(SendData) if isinstance(sent, SendData)]


def three() -> tuple[Scene, Client, Client, Client]:
    scene = Scene()
    return scene, scene.arrive("anna"), scene.arrive("ben"), scene.arrive("carla")


def test_a_packet_goes_to_all_others_and_not_back() -> None:
    scene, anna, ben, carla = three()

    scene.happens(DataReceived(anna.sid, "reliable", user(b"hi")))

    assert receivers(scene) == [(ben.sid, carla.sid)]


def test_a_packet_for_one_goes_to_that_one_alone() -> None:
    scene, anna, _, carla = three()

    scene.happens(DataReceived(anna.sid, "lossy", user(b"psst", to=("carla",))))

    (sent,) = scene.commanded(SendData)
    assert isinstance(sent, SendData)
    assert (sent.peers, sent.channel) == ((carla.sid,), "lossy")


def test_the_sender_is_who_it_is_and_not_who_it_says() -> None:
    scene, anna, _, _ = three()

    scene.happens(DataReceived(anna.sid, "reliable", user(b"hi", pretends="ben")))

    (sent,) = scene.commanded(SendData)
    assert isinstance(sent, SendData)
    packet = models.DataPacket.FromString(sent.payload)
    assert (packet.participant_identity, packet.participant_sid) == ("anna", anna.sid)
    assert packet.user.participant_identity == "anna"


def test_a_reliable_packet_sent_twice_arrives_once() -> None:
    scene, anna, _, _ = three()

    for sequence in (1, 2, 2, 1, 3):
        scene.happens(DataReceived(anna.sid, "reliable", user(b"hi", sequence=sequence)))

    assert len(receivers(scene)) == 3


def test_who_may_not_send_data_sends_none() -> None:
    scene = Scene()
    mute = scene.arrive("mute", may=VideoGrants(can_publish_data=False))
    scene.arrive("ben")

    scene.happens(DataReceived(mute.sid, "reliable", user(b"hi")))

    assert not receivers(scene)


def test_an_encrypted_packet_passes_as_it_is() -> None:
    sealed = models.EncryptedPacket(iv=b"iv", encrypted_value=b"\x00\x01secret", key_index=3)

    addressed = address(models.DataPacket(encrypted_packet=sealed).SerializeToString(), "PA_1", "anna")

    assert addressed is not None
    assert models.DataPacket.FromString(addressed.payload).encrypted_packet == sealed


def test_what_only_servers_and_agents_say_is_not_passed_on() -> None:
    for packet in (
        models.DataPacket(speaker=models.ActiveSpeakerUpdate()),
        models.DataPacket(metrics=models.DataPacket().metrics),
        models.DataPacket(transcription=models.Transcription()),
        models.DataPacket(),
    ):
        assert address(packet.SerializeToString(), "PA_1", "anna") is None


@given(st.binary())
def test_any_bytes_are_a_packet_or_nothing(payload: bytes) -> None:
    address(payload, "PA_1", "anna")


def test_only_recent_packets_after_the_last_seen_are_replayed_and_only_to_whom_they_were_for() -> None:
    replay = Replay()
    for at, sequence, names in ((0.0, 1, ()), (8.0, 2, ()), (8.0, 3, ("carla",)), (9.0, 4, ())):
        replay.keep("PA_1", Addressed(b"%d" % sequence, frozenset(names), sequence), at)

    assert replay.missed("ben", [("PA_1", 1)], REPLAY_S + 1) == [b"2", b"4"]
    assert replay.missed("ben", [("PA_1", 3)], 9.0) == [b"4"]
    assert replay.missed("ben", [], 9.0) == []


def test_the_replay_is_bounded_in_bytes() -> None:
    replay = Replay()
    for sequence in range(1, 40):
        replay.keep("PA_1", Addressed(b"x" * 60_000, frozenset(), sequence), 0.0)

    kept = replay.missed("ben", [("PA_1", 0)], 0.0)

    assert 0 < sum(map(len, kept)) <= MAX_REPLAY_BYTES
