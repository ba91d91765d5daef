"""Whatever is sent, the answer has the one error shape, the security headers, and gives nothing away."""

import logging
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from huisclos.api import application
from huisclos.api.security_headers import content_security_policy
from huisclos.model.error_texts import STATUS
from huisclos.services.dependencies import Dependencies
from unit.conftest import Inside, new_seat_key

ROOMS = "/api/v1/rooms"
JSON = {"content-type": "application/json"}
START = b'{"encryption": "transit"}'


def assert_shape(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status == STATUS[code]
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "help"}
    assert answer.json()["error"]["code"] == code
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_unknown_paths_and_methods_have_the_error_shape(http: httpx.AsyncClient):
    assert_shape(await http.get("/api/v1/nothing"), 404, "not_found")
    assert_shape(await http.get("/../../etc/passwd"), 404, "not_found")
    assert_shape(await http.get(ROOMS), 404, "not_found")
    put = await http.put("/healthz")
    assert_shape(put, 405, "method_not_allowed")
    assert "GET" in put.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"seat_key": 7}', b'{"seat_key": "x"}', b"{}"],
)
async def test_a_body_that_is_no_request_has_the_error_shape(http: httpx.AsyncClient, start: Any, body: bytes):
    room, _ = await start()

    assert_shape(await http.post(f"{ROOMS}/{room}/look", content=body, headers=JSON), 422, "request_invalid")


async def test_unknown_fields_are_refused(http: httpx.AsyncClient, start: Any):
    room, _ = await start()
    body = {"seat_key": new_seat_key().reveal()}
    assert (await http.post(f"{ROOMS}/{room}/look", json=body)).status_code == 200

    for field in ("__proto__", "constructor", "role", "is_host"):
        assert_shape(await http.post(f"{ROOMS}/{room}/look", json=body | {field: {}}), 422, "request_invalid")


async def test_a_body_over_64_kib_is_refused_announced_or_not(http: httpx.AsyncClient):
    async def chunks() -> Any:
        for _ in range(70):
            yield b" " * 1024

    assert_shape(await http.post(ROOMS, content=b" " * 70_000, headers=JSON), 413, "request_too_large")
    assert_shape(await http.post(ROOMS, content=chunks(), headers=JSON), 413, "request_too_large")
    assert (await http.post(ROOMS, content=START + b" " * 60_000, headers=JSON)).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://meet.test.evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://meet.test"},
    ],
)
async def test_orders_from_other_sites_are_refused(http: httpx.AsyncClient, headers: dict[str, str]):
    assert_shape(await http.post(ROOMS, json={}, headers=headers), 403, "origin_refused")


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://meet.test"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
async def test_orders_from_our_own_pages_and_from_programs_are_taken(http: httpx.AsyncClient, headers: dict[str, str]):
    assert (await http.post(ROOMS, content=START, headers=JSON | headers)).status_code == 201


async def test_nothing_changes_by_get(http: httpx.AsyncClient, deps: Dependencies, start: Any):
    room, _ = await start()
    before = await deps.store.all_rooms()

    for path in (ROOMS, *(f"{ROOMS}/{room}/{action}" for action in ("claim", "look", "enter", "knocks/admit-all"))):
        assert (await http.get(path)).status_code in (404, 405)

    assert await deps.store.all_rooms() == before


