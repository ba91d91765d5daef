"""The REST contract of encrypted rooms: signed policies, sealed cards, certificates, and never a name."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import cbor2
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from huisclos.identity import link_secrets, room_policy
from huisclos.model.errors import PolicyInvalid
from huisclos.model.ids import RoomId
from huisclos.services.dependencies import Dependencies
from unit.api.test_delivery import new_fingerprint
from unit.conftest import new_seat_key

ROOMS = "/api/v1/rooms"
CARD, CERTIFICATE = "Y2FyZA", "Y2VydA"


def b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@dataclass
class Browser:
    http: httpx.AsyncClient
    room: str
    key: str
    identity: str

    async def post(self, action: str, **body: object) -> httpx.Response:
        return await self.http.post(f"{ROOMS}/{self.room}/{action}", json={"seat_key": self.key, **body})

    async def enter(self) -> httpx.Response:
        return await self.post("enter", identity=self.identity, card=CARD)


@dataclass
class Host(Browser):
    seed: bytes
    claim: str

    def policy(self, **changes: object) -> str:
        """A policy of this room, signed by its host key; `changes` by field number (`n9=2`)."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        first = cbor2.loads(cbor2.loads(self.first)[0])
        body = cbor2.dumps(first | {int(name[1:]): value for name, value in changes.items()})
        return b64u(cbor2.dumps([body, key.sign(room_policy.signed_bytes(body))]))

    first: bytes = b""


@pytest.fixture
async def host(http: httpx.AsyncClient) -> Host:
    made = link_secrets.new_room(datetime.now(UTC), max_people=5)
    body = {"encryption": "e2ee", "room": made.room, "policy": b64u(made.policy)}
    started = await http.post(ROOMS, json=body)
    assert (started.status_code, started.json()["room"]) == (201, made.room)
    seed = base64.urlsafe_b64decode(made.host_seed.reveal() + "=")
    claim = started.json()["host_claim"]
    host = Host(http, made.room, new_seat_key().reveal(), new_fingerprint(), seed, claim, made.policy)
    assert (await host.post("claim", claim=claim, identity=host.identity)).status_code == 200
    return host


@pytest.fixture
def guest(host: Host) -> Browser:
    return Browser(host.http, host.room, new_seat_key().reveal(), new_fingerprint())


Knock = Callable[[Browser], Awaitable[str]]


async def knocked(guest: Browser) -> str:
    answer = await guest.enter()
    assert answer.status_code == 202
    return str(answer.json()["knock"])


async def test_from_a_knock_with_a_card_to_a_seat_with_a_certificate(host: Host, guest: Browser):
    looked = (await guest.post("look")).json()
    assert looked == {"role": "stranger", "people": None, "encryption": "e2ee", "policy": b64u(host.first)}
    knock = await knocked(guest)

    assert code(await host.post(f"knocks/{knock}/admit")) == (422, "certificate_missing")
    assert (await host.post(f"knocks/{knock}/admit", certificate=CERTIFICATE)).status_code == 204

    entered = (await guest.enter()).json()
    assert {name: entered[name] for name in ("state", "role", "identity", "encryption", "certificate")} == {
        "state": "admitted",
        "role": "guest",
        "identity": guest.identity,
        "encryption": "e2ee",
        "certificate": CERTIFICATE,
    }
    assert (await host.enter()).json()["certificate"] is None


async def test_what_a_host_gives_an_invited_guest_is_passed_on_as_it_is_and_is_bounded(host: Host, guest: Browser):
    """Certificate and sealed link secret as clients make them; the server reads neither these nor the invitation in the card."""
    leave = b64u(cbor2.dumps([bytes(140), bytes(48)]))
    card = b64u(cbor2.dumps({1: bytes(32), 2: bytes(92), 3: bytes(32), 4: bytes(8)}))
    knocking = await guest.post("enter", identity=guest.identity, card=card)
    knock = knocking.json()["knock"]

    too_long = await host.post(f"knocks/{knock}/admit", certificate=b64u(bytes(513)))
    assert code(too_long) == (422, "request_invalid")
    assert (await host.post(f"knocks/{knock}/admit", certificate=leave)).status_code == 204

    assert (await guest.post("enter", identity=guest.identity, card=card)).json()["certificate"] == leave


