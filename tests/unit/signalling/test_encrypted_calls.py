"""In a call that is encrypted end to end, the server takes and passes on nothing in clear: names, data, sound that tells."""

import pytest
from livekit.protocol import models, rtc

from huisclos.model.call import DataReceived, SendData
from unit.signalling.scene import Client, Scene, receiving, section

GCM, CUSTOM, NONE = models.Encryption.Type.GCM, models.Encryption.Type.CUSTOM, models.Encryption.Type.NONE


def announce(scene: Scene, client: Client, encryption: models.Encryption.Type, **more: object) -> Client:
    track = rtc.AddTrackRequest(
        cid="mic",
        type=models.TrackType.AUDIO,
        source=models.TrackSource.MICROPHONE,
        encryption=encryption,
        **more,  # type: ignore[arg-type]
    )
    scene.send(client, add_track=track)
    return client


@pytest.mark.parametrize("encryption", [GCM, CUSTOM])
def test_a_track_is_passed_on_as_its_publisher_encrypts_it(encryption: models.Encryption.Type) -> None:
    scene = Scene(encrypted=True)
    anna, ben = scene.arrive("anna"), scene.arrive("ben")

    announce(scene, anna, encryption)
    scene.negotiate(anna, *receiving(), section("p", "audio", "sendonly", "mic"))

    (track,) = ben.sees()[anna.sid].tracks
    assert track.encryption == encryption


def test_a_track_in_clear_is_refused_in_an_encrypted_call_and_in_no_other() -> None:
    for encrypted in (True, False):
        scene = Scene(encrypted=encrypted)
        anna = announce(scene, scene.arrive("anna"), NONE)

        reasons = [answer.reason for answer in anna.all("request_response")]  # type: ignore[attr-defined]
        assert reasons == ([rtc.RequestResponse.Reason.NOT_ALLOWED] if encrypted else [])
        assert len(anna.all("track_published")) == (0 if encrypted else 1)


def test_what_a_publisher_calls_its_track_stays_with_it() -> None:
    scene = Scene(encrypted=True)
    anna = announce(scene, scene.arrive("anna"), GCM, name="Divorce talks", stream="divorce")

    track = anna.last("track_published").track  # type: ignore[attr-defined]

    assert (track.name, track.stream) == ("", "camera")


def test_only_sealed_data_is_passed_on() -> None:
    scene = Scene(encrypted=True)
    anna, _ben = scene.arrive("anna"), scene.arrive("ben")
    clear = models.DataPacket(user=models.UserPacket(payload=b"in clear"))
    chat = models.DataPacket(chat_message=models.ChatMessage(message="in clear"))
    sealed = models.DataPacket(encrypted_packet=models.EncryptedPacket(encrypted_value=b"sealed"))

    for packet in (clear, chat, sealed):
        scene.happens(DataReceived(anna.sid, "reliable", packet.SerializeToString()))

    (sent,) = scene.commanded(SendData)
    assert isinstance(sent, SendData)
    assert models.DataPacket.FromString(sent.payload).encrypted_packet.encrypted_value == b"sealed"


def test_every_answer_asks_for_steady_sound() -> None:
    scene = Scene(encrypted=True)
    anna = announce(scene, scene.arrive("anna"), GCM)

    answer = scene.negotiate(anna, *receiving(audios=1, videos=0), section("p", "audio", "sendonly", "mic"))

    assert answer.sdp.count("a=fmtp:111 cbr=1;usedtx=0\r\n") == 2
    assert "usedtx=1" not in answer.sdp
