"""The page web/tests/frames: two ends of an encrypted call without a server, built and handed out for tests."""

import asyncio
import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from browser.media import until

ROOT = Path(__file__).resolve().parent.parent.parent
SETTING = {
    "codec": "vp8",
    "sender": "ours",
    "receiver": "ours",
    "constantBitrate": True,
    "keysFor": ["alice", "bob"],
}
# The frame worker must run under what the product allows its pages.
POLICY = "default-src 'self'; connect-src *; worker-src 'self'"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing: the test's own output is what counts."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Builds the page into `folder` and gives the address where it is."""
    npx = shutil.which("npx")
    assert npx, "the test page is built with Node: install Node 20"
    built = subprocess.run(
        [npx, "vite", "build", "web/tests/frames", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "error"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


class Evaluating(Protocol):
    """A page of whatever browser."""

    async def evaluate(self, expression: str, arg: Any = None, /) -> Any: ...


class Lab:
    """Alice calls Bob in one page; the questions are about what comes out of Bob's decoders."""

    def __init__(self, page: Evaluating, api: str = "script") -> None:
        self.page = page
        self._api = api

    async def call(self, **changes: Any) -> None:
        await self.page.evaluate("setting => lab.call(setting)", {**SETTING, "api": self._api, **changes})

    async def does(self, what: str, *arguments: Any) -> Any:
        """Calls a method of the page's lab."""
        return await self.page.evaluate("([what, all]) => lab[what](...all)", [what, list(arguments)])

    async def sees_and_hears(self) -> None:
        """Pictures are decoded, and sound is not made up."""

        async def both() -> Any:
            return set(await self._gets(0.5)) == {"decoded", "energy"}

        await until(both, "Bob sees and hears Alice")

    async def gets_nothing(self, seconds: float = 2.0) -> None:
        """Once what was under way is through, nothing is decoded for some time, although Alice encodes."""

        async def nothing() -> Any:
            return not await self._gets(0.5)

        await until(nothing, "Bob's decoders stand still", seconds=5)
        encoded = (await self.does("stats"))["encoded"]
        assert await self._gets(seconds) == {}
        assert (await self.does("stats"))["encoded"] > encoded, "Alice encoded nothing: the test shows nothing"

    async def _gets(self, seconds: float) -> dict[str, float]:
        """What Bob decoded meanwhile: a number of pictures, energy of sound."""
        before = await self.does("stats")
        await asyncio.sleep(seconds)  # an interval of measurement, not a wait
        after = await self.does("stats")
        return {what: more for what in ("decoded", "energy") if (more := after[what] - before[what]) > 1e-6}

    async def dropped(self, name: str = "bob") -> set[str]:
        """The reasons for which this end has dropped frames."""
        return {
            reason for track in await self.does("reports", name) for reason, count in track["dropped"].items() if count
        }

    async def drops(self, reason: str, name: str = "bob") -> None:
        async def told() -> Any:
            return reason in await self.dropped(name)

        await until(told, f"{name} reports {reason}")
