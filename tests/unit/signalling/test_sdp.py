"""Reading offers and naming what an answer sends."""

from hypothesis import given
from hypothesis import strategies as st

from huisclos.signalling.sdp import Section, Sent, ask_of_opus, name_what_we_send, parse_sections, steady_opus
from unit.signalling.scene import answered, offer, section


def test_a_section_tells_its_mid_kind_direction_track_and_first_codec() -> None:
    sdp = offer(section("7", "video", "sendonly", "cam-1"))

    assert parse_sections(sdp) == (Section("7", "video", "sendonly", "cam-1", "video/VP8"),)


def test_a_section_without_a_direction_goes_both_ways() -> None:
    sdp = offer(section("0", "audio", "sendonly", "mic")).replace("a=sendonly\r\n", "")

    (found,) = parse_sections(sdp)

    assert found.direction == "sendrecv"
    assert found.sends
    assert not found.only_receives


def test_a_rejected_section_does_not_count_but_a_bundle_only_one_does() -> None:
    rejected = section("0", "audio", "sendonly", "mic").replace("m=audio 9 ", "m=audio 0 ")
    bundled = section("1", "audio", "sendonly", "mic").replace("m=audio 9 ", "m=audio 0 ") + "a=bundle-only\r\n"

    assert [found.mid for found in parse_sections(offer(rejected, bundled))] == ["1"]


def test_a_filled_section_is_named_and_an_empty_one_is_inactive() -> None:
    sdp = offer(section("0", "audio", "recvonly"), section("1", "audio", "recvonly"))

    named = name_what_we_send(answered(sdp), parse_sections(sdp), {"0": Sent("PA_x", "camera", "TR_y")})

    filled, empty = named.split("m=audio")[1:]
    assert "a=sendonly\r\na=msid:PA_x|camera TR_y\r\n" in filled
    assert "a=ssrc:77 cname:us" in filled
    assert "a=inactive" in empty
    # A browser that sees the sources go shows nothing of the next track on them.
    assert "a=ssrc:77 cname:us" in empty
    assert "random" not in named


def test_sections_that_the_client_sends_on_are_answered_as_they_are() -> None:
    sdp = offer(section("0", "video", "sendonly", "cam"))
    answer = answered(sdp)

    assert name_what_we_send(answer, parse_sections(sdp), {}) == answer


def test_opus_is_asked_for_more_only_in_the_sections_named() -> None:
    fmtp = "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
    first, second = (section(mid, "audio", "sendonly", mid) + fmtp for mid in ("0", "1"))

    asked = ask_of_opus(offer(first, second), {"0": "usedtx=1"})

    assert asked == offer(first.replace("fec=1", "fec=1;usedtx=1"), second)


def test_opus_without_format_parameters_gets_some() -> None:
    asked = ask_of_opus(offer(section("0", "audio", "sendonly", "mic")), {"0": "stereo=1"})

    assert "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1\r\n" in asked


def test_steady_sound_is_asked_of_every_opus_and_no_redundancy_is_taken() -> None:
    sound = (
        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111 109\r\na=mid:0\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
        "a=rtcp-fb:63 nack\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;usedtx=1;useinbandfec=1\r\n"
        "a=rtpmap:109 OPUS/48000/2\r\na=rtcp-fb:109 transport-cc\r\n"
    )
    picture = section("1", "video", "recvonly")

    steady = steady_opus(offer(sound, picture))

    assert steady == offer(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 109\r\na=mid:0\r\n"
        "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1;cbr=1;usedtx=0\r\n"
        "a=rtpmap:109 OPUS/48000/2\r\na=fmtp:109 cbr=1;usedtx=0\r\na=rtcp-fb:109 transport-cc\r\n",
        picture,
    )
    assert steady_opus(steady) == steady


@given(st.text())
def test_any_text_can_be_read_and_named(text: str) -> None:
    sections = parse_sections(text)

    ask_of_opus(text, {found.mid: "usedtx=1" for found in sections})
    steady_opus(text)
    name_what_we_send(text, sections, {found.mid: Sent("PA_x", "camera", "TR_y") for found in sections})


@given(st.lists(st.sampled_from(["m=audio 9 A 1", "m=video 0 B", "a=mid:0", "a=mid:", "a=recvonly", "a=msid:", "m="])))
def test_sections_in_any_disorder_can_be_read_and_named(lines: list[str]) -> None:
    text = "\r\n".join(lines)
    sections = parse_sections(text)

    assert all(found.mid for found in sections)
    steady_opus(text)
    name_what_we_send(text, sections, {})
