"""The frame of MLS messages is read for what it says, whatever bytes come, and written so that members can verify it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from huisclos.domain.mls_header import ContentType, Header, HeaderInvalid, SenderType, external_remove, parse
from unit import mls

groups = st.binary(min_size=1, max_size=64)
epochs = st.integers(0, 2**64 - 1)


@given(groups, epochs, st.sampled_from(ContentType), st.sampled_from(SenderType), st.binary(max_size=99))
def test_a_public_message_tells_group_epoch_content_and_sender(
    group: bytes, epoch: int, content: ContentType, sender: SenderType, inside: bytes
):
    assert parse(mls.public(group, epoch, content, sender, inside)) == Header(group, epoch, content, sender)


@given(groups, epochs, st.sampled_from(ContentType))
def test_a_private_message_hides_its_sender(group: bytes, epoch: int, content: ContentType):
    assert parse(mls.private(group, epoch, content)) == Header(group, epoch, content, None)


@given(st.binary(max_size=200))
@example(b"")
@example(b"\0\1\0\1\x80\0\0\1x")
@example(b"\0\1\0\1\xff")
def test_any_bytes_are_a_header_or_a_typed_error(data: bytes):
    try:
        header = parse(data)
    except HeaderInvalid:
        return
    assert 1 <= len(header.group) <= 64


@given(st.data())
def test_a_changed_byte_is_a_header_or_a_typed_error(data: st.DataObject):
    message = bytearray(mls.commit(b"group", 7))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] = data.draw(st.integers(0, 255))
    try:
        parse(bytes(message))
    except HeaderInvalid:
        pass


@pytest.mark.parametrize("length", range(20))
def test_a_message_cut_short_in_its_header_is_none(length: int):
    with pytest.raises(HeaderInvalid):
        parse(mls.commit(b"group", 7, inside=b"")[:length])


@pytest.mark.parametrize(
    "message",
    [
        b"\0\2" + mls.commit(b"group", 7)[2:],
        b"\0\1\0\3" + mls.commit(b"group", 7)[4:],
        b"\0\1\0\1" + b"\x40\x05group" + mls.commit(b"group", 7)[10:],
        mls.commit(b"g" * 65, 7),
        mls.commit(b"", 7),
    ],
    ids=["another version", "a welcome", "a length in too many bytes", "a group id too long", "no group id"],
)
def test_what_is_not_framed_as_the_standard_says_is_refused(message: bytes):
    with pytest.raises(HeaderInvalid):
        parse(message)


@given(groups, epochs, st.integers(0, 2**32 - 1))
def test_our_removal_is_a_proposal_signed_as_the_standard_says(group: bytes, epoch: int, leaf: int):
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

    message = external_remove(group, epoch, leaf, key.sign)

    assert parse(message) == Header(group, epoch, ContentType.PROPOSAL, SenderType.EXTERNAL)
    framed, signature = message[:-66], message[-64:]
    assert message[-66:-64] == b"\x40\x40"
    assert framed.endswith(b"\2\0\3" + leaf.to_bytes(4))
    # SignContent of RFC 9420 section 5.1.2: both parts as vectors.
    key.public_key().verify(signature, b"\x18MLS 1.0 FramedContentTBS" + mls.vector(framed))
