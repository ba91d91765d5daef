"""The web client is served from its folder, kept where it may be kept, and nothing beside it is."""

import gzip
from pathlib import Path

import httpx
import pytest

from huisclos.api import application
from huisclos.api.client_files import ClientFiles
from huisclos.services.dependencies import Dependencies
from unit.api.conftest import INDEX

PAGES = ["/", "/r/abcdefghijklmnopqrstuvwxyz", "/t/abcdefghijklmnopqrstuvwxyz", "/call", "/test"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_the_index_and_never_kept(http: httpx.AsyncClient, path: str):
    answer = await http.get(path)

    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"


async def test_hashed_assets_are_kept_for_good_and_others_asked_for_again(http: httpx.AsyncClient):
    asset = await http.get("/assets/index-abc123.js")
    icon = await http.get("/favicon.svg")

    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"].startswith("text/javascript")
    assert icon.headers["cache-control"] == "no-cache"


async def test_large_texts_are_compressed_for_who_takes_it(http: httpx.AsyncClient, client_folder: Path):
    plain = await http.get("/assets/index-abc123.js", headers={"accept-encoding": "identity"})
    zipped = await http.get("/assets/index-abc123.js", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) / 4
    assert zipped.content == plain.content == (client_folder / "assets/index-abc123.js").read_bytes()
    assert gzip.compress(b"")


async def test_a_rebuilt_file_is_served_anew(http: httpx.AsyncClient, client_folder: Path):
    await http.get("/favicon.svg")
    (client_folder / "favicon.svg").write_text("<svg>new</svg>")

    assert (await http.get("/favicon.svg")).text == "<svg>new</svg>"


@pytest.mark.parametrize(
    "path", ["/%2e%2e/secrets.json", "/..%2fsecrets.json", "/assets/..%2f..%2fsecrets.json", "//etc/passwd", "/a%00b"]
)
async def test_nothing_outside_of_the_client_is_served(http: httpx.AsyncClient, client_folder: Path, path: str):
    assert (client_folder.parent / "secrets.json").exists()

    answer = await http.get(httpx.URL("http://meet.test" + path))

    assert answer.status_code == 404
    assert "beside" not in answer.text


async def test_a_link_that_leads_out_of_the_client_is_not_followed(http: httpx.AsyncClient, client_folder: Path):
    (client_folder / "leak.json").symlink_to(client_folder.parent / "secrets.json")

    assert (await http.get("/leak.json")).status_code == 404


async def test_without_a_built_client_the_page_says_so_in_both_languages(deps: Dependencies, tmp_path: Path):
    web = application.build(deps, client=ClientFiles(tmp_path / "nowhere"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url="http://meet.test") as http:
        answer = await http.get("/")

    assert answer.status_code == 503
    assert "make build" in answer.text
    assert "Le serveur tourne" in answer.text
    assert "The server is running" in answer.text
