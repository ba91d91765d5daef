"""What one participant publishes: tracks announced, then bound to the media section they arrive on, then withdrawn.

Decides which section is which track and keeps each track's TrackInfo. Who may publish and who is told are for others.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from livekit.protocol import models, rtc

from huisclos.signalling.sdp import Section

MAX_PENDING: Final = 20
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SID_SOURCE: Final = {
    models.TrackSource.CAMERA: "C",
    models.TrackSource.MICROPHONE: "M",
    models.TrackSource.SCREEN_SHARE: "S",
    models.TrackSource.SCREEN_SHARE_AUDIO: "s",
}
_SCREEN: Final = (models.TrackSource.SCREEN_SHARE, models.TrackSource.SCREEN_SHARE_AUDIO)
SOURCE_NAMES: Final = {
    models.TrackSource.CAMERA: "camera",
    models.TrackSource.MICROPHONE: "microphone",
    models.TrackSource.SCREEN_SHARE: "screen_share",
    models.TrackSource.SCREEN_SHARE_AUDIO: "screen_share_audio",
}


class TooManyPending(Exception):
    """More tracks announced than any client needs before sending one of them."""


@dataclass(slots=True)
class Publication:
    cid: str
    """What the client calls the track; it stands in `a=msid` of the section that sends it."""
    info: models.TrackInfo
    mid: str = ""
    """Empty until the section is known; from then on the others see the track."""
    subscribed_once: bool = False

    @property
    def sid(self) -> str:
        return self.info.sid

    @property
    def kind(self) -> str:
        return "audio" if self.info.type == models.TrackType.AUDIO else "video"

    @property
    def is_screen(self) -> bool:
        return self.info.source in _SCREEN

    @property
    def opus_wish(self) -> str:
        """What its sender is to be asked: silence costs nothing unless it must (music), and two channels only if it has them."""
        features = self.info.audio_features
        silent = not self.info.disable_dtx and models.AudioTrackFeature.TF_NO_DTX not in features
        stereo = self.info.stereo or models.AudioTrackFeature.TF_STEREO in features
        return ";".join(["usedtx=1"] * silent + ["stereo=1;maxaveragebitrate=510000"] * stereo)

    def _cids(self) -> set[str]:
        return {self.cid, *(codec.cid for codec in self.info.codecs if codec.cid)}

    def is_called(self, track: str) -> bool:
        return track != "" and track in self._cids()


@dataclass(frozen=True, slots=True)
class Bound:
    """What matching an answered offer changed."""

    started: tuple[Publication, ...]
    ended: tuple[Publication, ...]


@dataclass(slots=True)
class Publications:
    pending: list[Publication] = field(default_factory=list)
    live: dict[str, Publication] = field(default_factory=dict)
    """By sid, in the order in which they were bound."""

    def announce(self, request: rtc.AddTrackRequest, new_sid: Callable[[str], str]) -> Publication:
        """A new track under a sid of its own. Raises TooManyPending."""
        if len(self.pending) >= MAX_PENDING:
            raise TooManyPending
        announced = next((publication for publication in self.pending if publication.cid == request.cid), None)
        if announced is None:
            announced = Publication(request.cid, _track_info(request, new_sid))
            self.pending.append(announced)
        return announced

    def bind(self, offered: Iterable[Section]) -> Bound:
        """Match the sections of an offer that has been answered: some tracks begin, those without a section end."""
        sending = {section.mid: section for section in offered if section.sends}
        ended = [publication for publication in self.live.values() if self._is_over(publication, sending)]
        for publication in ended:
            del self.live[publication.sid]
        return Bound(self.bind_late(sending.values()), tuple(ended))

    def bind_late(self, answered: Iterable[Section]) -> tuple[Publication, ...]:
        """Match only sections that send and are no track yet: for a track announced after its offer was answered."""
        taken = {publication.mid for publication in self.live.values()}
        return tuple(self._match([section for section in answered if section.sends and section.mid not in taken]))

    def _is_over(self, publication: Publication, sending: dict[str, Section]) -> bool:
        section = sending.get(publication.mid)
        if section is None or section.kind != publication.kind:
            return True
        # The same section, and a newer announcement by the name it now bears: unpublished and published again in one offer.
        return any(newer.is_called(section.track) and newer.kind == section.kind for newer in self.pending)

    def _match(self, free: list[Section]) -> list[Publication]:
        """By name first; then by kind in order, because some browsers put names of their own into `a=msid`."""
        started: list[Publication] = []
        unnamed: list[Section] = []
        for section in free:
            named = next((p for p in self.pending if p.kind == section.kind and p.is_called(section.track)), None)
            if named is None:
                unnamed.append(section)
            else:
                started.append(self._begin(named, section))
        for section in unnamed:
            first = next((p for p in self.pending if p.kind == section.kind), None)
            if first is not None:
                started.append(self._begin(first, section))
        return started

    def _begin(self, publication: Publication, section: Section) -> Publication:
        self.pending.remove(publication)
        self.live[publication.sid] = publication
        publication.mid = publication.info.mid = section.mid
        if not publication.info.mime_type:
            publication.info.mime_type = section.mime
        return publication

    def find(self, sid: str) -> Publication | None:
        """Live or still pending: a client may mute a track before it sends it."""
        return self.live.get(sid) or next((p for p in self.pending if p.sid == sid), None)

    def infos(self) -> list[models.TrackInfo]:
        return [publication.info for publication in self.live.values()]


def _track_info(request: rtc.AddTrackRequest, new_sid: Callable[[str], str]) -> models.TrackInfo:
    kind = "A" if request.type == models.TrackType.AUDIO else "V"
    info = models.TrackInfo(
        sid=new_sid(f"TR_{kind}{_SID_SOURCE.get(request.source, '')}"),
        type=request.type,
        name=request.name,
        muted=request.muted,
        width=request.width,
        height=request.height,
        source=request.source,
        layers=request.layers,
        simulcast=request.type == models.TrackType.VIDEO and len(request.layers) > 1,
        disable_dtx=request.disable_dtx,
        stereo=request.stereo,
        disable_red=request.disable_red,
        encryption=request.encryption,
        stream=_stream(request),
        audio_features=request.audio_features,
        backup_codec_policy=request.backup_codec_policy,
        packet_trailer_features=request.packet_trailer_features,
    )
    for codec in request.simulcast_codecs:
        described = models.SimulcastCodecInfo(
            mime_type=_mime(codec.codec, request.type),
            cid=codec.cid,
            layers=codec.layers or request.layers,
            video_layer_mode=codec.video_layer_mode,
        )
        info.codecs.append(described)
    if info.codecs:
        info.mime_type = info.codecs[0].mime_type
    return info


def _stream(request: rtc.AddTrackRequest) -> str:
    """The name asked for, or the usual one. It is written into the SDP of all receivers, so it must be one word."""
    if _WORD.fullmatch(request.stream):
        return request.stream
    return "screen" if request.source in _SCREEN else "camera"


def _mime(codec: str, type_: models.TrackType) -> str:
    """The request says `vp8` or `video/vp8`; the others are told the long form."""
    if not codec or "/" in codec:
        return codec
    return f"{'audio' if type_ == models.TrackType.AUDIO else 'video'}/{codec}"
