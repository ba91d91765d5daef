"""Reads the media sections of a client's offer and names what we send in the answer. Text in, text or values out.

Only the few attributes that signalling needs are read (RFC 8866 grammar, RFC 8829 use); the media plane does the
negotiating. Nothing here fails on odd input: a section without a `mid` is left out, unknown lines pass unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Direction: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "a=sendrecv": "sendrecv",
    "a=sendonly": "sendonly",
    "a=recvonly": "recvonly",
    "a=inactive": "inactive",
}


_STEADY: Final = "cbr=1;usedtx=0"  # RFC 7587 section 6.1


@dataclass(frozen=True, slots=True)
class Section:
    """One media section of an offer, seen from the client: `sends` and `receives` are the client's."""

    mid: str
    kind: str
    """`audio`, `video` or `application`."""
    direction: Direction
    track: str
    """The track id of `a=msid`, or empty: what the client called this track when it announced it."""
    mime: str
    """Of the first payload type, such as `video/VP8`; empty if not said."""

    @property
    def sends(self) -> bool:
        return self.kind != "application" and self.direction in ("sendonly", "sendrecv")

    @property
    def only_receives(self) -> bool:
        return self.kind != "application" and self.direction == "recvonly"


@dataclass(frozen=True, slots=True)
class Sent:
    """What we send on a section: whose and which track, as the client will see it in `a=msid`."""

    participant: str
    stream: str
    """Tracks of one stream are played in step: a voice with its face."""
    track: str


def parse_sections(sdp: str) -> tuple[Section, ...]:
    """The sections of an offer that have a `mid` and are not rejected (port 0), in order."""
    return tuple(section for block in _blocks(sdp)[1:] if (section := _section(block)) is not None)


def name_what_we_send(answer: str, offered: Iterable[Section], sent: Mapping[str, Sent]) -> str:
    """`answer` with each section that the client only receives on either sending one of `sent` or inactive.

    The media plane answers with stream names of its own; a client finds the participant and track of a section by
    `a=msid:<participant>|<stream> <track>`. A section that carries nothing must say `inactive`: only the step from
    there to `sendonly` makes browsers fire `track`.
    """
    receiving = {section.mid for section in offered if section.only_receives}
    blocks = _blocks(answer)
    lines = list(blocks[0])
    for block in blocks[1:]:
        mid = _attribute(block, "a=mid:")
        if mid not in receiving:
            lines += block
        else:
            lines += _named(block, sent.get(mid))
    return "\r\n".join(lines) + "\r\n"


def ask_of_opus(answer: str, wishes: Mapping[str, str]) -> str:
    """`answer` with format parameters (RFC 7587 section 6.1) added to Opus in the sections of `wishes`: mid → parameters."""
    lines: list[str] = []
    for block in _blocks(answer):
        wish = wishes.get(_attribute(block, "a=mid:"))
        opus = _payload_type(block, "opus")
        for line in block:
            lines.append(f"{line};{wish}" if wish and opus and line.startswith(f"a=fmtp:{opus} ") else line)
            if wish and line.startswith(f"a=rtpmap:{opus} ") and not _attribute(block, f"a=fmtp:{opus} "):
                lines.append(f"a=fmtp:{opus} {wish}")
    return "\r\n".join(lines) + "\r\n"


def steady_opus(answer: str) -> str:
    """`answer` asking every sender of Opus for packets of one size at a steady pace, and taking no redundancy (RED).

    Encryption hides what is said and not how long each packet is: with a variable bit rate or silence left out, lengths
    alone tell words apart.
    """
    lines: list[str] = []
    for block in _blocks(answer):
        opus = _payload_types(block, "opus")
        redundant = _payload_types(block, "red") if block and block[0].startswith("m=audio") else []
        for line in block:
            if _described(line) not in redundant:
                lines += _steadied(line, block, opus, redundant)
    return "\r\n".join(lines) + "\r\n"


def _steadied(line: str, block: list[str], opus: list[str], redundant: list[str]) -> list[str]:
    payload_type = _described(line)
    if line.startswith("m="):
        words = line.split(" ")
        return [" ".join(words[:3] + [word for word in words[3:] if word not in redundant])]
    if payload_type not in opus:
        return [line]
    if line.startswith("a=fmtp:"):
        return [_steady(line)]
    if line.startswith("a=rtpmap:") and not _attribute(block, f"a=fmtp:{payload_type} "):
        return [line, f"a=fmtp:{payload_type} {_STEADY}"]
    return [line]


def _described(line: str) -> str | None:
    """The payload type that an attribute is about."""
    name, colon, rest = line.partition(":")
    return rest.partition(" ")[0] if colon and name in ("a=rtpmap", "a=fmtp", "a=rtcp-fb") else None


def _steady(fmtp: str) -> str:
    head, _, given = fmtp.partition(" ")
    kept = [part for part in given.split(";") if part.strip().partition("=")[0].lower() not in ("", "cbr", "usedtx")]
    return f"{head} {';'.join([*kept, _STEADY])}"


def _payload_type(block: list[str], encoding: str) -> str:
    return next(iter(_payload_types(block, encoding)), "")


def _payload_types(block: list[str], encoding: str) -> list[str]:
    found: list[str] = []
    for line in block:
        payload_type, _, described = line.removeprefix("a=rtpmap:").partition(" ")
        if line.startswith("a=rtpmap:") and described.lower().startswith(f"{encoding}/"):
            found.append(payload_type)
    return found


def _named(block: list[str], sent: Sent | None) -> Iterator[str]:
    for line in block:
        if line in _DIRECTIONS:
            yield "a=inactive" if sent is None else "a=sendonly"
            if sent is not None:
                yield f"a=msid:{sent.participant}|{sent.stream} {sent.track}"
        # The sources stay named while a section rests: a browser that saw them go would decode the next track on the
        # same sources and show it to nobody.
        elif not _names_a_stream(line):
            yield line


def _names_a_stream(line: str) -> bool:
    """`a=msid`, or one of its older forms as an attribute of a source."""
    source_attribute = line.partition(" ")[2] if line.startswith("a=ssrc:") else ""
    return line.startswith("a=msid:") or source_attribute.startswith(("msid:", "mslabel:", "label:"))


def _blocks(sdp: str) -> list[list[str]]:
    """The session part, then one list of lines a media section."""
    blocks: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            blocks.append([])
        if line:
            blocks[-1].append(line)
    return blocks


def _section(block: list[str]) -> Section | None:
    kind, _, rest = block[0].removeprefix("m=").partition(" ")
    port, _, rest = rest.partition(" ")
    mid = _attribute(block, "a=mid:")
    # Port 0 with bundle-only is an ordinary section of a bundled offer (RFC 9143 section 6).
    if not mid or (port == "0" and "a=bundle-only" not in block):
        return None
    direction: Direction = next((_DIRECTIONS[line] for line in block if line in _DIRECTIONS), "sendrecv")
    return Section(mid, kind, direction, _msid_track(block), _first_mime(block, kind, rest))


def _msid_track(block: list[str]) -> str:
    """A section may name several streams for its one track; the track id is the same in each."""
    return _attribute(block, "a=msid:").partition(" ")[2].strip()


def _first_mime(block: list[str], kind: str, protocol_and_types: str) -> str:
    types = protocol_and_types.split(" ")[1:]
    if not types:
        return ""
    encoding = _attribute(block, f"a=rtpmap:{types[0]} ").partition("/")[0]
    return f"{kind}/{encoding}" if encoding else ""


def _attribute(block: list[str], prefix: str) -> str:
    return next((line.removeprefix(prefix).strip() for line in block if line.startswith(prefix)), "")
