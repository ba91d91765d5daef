"""MLS messages as far as the server reads them: the frame of RFC 9420 section 6, with anything at all inside."""

from huisclos.domain.mls_header import ContentType, SenderType

GROUP_SUFFIX = b"\1\2\3\4\5\6\7\x08"


def vector(data: bytes) -> bytes:
    if len(data) < 64:
        return bytes([len(data)]) + data
    if len(data) < 16384:
        return (len(data) | 0x4000).to_bytes(2) + data
    return (len(data) | 0x8000_0000).to_bytes(4) + data


def public(
    group: bytes, epoch: int, content: ContentType, sender: SenderType = SenderType.MEMBER, inside: bytes = b"inside"
) -> bytes:
    """An `MLSMessage` with a `PublicMessage`."""
    who = sender.to_bytes() + (bytes(4) if sender in (SenderType.MEMBER, SenderType.EXTERNAL) else b"")
    return b"\0\1\0\1" + vector(group) + epoch.to_bytes(8) + who + vector(b"") + content.to_bytes() + inside


def private(group: bytes, epoch: int, content: ContentType, inside: bytes = b"sealed") -> bytes:
    """An `MLSMessage` with a `PrivateMessage`."""
    return b"\0\1\0\2" + vector(group) + epoch.to_bytes(8) + content.to_bytes() + vector(b"") + inside


def commit(group: bytes, epoch: int, inside: bytes = b"a commit") -> bytes:
    return public(group, epoch, ContentType.COMMIT, inside=inside)


def said(group: bytes, epoch: int, inside: bytes = b"sealed") -> bytes:
    return private(group, epoch, ContentType.APPLICATION, inside)
