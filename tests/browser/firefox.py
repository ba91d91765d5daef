"""Firefox for tests, spoken to by WebDriver BiDi: open a page, evaluate a function in it. Nothing more of the protocol."""

import asyncio
import itertools
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets

PREFERENCES: dict[str, Any] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
}
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_SECONDS = 60


class FirefoxPage:
    """One tab. `evaluate` takes what Playwright's takes: a function in JavaScript and one argument."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._context = ""

    async def begin(self) -> None:
        await self._command("session.new", {"capabilities": {}})
        tree = await self._command("browsingContext.getTree", {})
        self._context = tree["contexts"][0]["context"]

    async def open(self, address: str) -> None:
        """Leaves the page of before, with all its connections and workers."""
        await self._command("browsingContext.navigate", {"context": self._context, "url": address, "wait": "complete"})

    async def evaluate(self, function: str, argument: Any = None) -> Any:
        """What the function returns, by way of JSON. Raises AssertionError with the page's error."""
        # Values of BiDi have a shape of their own; JSON is understood at both ends.
        text = f"async (text) => JSON.stringify(await ({function})(JSON.parse(text)) ?? null)"
        answer = await self._command(
            "script.callFunction",
            {
                "functionDeclaration": text,
                "arguments": [{"type": "string", "value": json.dumps(argument)}],
                "target": {"context": self._context},
                "awaitPromise": True,
            },
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    async def _command(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await asyncio.wait_for(self._socket.recv(), 60))
            if message.get("id") == number:  # events, which were not asked for, have none
                assert message["type"] == "success", f"{method}: {message.get('message')}"
                return message["result"]


@asynccontextmanager
async def firefox() -> AsyncIterator[FirefoxPage]:
    """A Firefox of its own with one empty tab, gone at the end."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    assert path, "these tests need Firefox. On Debian: apt-get install firefox-esr"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        _write_preferences(profile)
        process = await asyncio.create_subprocess_exec(
            path,
            *("--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            socket_address = await asyncio.wait_for(_listening(process), START_SECONDS)
            async with websockets.connect(f"{socket_address}/session", max_size=None) as socket:
                page = FirefoxPage(socket)
                await page.begin()
                yield page
        finally:
            process.terminate()
            await process.wait()


def _write_preferences(profile: str) -> None:
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    Path(profile, "user.js").write_text("\n".join(lines))


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := _LISTENING.search(line.decode(errors="replace")):
            return found[1]
    raise AssertionError("Firefox ended before it listened")
