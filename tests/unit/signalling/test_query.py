"""What older clients say of themselves in the query of `/rtc`."""

import base64

import pytest
from livekit.protocol import models

from huisclos.model.errors import JoinRequestInvalid
from huisclos.model.join_grant import JoinGrant
from huisclos.model.secrecy import Pii
from huisclos.signalling.query import join_request_of, publish_only


def grant(issuer: str) -> JoinGrant:
    return JoinGrant("anna", Pii("Anna"), "salon", issuer)


def test_nothing_said_means_everything_wanted_at_full_size() -> None:
    request = join_request_of({})

    assert request.connection_settings.auto_subscribe
    assert not request.connection_settings.adaptive_stream
    assert not request.connection_settings.HasField("subscriber_allow_pause")
    assert not request.reconnect


def test_a_client_is_known_by_what_it_says() -> None:
    request = join_request_of(
        {
            "sdk": "flutter",
            "protocol": "12",
            "auto_subscribe": "0",
            "adaptive_stream": "true",
            "browser": "firefox",
            "reconnect": "1",
            "reconnect_reason": "2",
            "sid": "PA_1",
            "capabilities": "CAP_PACKET_TRAILER,CAP_NEVER_HEARD_OF",
        }
    )

    client = request.client_info
    assert (client.sdk, client.protocol, client.browser) == (models.ClientInfo.SDK.FLUTTER, 12, "firefox")
    assert list(client.capabilities) == [models.ClientInfo.Capability.CAP_PACKET_TRAILER]
    assert not request.connection_settings.auto_subscribe
    assert request.connection_settings.adaptive_stream
    assert (request.reconnect, request.participant_sid) == (True, "PA_1")
    assert request.reconnect_reason == models.ReconnectReason.RR_PUBLISHER_FAILED


@pytest.mark.parametrize("number", ["", "-1", "1e9", "²", "9" * 40, "abc"])
def test_a_number_that_is_none_counts_as_not_said(number: str) -> None:
    request = join_request_of({"protocol": number, "reconnect_reason": number, "sdk": number})

    assert request.client_info.protocol == 0


@pytest.mark.parametrize("attributes", ["%", "é", base64.urlsafe_b64encode(b'{"a": 1}').decode(), "W" * 200_000])
def test_attributes_that_are_none_are_an_error(attributes: str) -> None:
    with pytest.raises(JoinRequestInvalid):
        join_request_of({"attributes": attributes})

    fine = base64.urlsafe_b64encode(b'{"a": "1"}').decode().rstrip("=")
    assert dict(join_request_of({"attributes": fine}).participant_attributes) == {"a": "1"}


def test_a_second_session_only_publishes_and_only_in_rooms_of_an_sdk_key() -> None:
    second = publish_only(grant("key"), "screen")
    assert (second.identity, second.video.can_subscribe) == ("anna#screen", False)

    for issuer, name in (("internal", "screen"), ("key", "x" * 65)):
        with pytest.raises(JoinRequestInvalid):
            publish_only(grant(issuer), name)