async def test_the_token_carries_no_name(host: Host, deps: Dependencies):
    token = (await host.enter()).json()["token"]

    grant = deps.tokens.verify_join_token(token)

    assert (grant.identity, grant.name.reveal()) == (host.identity, "")


async def test_all_who_have_a_certificate_are_admitted_together_and_the_others_wait(host: Host, guest: Browser):
    other = replace(guest, key=new_seat_key().reveal(), identity=new_fingerprint())
    knock, _ = await knocked(guest), await knocked(other)

    assert code(await host.post("knocks/admit-all")) == (422, "certificate_missing")
    assert (await host.post("knocks/admit-all", certificates={knock: CERTIFICATE})).status_code == 204

    assert (await guest.enter()).json()["state"] == "admitted"
    assert (await other.enter()).json()["state"] == "waiting"


async def test_a_guest_with_a_new_key_knocks_anew_and_a_host_does_not(host: Host, guest: Browser):
    knock = await knocked(guest)
    await host.post(f"knocks/{knock}/admit", certificate=CERTIFICATE)

    guest.identity, host.identity = new_fingerprint(), new_fingerprint()

    assert (await guest.enter()).json()["state"] == "waiting"
    entered = (await host.enter()).json()
    assert (entered["state"], entered["identity"]) == ("admitted", host.identity)


async def test_nobody_takes_the_identity_of_another(host: Host, guest: Browser):
    await knocked(guest)
    thief = replace(guest, key=new_seat_key().reveal())
    assert code(await thief.enter()) == (409, "identity_taken")

    thief.identity = host.identity
    assert code(await thief.enter()) == (409, "identity_taken")


async def test_one_who_was_turned_away_keeps_nobody_from_coming(host: Host, guest: Browser):
    await host.post(f"knocks/{await knocked(guest)}/deny")
    rightful = replace(guest, key=new_seat_key().reveal())

    assert (await guest.enter()).json() == {"state": "denied"}
    assert (await rightful.enter()).json()["state"] == "waiting"


async def test_each_kind_of_room_refuses_what_only_the_other_takes(
    host: Host, guest: Browser, start: Callable[[], Awaitable[tuple[str, str]]]
):
    transit, claim = await start()
    there = replace(guest, room=transit)

    assert code(await guest.post("enter", name="Anna")) == (422, "name_not_here")
    assert code(await guest.post("enter", name="Anna", identity=guest.identity, card=CARD)) == (422, "name_not_here")
    assert code(await guest.post("enter")) == (422, "card_missing")
    assert code(await guest.post("enter", identity=guest.identity)) == (422, "card_missing")
    assert code(await guest.post("enter", identity="p_short", card=CARD)) == (422, "request_invalid")
    assert code(await guest.post("enter", identity=guest.identity, card="A" * 1400)) == (422, "request_invalid")
    assert code(await there.enter()) == (422, "card_not_here")
    assert code(await there.post("claim", claim=claim, identity=guest.identity)) == (422, "request_invalid")
    assert code(await guest.post("claim", claim=host.claim)) == (409, "claim_used")
    assert code(await host.post("claim", claim=host.claim)) == (422, "identity_missing")
    assert (await there.post("enter", name="Anna")).status_code == 202


@pytest.mark.parametrize("body", [None, {}, {"room": "x"}])
async def test_how_a_room_is_encrypted_must_be_said(http: httpx.AsyncClient, body: object):
    assert code(await http.post(ROOMS, json=body)) == (422, "encryption_missing")


async def test_a_room_is_made_of_an_id_that_is_free_and_a_policy_that_is_its_own(http: httpx.AsyncClient, host: Host):
    made = link_secrets.new_room(datetime.now(UTC), max_people=5)
    mine = {"encryption": "e2ee", "room": made.room, "policy": b64u(made.policy)}

    assert code(await http.post(ROOMS, json=mine | {"room": host.room})) == (422, "policy_invalid")
    assert code(await http.post(ROOMS, json=mine | {"room": "short"})) == (422, "request_invalid")
    assert code(await http.post(ROOMS, json=mine | {"policy": None})) == (422, "policy_invalid")
    assert code(await http.post(ROOMS, json=mine | {"encryption": "transit"})) == (422, "request_invalid")
    assert (await http.post(ROOMS, json=mine)).status_code == 201
    assert code(await http.post(ROOMS, json=mine)) == (409, "room_taken")


