"""Room tokens: which ones open a call, and all the ways of forging that do not."""

import base64
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit.api import AccessToken, VideoGrants

from huisclos.identity.room_tokens import LIFETIME, RoomTokens
from huisclos.model.errors import TokenExpired, TokenFault, TokenInvalid, TokenMissing
from huisclos.model.ids import RoomId, new_identity
from huisclos.model.join_grant import INTERNAL_ISSUER
from huisclos.model.secrecy import Pii, Secret
from unit.conftest import NOON, Clock

INTERNAL = secrets.token_hex(32)
SDK = secrets.token_hex(32)
NOW = int(NOON.timestamp())
ROOM = RoomId.new()


@pytest.fixture
def tokens(clock: Clock) -> RoomTokens:
    return RoomTokens(Secret(INTERNAL), {"bot": Secret(SDK)}, clock)


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "bot",
        "sub": "robot",
        "nbf": NOW,
        "exp": NOW + 600,
        "video": {"room": "standup", "roomJoin": True},
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def signed(content: dict[str, Any], key: str = SDK, headers: dict[str, Any] | None = None) -> str:
    return jwt.PyJWS().encode(json.dumps(content).encode(), key, algorithm="HS256", headers=headers)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def with_header(header: dict[str, Any]) -> str:
    """A token whose signature fits its bytes by HMAC-SHA256, whatever the header calls it."""
    content = f"{part(header)}.{part(claims())}"
    signature = hmac.digest(SDK.encode(), content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_made_by_hand_is_good_under_the_right_header(tokens: RoomTokens):
    assert tokens.verify_join_token(with_header({"alg": "HS256"})).identity == "robot"


def test_a_minted_token_is_verified_as_what_it_was_minted_for(tokens: RoomTokens):
    identity = new_identity()

    grant = tokens.verify_join_token(tokens.mint(ROOM, identity, Pii("Zoé")).reveal())

    assert (grant.identity, grant.room, grant.name, grant.issuer) == (identity, ROOM, Pii("Zoé"), INTERNAL_ISSUER)
    assert grant.is_internal
    assert grant.video.can_publish
    assert grant.video.can_update_own_metadata


def test_a_guests_token_says_exactly_what_a_call_needs(tokens: RoomTokens):
    content = jwt.decode(tokens.mint(ROOM, new_identity(), Pii("x")).reveal(), options={"verify_signature": False})

    assert set(content) == {"iss", "sub", "name", "nbf", "exp", "video"}
    assert set(content["video"]) == {
        "room",
        "roomJoin",
        "canPublish",
        "canSubscribe",
        "canPublishData",
        "canUpdateOwnMetadata",
    }
    assert content["exp"] - content["nbf"] == LIFETIME.total_seconds() == 600


def test_a_token_opens_nothing_once_its_ten_minutes_are_over(tokens: RoomTokens, clock: Clock):
    token = tokens.mint(ROOM, new_identity(), Pii("x")).reveal()
    clock.forward(seconds=599)
    tokens.verify_join_token(token)

    clock.forward(seconds=12)

    with pytest.raises(TokenExpired):
        tokens.verify_join_token(token)


def test_a_token_of_the_official_sdk_is_taken_with_all_it_says(clock: Clock):
    tokens = RoomTokens(Secret(INTERNAL), {"bot": Secret(SDK)}, lambda: datetime.now(UTC))
    token = (
        AccessToken("bot", SDK)
        .with_identity("robot")
        .with_name("Robot")
        .with_metadata("m")
        .with_attributes({"a": "b"})
        .with_grants(VideoGrants(room_join=True, room="standup", can_publish=False, can_publish_sources=["camera"]))
        .to_jwt()
    )

    grant = tokens.verify_join_token(token)

    assert (grant.identity, grant.name, grant.room, grant.issuer) == ("robot", Pii("Robot"), "standup", "bot")
    assert (grant.metadata, dict(grant.attributes)) == ("m", {"a": "b"})
    assert (grant.video.can_publish, grant.video.can_subscribe) == (False, True)
    assert grant.video.can_publish_sources == {"camera"}


def test_no_token_is_told_apart_from_a_bad_one(tokens: RoomTokens):
    with pytest.raises(TokenMissing):
        tokens.verify_join_token("")


def test_the_good_token_that_the_forgeries_below_start_from_is_good(tokens: RoomTokens):
    assert tokens.verify_join_token(signed(claims())).identity == "robot"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": "unknown"},
        {"iss": INTERNAL_ISSUER},
        {"iss": ["bot"]},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**12},
        {"exp": 10**400},
        {"exp": -1},
        {"exp": NOW + 400 * 86400},
        {"nbf": NOW + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 257},
        {"sub": "\ud800"},
        {"video": None},
        {"video": []},
        {"video": {"room": "standup"}},
        {"video": {"room": "standup", "roomJoin": "true"}},
        {"video": {"room": "", "roomJoin": True}},
        {"video": {"roomJoin": True}},
        {"video": {"room": "standup", "roomJoin": True, "hidden": True}},
        {"video": {"room": "standup", "roomJoin": True, "recorder": True}},
        {"video": {"room": "standup", "roomJoin": True, "canPublish": "no"}},
        {"video": {"room": "standup", "roomJoin": True, "canPublishSources": "camera"}},
        {"attributes": {"a": 1}},
        {"metadata": {}},
    ],
)
def test_a_signed_token_with_odd_claims_is_refused(tokens: RoomTokens, changes: dict[str, Any]):
    with pytest.raises(TokenInvalid):
        tokens.verify_join_token(signed(claims(**changes)))


