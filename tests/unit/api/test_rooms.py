"""The REST contract of docs/develop/api.md, call by call, and how it refuses."""

from typing import Any

import httpx
import pytest

from huisclos.model.error_texts import TEXTS
from huisclos.model.ids import KnockId, RoomId
from huisclos.services.dependencies import Dependencies
from unit.conftest import new_seat_key

ROOMS = "/api/v1/rooms"


def key() -> str:
    return new_seat_key().reveal()


async def test_from_a_new_room_to_an_admitted_guest(http: httpx.AsyncClient, start: Any):
    room, claim = await start()
    host, guest = key(), key()

    claimed = await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": host})
    assert (claimed.status_code, claimed.json()) == (200, {"role": "host"})

    entered = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": host, "name": "Zoé"})
    assert entered.status_code == 200
    assert {name: entered.json()[name] for name in ("state", "role", "signal_path")} == {
        "state": "admitted",
        "role": "host",
        "signal_path": "/",
    }
    assert set(entered.json()) == {"state", "role", "identity", "token", "signal_path", "encryption", "certificate"}
    assert entered.headers["cache-control"] == "no-store"

    looked = await http.post(f"{ROOMS}/{room}/look", json={"seat_key": guest})
    assert looked.json() == {"role": "stranger", "people": None, "encryption": "transit", "policy": None}
    waits = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "Anna"})
    assert waits.status_code == 202
    assert set(waits.json()) == {"state", "knock"}
    assert waits.json()["state"] == "waiting"

    admitted = await http.post(f"{ROOMS}/{room}/knocks/{waits.json()['knock']}/admit", json={"seat_key": host})
    assert (admitted.status_code, admitted.content) == (204, b"")
    again = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "Anna"})
    assert (again.status_code, again.json()["role"]) == (200, "guest")
    looked = await http.post(f"{ROOMS}/{room}/look", json={"seat_key": guest})
    assert looked.json() == {"role": "guest", "people": 0, "encryption": "transit", "policy": None}


async def test_a_denied_guest_is_told_so_and_stays_out(http: httpx.AsyncClient, start: Any):
    room, claim = await start()
    host, guest = key(), key()
    await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": host})
    waits = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "Mallory"})

    denied = await http.post(f"{ROOMS}/{room}/knocks/{waits.json()['knock']}/deny", json={"seat_key": host})
    await http.post(f"{ROOMS}/{room}/knocks/admit-all", json={"seat_key": host})

    assert denied.status_code == 204
    again = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "Somebody else"})
    assert (again.status_code, again.json()) == (200, {"state": "denied"})


async def test_all_who_wait_are_admitted_together(http: httpx.AsyncClient, start: Any):
    room, claim = await start()
    host, guests = key(), [key() for _ in range(3)]
    await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": host})
    for guest in guests:
        await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "x"})

    assert (await http.post(f"{ROOMS}/{room}/knocks/admit-all", json={"seat_key": host})).status_code == 204

    for guest in guests:
        assert (await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "x"})).status_code == 200


async def test_a_claim_used_by_another_browser_is_refused(http: httpx.AsyncClient, start: Any):
    room, claim = await start()
    await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": key()})

    used = await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": key()})
    wrong = await http.post(f"{ROOMS}/{room}/claim", json={"claim": key(), "seat_key": key()})

    assert (used.status_code, used.json()["error"]["code"]) == (409, "claim_used")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "claim_unknown")


async def test_the_first_to_come_is_a_stranger_who_waits(http: httpx.AsyncClient, start: Any):
    room, _ = await start()

    first = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": key(), "name": "First"})

    assert first.json()["state"] == "waiting"


@pytest.mark.parametrize("action", ["claim", "look", "enter", f"knocks/{KnockId('k_x')}/admit", "knocks/admit-all"])
async def test_rooms_that_are_not_there_and_ids_that_cannot_be_are_answered_alike(http: httpx.AsyncClient, action: str):
    body = {"seat_key": key()}
    body |= {"claim": key()} if action == "claim" else {"name": "x"} if action == "enter" else {}

    absent = await http.post(f"{ROOMS}/{RoomId.new()}/{action}", json=body)
    odd = [await http.post(f"{ROOMS}/{room}/{action}", json=body) for room in ("test", "a" * 25, "A" * 26, "%00", "é")]

    assert absent.status_code == 404
    assert absent.json()["error"]["code"] == "room_unknown"
    assert {answer.content for answer in odd} == {absent.content}
    assert {answer.status_code for answer in odd} == {404}


async def test_knocks_are_answered_by_hosts_only_and_once(http: httpx.AsyncClient, start: Any):
    room, claim = await start()
    host, guest = key(), key()
    await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": host})
    waits = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": guest, "name": "x"})
    path = f"{ROOMS}/{room}/knocks/{waits.json()['knock']}/admit"

    by_guest = await http.post(path, json={"seat_key": guest})
    by_host = await http.post(path, json={"seat_key": host})
    again = await http.post(path, json={"seat_key": host})

    assert (by_guest.status_code, by_guest.json()["error"]["code"]) == (403, "host_only")
    assert by_host.status_code == 204
    assert (again.status_code, again.json()["error"]["code"]) == (404, "knock_unknown")


async def test_the_twenty_first_knock_is_refused(http: httpx.AsyncClient, start: Any):
    room, _ = await start()
    for _ in range(20):
        assert (await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": key(), "name": "x"})).status_code == 202

    refused = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": key(), "name": "x"})

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "lobby_full")


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u202eb", "a\nb", "x" * 2000])
async def test_a_bad_name_is_refused(http: httpx.AsyncClient, start: Any, name: str):
    room, _ = await start()

    answer = await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": key(), "name": name})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in ("name_invalid", "request_invalid")


async def test_a_flood_is_told_how_long_to_wait(http: httpx.AsyncClient, start: Any):
    room, _ = await start()
    answers = [
        await http.post(f"{ROOMS}/{room}/claim", json={"claim": key(), "seat_key": key()}, headers={"cookie": f"a={n}"})
        for n in range(30)
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses == [403] * 20 + [429] * 10
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["retry-after"] in answers[-1].json()["error"]["help"]


async def test_a_server_with_all_its_rooms_says_so(http: httpx.AsyncClient, start: Any, deps: Dependencies):
    object.__setattr__(deps, "max_rooms", 1)
    await start()

    full = await http.post(ROOMS, json={"encryption": "transit"})

    assert (full.status_code, full.json()["error"]["code"]) == (503, "rooms_exhausted")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.8,en;q=0.5", "fr"),
        ("en-GB,fr;q=0.9", "en"),
        ("de, fr;q=0.3", "fr"),
        ("en;q=0.2, fr;q=0.9", "fr"),
        ("de", "en"),
        ("", "en"),
        ("fr;q=x,;;,,q=", "en"),
    ],
)
async def test_refusals_speak_the_language_that_is_asked_for(http: httpx.AsyncClient, header: str, language: Any):
    answer = await http.get("/nothing/here", headers={"accept-language": header})

    assert answer.json()["error"]["message"] == TEXTS["not_found"][language].message
    assert answer.headers["content-language"] == language
