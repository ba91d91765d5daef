"""Which section carries which track."""

from hypothesis import given
from hypothesis import strategies as st

from huisclos.signalling.sdp import Section
from huisclos.signalling.sections import ASK_AGAIN_AFTER_S, Need, Sections


def receiving(kind: str, *mids: str) -> list[Section]:
    return [Section(mid, kind, "recvonly", "", "") for mid in mids]


def test_wanted_tracks_take_free_sections_of_their_kind_in_order() -> None:
    sections = Sections()

    refilled = sections.refill(receiving("audio", "0") + receiving("video", "1"), {"cam": "video", "mic": "audio"})

    assert refilled.started == {"0": "mic", "1": "cam"}
    assert sections.section_of("cam") == "1"


def test_a_carried_track_stays_where_it_is() -> None:
    sections = Sections()
    offered = receiving("video", "0", "1")
    sections.refill(offered, {"first": "video", "second": "video"})

    refilled = sections.refill(offered, {"second": "video", "first": "video"})

    assert not refilled.started
    assert sections.carried == {"0": "first", "1": "second"}


def test_a_section_rests_for_one_answer_before_it_carries_another_track() -> None:
    sections = Sections()
    offered = receiving("video", "0")
    sections.refill(offered, {"old": "video"})

    resting = sections.refill(offered, {"new": "video"})
    assert resting.stopped == ("0",)
    assert not resting.started

    assert sections.refill(offered, {"new": "video"}).started == {"0": "new"}


def test_missing_sections_are_asked_for_once_and_again_after_a_while() -> None:
    sections = Sections()
    sections.refill(receiving("audio", "0"), {})
    wanted = {"mic1": "audio", "mic2": "audio", "cam": "video"}

    assert sections.need(wanted, 0.0) == Need(1, 1)
    assert sections.need(wanted, 1.0) is None
    assert sections.need(wanted, ASK_AGAIN_AFTER_S + 1) == Need(1, 1)


def test_when_free_sections_suffice_only_an_offer_is_asked_for() -> None:
    sections = Sections()
    sections.refill(receiving("audio", "0"), {})

    assert sections.need({"mic": "audio"}, 0.0) == Need(0, 0)


def test_when_all_is_carried_nothing_is_asked_for() -> None:
    sections = Sections()
    sections.refill(receiving("audio", "0"), {"mic": "audio"})

    assert sections.need({"mic": "audio"}, 0.0) is None


TRACKS = st.dictionaries(st.sampled_from([f"t{n}" for n in range(6)]), st.sampled_from(["audio", "video"]))
OFFERS = st.dictionaries(st.sampled_from([f"{n}" for n in range(6)]), st.sampled_from(["audio", "video"]))


@given(st.lists(st.tuples(OFFERS, TRACKS), max_size=8))
def test_no_order_of_offers_and_wishes_books_a_section_or_a_track_twice(
    rounds: list[tuple[dict[str, str], dict[str, str]]],
) -> None:
    sections = Sections()
    for offered, wanted in rounds:
        before = dict(sections.carried)
        refilled = sections.refill([Section(mid, kind, "recvonly", "", "") for mid, kind in offered.items()], wanted)

        tracks = list(sections.carried.values())
        assert len(tracks) == len(set(tracks))
        for mid, track in sections.carried.items():
            assert offered[mid] == wanted[track]
            assert before.get(mid) in (None, track), "a section changed its track without resting"
        assert set(refilled.started) == set(sections.carried) - set(before)
