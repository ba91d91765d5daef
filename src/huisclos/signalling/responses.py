"""The messages the server sends, built from plain values. Says how they look; when they go out is decided elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from livekit.protocol import models, rtc

# What clients take us for: they switch features by these. Below 18 every client opens its data channels in-band.
PROTOCOL: Final = 17
VERSION: Final = "1.13.5"
PING_INTERVAL_S: Final = 5
PING_TIMEOUT_S: Final = 15

_CODECS: Final = ("audio/opus", "video/VP8", "video/H264", "video/VP9", "video/AV1", "video/rtx")


def server_info() -> models.ServerInfo:
    return models.ServerInfo(edition=models.ServerInfo.Edition.Standard, version=VERSION, protocol=PROTOCOL)


def join(
    room: models.Room,
    me: models.ParticipantInfo,
    others: Iterable[models.ParticipantInfo],
    *,
    subscriber_primary: bool = False,
) -> rtc.SignalResponse:
    """No `ice_servers`: our candidates are host addresses, and a third party's STUN would learn who meets."""
    return rtc.SignalResponse(
        join=rtc.JoinResponse(
            room=room,
            participant=me,
            other_participants=others,
            server_version=VERSION,
            server_info=server_info(),
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            subscriber_primary=subscriber_primary,
            fast_publish=True,
            enabled_publish_codecs=codecs(),
        )
    )


def codecs() -> list[models.Codec]:
    return [models.Codec(mime=mime) for mime in _CODECS]


def reconnect(last_sequence: int) -> rtc.SignalResponse:
    return rtc.SignalResponse(
        reconnect=rtc.ReconnectResponse(server_info=server_info(), last_message_seq=last_sequence)
    )


def leave(reason: models.DisconnectReason, action: rtc.LeaveRequest.Action) -> rtc.SignalResponse:
    return rtc.SignalResponse(
        leave=rtc.LeaveRequest(reason=reason, action=action, can_reconnect=action != rtc.LeaveRequest.Action.DISCONNECT)
    )


def update(participants: Iterable[models.ParticipantInfo]) -> rtc.SignalResponse:
    return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=participants))


def answer(id_: int, sdp: str, mid_to_track: Mapping[str, str]) -> rtc.SignalResponse:
    return rtc.SignalResponse(
        answer=rtc.SessionDescription(type="answer", sdp=sdp, id=id_, mid_to_track_id=mid_to_track)
    )


def offer(id_: int, sdp: str, mid_to_track: Mapping[str, str]) -> rtc.SignalResponse:
    return rtc.SignalResponse(offer=rtc.SessionDescription(type="offer", sdp=sdp, id=id_, mid_to_track_id=mid_to_track))


def refusal(reason: rtc.RequestResponse.Reason, request_id: int = 0) -> rtc.RequestResponse:
    """The caller adds the request it refuses."""
    return rtc.RequestResponse(request_id=request_id, reason=reason)
