"""Which layers a publisher is asked for."""

from livekit.protocol import models, rtc

from huisclos.signalling.demand import (
    HIGH,
    LOWER_AFTER_S,
    NOTHING,
    REPEAT_AFTER_ANSWER_S,
    SETTLE_S,
    Demand,
)
from unit.signalling.scene import Scene, receiving

LOW = 0


def settled(*wishes: tuple[str, int]) -> tuple[Demand, float]:
    """A track that has been there for long, wanted as said, and whose publisher was told so."""
    demand = Demand()
    demand.begin("cam")
    for receiver, layer in wishes:
        demand.want("cam", receiver, layer)
    now = 0.0
    demand.due(now)
    for _ in range(30):
        now += 1.0
        demand.due(now)
    return demand, now


def test_a_track_that_just_began_is_left_alone() -> None:
    demand = Demand()
    demand.begin("cam")

    told = [demand.due(float(second)) for second in range(int(SETTLE_S))]

    assert not any(told)


def test_less_is_asked_for_only_after_a_while() -> None:
    demand, now = settled(("ben", HIGH))

    demand.want("cam", "ben", LOW)

    assert demand.due(now) == []
    assert demand.due(now + LOWER_AFTER_S - 0.1) == []
    assert demand.due(now + LOWER_AFTER_S) == [("cam", LOW)]


def test_more_is_asked_for_at_once() -> None:
    demand, now = settled(("ben", LOW))

    demand.want("cam", "carla", HIGH)

    assert demand.due(now) == [("cam", HIGH)]


def test_a_wish_taken_back_in_time_changes_nothing() -> None:
    demand, now = settled(("ben", HIGH))
    demand.want("cam", "ben", LOW)
    demand.due(now)

    demand.want("cam", "ben", HIGH)

    assert demand.due(now + LOWER_AFTER_S) == []


def test_when_nobody_looks_nothing_is_asked_for() -> None:
    demand, now = settled(("ben", HIGH))

    demand.leave("cam", "ben")
    demand.due(now)

    assert demand.due(now + LOWER_AFTER_S) == [("cam", NOTHING)]


def test_what_was_asked_for_is_repeated_after_an_answer_unless_it_is_everything() -> None:
    demand, now = settled(("ben", LOW))
    demand.renegotiated(["cam"])
    demand.due(now)
    assert demand.due(now + REPEAT_AFTER_ANSWER_S) == [("cam", LOW)]

    demand, now = settled(("ben", HIGH))
    demand.renegotiated(["cam"])
    demand.due(now)
    assert demand.due(now + REPEAT_AFTER_ANSWER_S) == []


def test_the_publisher_hears_which_layers_its_receivers_show() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    sid = scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    scene.send(ben, track_setting=rtc.UpdateTrackSettings(track_sids=[sid], quality=models.VideoQuality.LOW))
    for _ in range(20):
        scene.tick()

    update = anna.last("subscribed_quality_update")
    assert isinstance(update, rtc.SubscribedQualityUpdate)
    assert [quality.enabled for quality in update.subscribed_qualities] == [True, False, False]
    assert [codec.codec for codec in update.subscribed_codecs] == ["vp8"]


def test_a_receiver_that_leaves_no_longer_counts() -> None:
    scene = Scene()
    anna, ben = scene.arrive("anna"), scene.arrive("ben")
    scene.publish(anna, "cam")
    scene.negotiate(ben, *receiving())

    scene.send(ben, leave=rtc.LeaveRequest())
    for _ in range(20):
        scene.tick()

    update = anna.last("subscribed_quality_update")
    assert isinstance(update, rtc.SubscribedQualityUpdate)
    assert not any(quality.enabled for quality in update.subscribed_qualities)