async def test_a_bug_of_ours_is_an_error_of_the_same_shape_and_says_nothing_about_itself(
    http: httpx.AsyncClient, deps: Dependencies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(deps.store, "_database", None)

    answer = await http.post(ROOMS, json={"encryption": "transit"})

    assert_shape(answer, 500, "internal")
    assert "NoneType" not in answer.text
    assert "POST /api/v1/rooms failed" in caplog.text


async def test_logs_hold_no_key_claim_name_address_token_or_room_id(
    http: httpx.AsyncClient, start: Any, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    for noisy in ("httpx", "aiosqlite", "sqlalchemy", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    room, claim = await start()
    key = new_seat_key().reveal()
    await http.post(f"{ROOMS}/{room}/claim", json={"claim": claim, "seat_key": key})
    entered = await http.post(f"{ROOMS}/{room}/enter?token=hunter2", json={"seat_key": key, "name": "Mélusine"})
    await http.post(f"{ROOMS}/{room}/enter", json={"seat_key": "Mélusine", "name": 7})
    await http.get(f"/r/{room}")

    for private in (room, claim, key, "Mélusine", "hunter2", "192.0.2.1", entered.json()["token"]):
        assert private not in caplog.text
    assert f"POST /api/v1/rooms/{room[:5]}…/enter 200" in caplog.text


async def test_a_report_of_a_broken_policy_is_counted_and_logged_short(
    http: httpx.AsyncClient, web: Any, caplog: pytest.LogCaptureFixture
):
    report = {"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://evil.test/x?secret" + "y" * 500}}

    first = await http.post("/api/v1/csp-report", json=report)
    second = await http.post("/api/v1/csp-report", content=b"\x00")

    assert (first.status_code, second.status_code) == (204, 204)
    assert "img-src" in caplog.text
    assert "secret" not in caplog.text
    statuses = [(await http.post("/api/v1/csp-report", json=report)).status_code for _ in range(30)]
    assert 429 in statuses


def test_the_policy_lets_nothing_foreign_in_and_no_inline_code():
    policy = content_security_policy("meet.example.org")

    # The one addition that WebAssembly needs; it lets no text become code.
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert policy.count("unsafe") == 1
    assert "worker-src 'self';" in policy
    assert "*" not in policy
    assert "connect-src 'self' ws://meet.example.org wss://meet.example.org;" in policy
    assert "require-trusted-types-for 'script'" in policy


@given(st.text(max_size=300))
def test_no_host_header_adds_anything_to_the_policy(host: str):
    directives = [part.split(" ")[0] for part in content_security_policy(host).split("; ")]

    assert directives == [part.split(" ")[0] for part in content_security_policy("").split("; ")]


@given(path=st.text(st.characters(codec="utf-8"), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
async def test_any_path_is_answered_by_a_page_or_an_error(http: httpx.AsyncClient, path: str):
    answer = await http.get("http://meet.test/" + quote(path))

    assert answer.status_code in (200, 404)


async def test_the_openapi_schema_describes_every_call(http: httpx.AsyncClient):
    schema = (await http.get("/api/v1/openapi.json")).json()

    assert {path for path in schema["paths"] if path.startswith(ROOMS)} == {
        ROOMS,
        *(f"{ROOMS}/{{room}}/{action}" for action in ("claim", "look", "enter", "policy", "knocks/admit-all")),
        f"{ROOMS}/{{room}}/people/{{identity}}/removal",
        *(f"{ROOMS}/{{room}}/knocks/{{knock}}/{action}" for action in ("admit", "deny")),
    }
    assert (await http.get("/docs")).status_code == 404


async def test_ready_means_that_media_and_store_answer(
    http: httpx.AsyncClient, inside: Inside, deps: Dependencies, monkeypatch: pytest.MonkeyPatch
):
    assert (await http.get("/readyz")).status_code == 200

    inside.media_age = 2.5
    assert (await http.get("/readyz")).status_code == 503
    inside.media_age = 0.1
    assert (await http.get("/readyz")).status_code == 200
    monkeypatch.setattr(deps.store, "_database", None)
    assert (await http.get("/readyz")).json() == {"status": "unavailable"}
    assert (await http.get("/healthz")).json() == {"status": "ok"}


async def test_browsers_are_told_to_stay_with_https_only_where_it_is_served(deps: Dependencies):
    for tls in (True, False):
        web = application.build(deps, tls=tls)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://meet.test") as client:
            answer = await client.get("/healthz")

        assert ("strict-transport-security" in answer.headers) is tls