def test_an_expired_token_of_an_sdk_is_refused(tokens: RoomTokens):
    with pytest.raises(TokenExpired):
        tokens.verify_join_token(signed(claims(exp=NOW - 60)))


def test_no_other_algorithm_key_or_header_is_accepted(tokens: RoomTokens):
    body = part(claims())
    good = signed(claims())
    forged = [
        f"{part({'alg': 'none'})}.{body}.",
        f"{part({'alg': 'HS256'})}.{body}.",
        jwt.encode(claims(), SDK, algorithm="HS512"),
        with_header({"alg": "RS256"}),
        with_header({"alg": "hs256"}),
        with_header({"alg": ["HS256"]}),
        with_header({}),
        signed(claims(), INTERNAL),
        signed(claims(), secrets.token_hex(32)),
        signed(claims(iss=INTERNAL_ISSUER), SDK),
        signed(claims(), headers={"crit": ["exp"]}),
        jwt.encode(claims(), None, algorithm="none"),
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        good + ".x",
        good.replace(".", ".."),
        good.rsplit(".", 1)[0],
        "x" * 100_000,
    ]

    for token in forged:
        with pytest.raises(TokenInvalid):
            tokens.verify_join_token(token)


def test_a_header_cannot_point_to_a_key(tokens: RoomTokens):
    assert tokens.verify_join_token(signed(claims(), headers={"kid": "../../dev/null"})).identity == "robot"
    with pytest.raises(TokenInvalid):
        tokens.verify_join_token(signed(claims(), "\0" * 32, headers={"kid": "../../dev/null"}))


def test_a_repeated_claim_is_refused_although_signed(tokens: RoomTokens):
    content = json.dumps(claims())[:-1] + ', "sub": "somebody else"}'
    token = jwt.PyJWS().encode(content.encode(), SDK, algorithm="HS256")

    with pytest.raises(TokenInvalid):
        tokens.verify_join_token(token)


@given(
    st.one_of(st.text(), st.builds(".".join, st.lists(st.text(st.characters(codec="ascii")), min_size=3, max_size=3)))
)
def test_any_text_at_all_is_refused_by_a_typed_error(text: str):
    tokens = RoomTokens(Secret(INTERNAL), {}, Clock())

    with pytest.raises(TokenFault):
        tokens.verify_join_token(text)


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists)))
def test_any_claims_at_all_with_a_good_signature_are_refused_by_a_typed_error(content: dict[str, Any]):
    tokens = RoomTokens(Secret(INTERNAL), {"bot": Secret(SDK)}, Clock())
    token = signed(content | {"iss": "bot"})

    with pytest.raises(TokenFault):
        tokens.verify_join_token(token)