async def test_a_newer_policy_of_the_same_key_takes_the_place_of_the_older(host: Host, guest: Browser):
    newer = host.policy(n9=2, n13=[guest.identity])

    assert code(await guest.post("policy", policy=newer, seq=2)) == (403, "host_only")
    assert (await host.post("policy", policy=newer, seq=2)).status_code == 204
    assert (await guest.post("look")).json()["policy"] == newer

    assert code(await host.post("policy", policy=newer, seq=2)) == (409, "policy_stale")
    assert code(await host.post("policy", policy=host.policy(n9=3), seq=4)) == (422, "policy_invalid")
    other = Ed25519PrivateKey.generate()
    host.seed = other.private_bytes_raw()
    forged = host.policy(n9=3, n7=other.public_key().public_bytes_raw())
    assert code(await host.post("policy", policy=forged, seq=3)) == (422, "policy_invalid")


async def test_a_policy_may_have_the_two_sealed_fields_and_none_beside(host: Host):
    assert (await host.post("policy", policy=host.policy(n9=2, n14=b"a" * 8192, n15=b"n"), seq=2)).status_code == 204
    for changes in ({"n14": b"a" * 8193}, {"n15": "text"}, {"n16": b""}):
        assert code(await host.post("policy", policy=host.policy(n9=3, **changes), seq=3)) == (422, "policy_invalid")


async def test_only_a_host_removes_and_only_guests(host: Host, guest: Browser):
    knock = await knocked(guest)
    await host.post(f"knocks/{knock}/admit", certificate=CERTIFICATE)
    out = f"people/{guest.identity}/removal"

    assert code(await guest.post(f"people/{host.identity}/removal")) == (403, "host_only")
    assert code(await host.post(f"people/{host.identity}/removal")) == (404, "person_unknown")
    assert code(await host.post(f"people/{new_fingerprint()}/removal")) == (404, "person_unknown")
    assert (await guest.enter()).json()["state"] == "admitted"

    for _again in range(2):
        assert (await host.post(out)).status_code == 204
        assert (await guest.enter()).json() == {"state": "denied"}
    assert (await guest.post("look")).json()["role"] == "stranger"


async def test_where_the_policy_opens_the_room_the_link_is_enough(host: Host, guest: Browser):
    assert (await guest.enter()).status_code == 202
    await host.post("policy", policy=host.policy(n9=2, n5="open"), seq=2)

    entered = (await guest.enter()).json()

    assert (entered["state"], entered["role"], entered["certificate"]) == ("admitted", "guest", None)


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"n1": 2},
            {"n2": "b" * 26},
            {"n3": "transit"},
            {"n4": 2},
            {"n5": "ajar"},
            {"n6": 0},
            {"n7": b"k"},
            {"n8": 0},
        ),
        *({"n9": -1}, {"n9": 2**60}, {"n9": True}, {"n10": "x"}, {"n12": [1]}, {"n13": ["Anna"]}, {"n14": 1}),
    ],
    ids=str,
)
async def test_a_policy_that_says_something_else_is_refused(host: Host, changes: dict[str, object]):
    blob = base64.urlsafe_b64decode(host.policy(**changes) + "==")

    with pytest.raises(PolicyInvalid):
        room_policy.read(blob, RoomId(host.room))
    assert room_policy.read(host.first, RoomId(host.room)).seq == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_a_policy_or_a_typed_error(blob: bytes):
    with pytest.raises(PolicyInvalid):
        room_policy.read(blob, RoomId("a" * 26))


@given(st.data())
def test_a_policy_with_a_changed_byte_is_none(data: st.DataObject):
    made = link_secrets.new_room(datetime(2026, 11, 24, tzinfo=UTC), max_people=5)
    blob = bytearray(made.policy)
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(PolicyInvalid):
        room_policy.read(bytes(blob), made.room)
