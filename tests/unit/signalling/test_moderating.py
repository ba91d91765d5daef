"""What is done to participants from outside the call."""

import pytest
from livekit.protocol import models

from huisclos.model.call import Mute, SendData, Unpublish, Unsubscribe
from huisclos.model.join_grant import VideoGrants
from unit.signalling.scene import Scene, receiving


def test_who_may_no_longer_publish_loses_its_tracks_at_once_and_is_told() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    track = scene.publish(anna, "cam")

    scene.carry_out(scene.call.permit("anna", VideoGrants(can_publish=False), scene.now))

    assert [told.track_sid for told in anna.all("track_unpublished")] == [track]  # type: ignore[attr-defined]
    assert scene.commanded(Unpublish) == [Unpublish(track)]
    assert not ben.sees()[anna.sid].tracks
    assert not ben.sees()[anna.sid].permission.can_publish


def test_only_the_sources_that_are_left_go_on() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.publish(anna, "cam")

    scene.carry_out(scene.call.permit("anna", VideoGrants(can_publish_sources=frozenset({"camera"})), scene.now))

    assert not anna.all("track_unpublished")
    assert len(ben.sees()[anna.sid].tracks) == 1


def test_who_may_no_longer_receive_gets_nothing_more_and_with_the_right_all_of_it_again() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    scene.carry_out(scene.call.permit("ben", VideoGrants(can_subscribe=False), scene.now))
    assert [command.peer for command in scene.commanded(Unsubscribe)] == [ben.sid]  # type: ignore[attr-defined]

    before = len(scene.commands)
    scene.carry_out(scene.call.permit("ben", VideoGrants(), scene.now))
    assert any(type(command).__name__ == "Subscribe" for command in scene.commands[before:])


def test_changed_rights_bring_a_fresh_token() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    before = anna.fresh_tokens

    scene.carry_out(scene.call.permit("anna", VideoGrants(can_publish=False), scene.now))
    scene.tick()

    assert anna.fresh_tokens == before + 1


def test_a_mute_from_outside_stops_the_track_and_asks_its_client() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    track = scene.publish(anna, "mic", "audio")

    scene.carry_out(scene.call.mute("anna", track, scene.now, muted=True))

    assert [(m.sid, m.muted) for m in anna.all("mute")] == [(track, True)]  # type: ignore[attr-defined]
    assert scene.commanded(Mute) == [Mute(track, True)]
    assert ben.sees()[anna.sid].tracks[0].muted


def test_a_description_from_outside_replaces_only_what_it_names() -> None:
    scene = Scene()
    scene.arrive("anna")
    ben = scene.arrive("ben")

    scene.carry_out(scene.call.describe("anna", "about", "", {"hand": "up"}, scene.now))
    scene.carry_out(scene.call.describe("anna", "", "A.", {"hand": ""}, scene.now))

    (seen,) = ben.sees().values()
    assert (seen.metadata, seen.name, dict(seen.attributes)) == ("about", "A.", {})
    with pytest.raises(ValueError, match=r"^$"):
        scene.call.describe("anna", "x" * 600_000, "", {}, scene.now)


def test_everybody_hears_of_new_metadata_of_the_room_and_so_does_who_comes_later() -> None:
    scene = Scene()
    anna = scene.arrive("anna")

    scene.carry_out(scene.call.describe_room("agenda", scene.now))
    ben = scene.arrive("ben")

    assert anna.last("room_update").room.metadata == "agenda"  # type: ignore[attr-defined]
    assert ben.told[0].join.room.metadata == "agenda"


def test_the_number_of_people_is_told_within_seconds_and_not_at_every_tick() -> None:
    scene = Scene()
    anna = scene.arrive("anna")
    scene.arrive("ben")

    for _ in range(12):
        scene.tick()

    assert [update.room.num_participants for update in anna.all("room_update")] == [2]  # type: ignore[attr-defined]


def test_a_message_from_outside_goes_only_to_whom_it_names() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    packet = models.DataPacket(user=models.UserPacket(payload=b"hello"))

    scene.carry_out(scene.call.send_data(packet, scene.now, reliable=True))
    packet.destination_identities.append("ben")
    scene.carry_out(scene.call.send_data(packet, scene.now, reliable=False))

    sent = [(set(c.peers), c.channel) for c in scene.commanded(SendData)]  # type: ignore[attr-defined]
    assert sent == [({anna.sid, ben.sid}, "reliable"), ({ben.sid}, "lossy")]
