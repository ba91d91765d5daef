"""What older clients say of themselves in the query of `/rtc`, as the join request that newer ones send. Reads, judges nothing."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from livekit.protocol import models, rtc

from huisclos.model.errors import JoinRequestInvalid
from huisclos.model.join_grant import JoinGrant

_SDK: Final = models.ClientInfo.SDK
_MAX_ATTRIBUTES_BYTES: Final = 128 * 1024
_MAX_PUBLISHER_NAME: Final = 64
_TEXTS: Final = ("version", "os", "os_version", "device_model", "browser", "browser_version", "network", "other_sdks")


def join_request_of(query: Mapping[str, str]) -> rtc.JoinRequest:
    """The join request that `query` amounts to. Unknown parameters are ignored. Raises JoinRequestInvalid."""
    settings = rtc.ConnectionSettings(
        auto_subscribe=_flag(query, "auto_subscribe", absent=True),
        adaptive_stream=_flag(query, "adaptive_stream"),
        disable_ice_lite=_flag(query, "disable_ice_lite"),
    )
    if "subscriber_allow_pause" in query:
        settings.subscriber_allow_pause = _flag(query, "subscriber_allow_pause")
    return rtc.JoinRequest(
        client_info=_client(query),
        connection_settings=settings,
        participant_attributes=_attributes(query.get("attributes", "")),
        reconnect=_flag(query, "reconnect"),
        reconnect_reason=models.ReconnectReason.Name(reason)
        if (reason := _number(query, "reconnect_reason")) in models.ReconnectReason.values()
        else None,
        participant_sid=query.get("sid", ""),
    )


def publish_only(grant: JoinGrant, name: str) -> JoinGrant:
    """The right of a second session of the same person that only publishes: an identity of its own, `<identity>#<name>`.

    Raises JoinRequestInvalid for a name that is none, and in our own rooms: there an identity is a seat, and who is sent
    out must be out.
    """
    if grant.is_internal or len(name) > _MAX_PUBLISHER_NAME:
        raise JoinRequestInvalid
    return replace(grant, identity=f"{grant.identity}#{name}", video=replace(grant.video, can_subscribe=False))


def _client(query: Mapping[str, str]) -> models.ClientInfo:
    sdk = query.get("sdk", "").upper()
    client = models.ClientInfo(
        sdk=sdk if sdk in _SDK.keys() else None,  # noqa: SIM118  # a protobuf enum is no mapping
        protocol=_number(query, "protocol"),
        client_protocol=_number(query, "client_protocol"),
        **{name: query.get(name, "") for name in _TEXTS},
    )
    known = models.ClientInfo.Capability.keys()
    names = [name.strip().upper() for name in query.get("capabilities", "").split(",")]
    for name in names:
        if name in known:
            client.capabilities.append(models.ClientInfo.Capability.Value(name))  # type: ignore[arg-type]  # the stub wants the name's own type
    return client


def _flag(query: Mapping[str, str], name: str, *, absent: bool = False) -> bool:
    value = query.get(name, "")
    return absent if not value else value.lower() in ("1", "true")


def _number(query: Mapping[str, str], name: str) -> int:
    """A small number; what is none counts as not said."""
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 6 else 0


def _attributes(parameter: str) -> dict[str, str]:
    if not parameter:
        return {}
    if len(parameter) > _MAX_ATTRIBUTES_BYTES:
        raise JoinRequestInvalid
    try:
        padded = parameter.encode("ascii") + b"=" * (-len(parameter) % 4)
        attributes = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise JoinRequestInvalid from None
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise JoinRequestInvalid
    return attributes
