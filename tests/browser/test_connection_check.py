"""livekit-client's own ConnectionCheck against our server, from a page of somebody else's site.

Left out are the checks over TCP and TURN, for there is neither a media port on TCP nor a relay yet, and the one called
"websocket": it asks for the older protocol on `/rtc`, with two peer connections, which is not served.
"""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from livekit.api import AccessToken, VideoGrants

from browser.people import Browsers
from serving import Served

BUNDLE = Path(__file__).resolve().parent.parent.parent / "node_modules/livekit-client/dist/livekit-client.umd.js"
KEY, SECRET = "check", "a-secret-for-this-test-alone-9f2c7d51e8b04a63"
CHECKS = ["checkWebRTC", "checkReconnect", "checkPublishAudio", "checkPublishVideo"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path, settings={"LIVEKIT_KEYS": f"{KEY}: {SECRET}"}) as served:
        yield served


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[str]:
    """A page with livekit-client on an origin that is not the server's."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "livekit.js").write_bytes(BUNDLE.read_bytes())
    (site / "index.html").write_text("<!doctype html><title>check</title><script src='livekit.js'></script>")
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=site))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()
    serving.server_close()


@pytest.mark.parametrize("check", CHECKS)
async def test_the_sdk_finds_nothing_wrong_with_the_connection(
    browsers: Browsers, server: Served, other_site: str, check: str
):
    token = AccessToken(KEY, SECRET).with_identity("checker").with_grants(VideoGrants(room_join=True, room="check"))
    browser = await browsers.with_devices("allowed")
    async with await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(other_site)

        result = await page.evaluate(
            "([check, url, token]) => new LivekitClient.ConnectionCheck(url, token)[check]()",
            [check, server.url, token.to_jwt()],
        )

    assert result["status"] == 3, result["logs"]  # CheckStatus.SUCCESS
