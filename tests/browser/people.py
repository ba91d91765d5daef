"""People with browsers of their own: each finds the controls by role and name, as one does with eyes or a screen reader."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from browser.media import PATIENCE, WATCH, growing, moving_pictures, until
from browser.words import NAMES, Language

# What the person's camera and microphone are like; it is a matter of the browser's start, not of the page.
Devices: TypeAlias = Literal["allowed", "refused", "absent"]

FLAGS = [
    "--no-sandbox",  # the tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # Several pages talk at once, and all but one are in the background.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
]
FAKE_DEVICES = "--use-fake-device-for-media-stream"
DEVICE_FLAGS: dict[Devices, list[str]] = {
    # The fake interface also answers the screen-share picker.
    "allowed": [FAKE_DEVICES, "--use-fake-ui-for-media-stream"],
    "refused": [FAKE_DEVICES, "--use-fake-ui-for-media-stream=deny"],
    "absent": ["--use-fake-ui-for-media-stream"],
}
PHONE, LAPTOP, WALL = (360, 740), (1280, 800), (2560, 1440)


@dataclass(frozen=True)
class Seal:
    """The state of a call's encryption as the page tells it: `words` and `digits` are the safety code, empty before it is known."""

    padlock: str
    epoch: int
    words: tuple[str, ...]
    digits: str
    members: int
    blocked: int


class Browsers:
    """One Chromium for each kind of devices, started when first asked for."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._running: dict[Devices, Browser] = {}

    async def with_devices(self, devices: Devices) -> Browser:
        if devices not in self._running:
            path = shutil.which("chromium") or shutil.which("google-chrome")
            assert path, "the browser tests need Chromium. On Debian: apt-get install chromium"
            self._running[devices] = await self._playwright.chromium.launch(
                executable_path=path, headless=True, args=[*FLAGS, *DEVICE_FLAGS[devices]]
            )
        return self._running[devices]

    async def close(self) -> None:
        for browser in self._running.values():
            await browser.close()


class Person:
    """Somebody in front of a page. What the page must never do is noted in `wrongs` while the test goes on."""

    def __init__(self, name: str, page: Page, language: Language, origin: str, pictures: Path) -> None:
        self.name = name
        self.page = page
        self.language = language
        self.wrongs: list[str] = []
        self.sockets: list[str] = []
        self._origin = origin
        self._pictures = pictures
        page.on("request", lambda request: self._must_be_ours(request.url))
        page.on("websocket", lambda socket: self._note_socket(socket.url))
        page.on("pageerror", lambda error: self.wrongs.append(f"uncaught: {error}"))
        # A broken policy of the old page must not be forgotten by a reload.
        page.on("console", lambda message: self._must_keep_policy(message.text))

    # ── Finding things ───────────────────────────────────────────────────────────────────────────

    def word(self, control: str) -> str:
        """The accessible name of a control in this person's language."""
        return NAMES[control][self.language]

    def button(self, control: str) -> Locator:
        """The button called so, and no other: "Mute" is not "Unmute"."""
        # Straight and typographic apostrophes are the same to a listener.
        name = re.escape(self.word(control)).replace("'", "['’]")
        return self.page.get_by_role("button", name=re.compile(f"^{name}$"))

    # ── Doing things ─────────────────────────────────────────────────────────────────────────────

    def button_of(self, control: str, name: str) -> Locator:
        """The button that does this to the one who knocked as `name`."""
        row = self.page.get_by_role("listitem").filter(has_text=name)
        return row.get_by_role("button", name=self.word(control)).first

    async def open(self, address: str) -> None:
        await self.page.goto(address if "://" in address else self._origin + address)

    async def press(self, control: str) -> None:
        await self.button(control).click(timeout=PATIENCE * 1000)

    async def start_meeting(self) -> str:
        """From the home page into a new encrypted room of one's own; the link for the others."""
        await self.open("/")
        await self.press("new meeting")
        await self.ask_to_join()
        await self.is_in_call()
        return await self.invitation()

    async def invitation(self) -> str:
        """The whole link for guests, as the invitation panel shows it."""
        await self.page.get_by_role("button", name=self.word("invite")).first.click()
        await self.press("show link")
        link = await self.page.get_by_role("textbox", name=self.word("meeting link")).input_value()
        await self.press("close")
        return link

    async def ask_to_join(self) -> None:
        """Give one's name on the screen before the call and press the one big button."""
        await self.button("join").wait_for(timeout=PATIENCE * 1000)
        await self.page.get_by_role("textbox").first.fill(self.name)
        await self.press("join")

    async def knock(self, link: str) -> None:
        """Open a guest's link and ask to be let in."""
        await self.open(link)
        await self.ask_to_join()

    async def admit(self, guest: "Person") -> None:
        """Let in the one who knocked under this name."""
        await expect(self.page.get_by_text(guest.name).first).to_be_visible(timeout=PATIENCE * 1000)
        await self.button_of("admit", guest.name).click(timeout=PATIENCE * 1000)
        await guest.is_in_call()

    async def loses_focus(self) -> None:
        """No control has the focus, as after a click beside them all."""
        await self.page.evaluate("document.activeElement.blur()")

    async def wants_to_be_seen(self) -> None:
        """Agree on the screen before the call to open camera and microphone."""
        await self.press("try devices")

    async def switch_language_to(self, language: Language) -> None:
        await self.page.get_by_role("button", name={"fr": "Français", "en": "English"}[language]).click()

    # ── Noticing things ──────────────────────────────────────────────────────────────────────────

    async def is_in_call(self) -> None:
        await expect(self.button("leave")).to_be_visible(timeout=PATIENCE * 1000)

    async def sees(self, others: int) -> None:
        """As many others arrive as video, are decoded and move on the screen."""
        await until(
            lambda: self._at_least(others, "video"), f"{self.name} receives the video of {others}", seconds=PATIENCE * 2
        )
        own = 1 if await self.button("stop video").count() else 0

        async def moving() -> int | None:
            count = len(await moving_pictures(self.page))
            return count if count >= others + own else None

        await until(moving, f"{others + own} pictures move on the screen of {self.name}")

    async def hears(self, others: int) -> None:
        """As many others are audible: not packets alone, sound."""
        await until(lambda: self._at_least(others, "audio"), f"{self.name} hears {others}", seconds=PATIENCE * 2)

    async def hears_nobody(self) -> None:
        """No sound of anybody arrives any more."""

        async def silence() -> bool:
            return not await growing(self.page, "audio")

        await until(silence, f"{self.name} hears nobody")

    def tile(self, name: str) -> Locator:
        """Where somebody is shown in the call."""
        return self.page.get_by_role("group", name=re.compile(rf"^{re.escape(name)}\b"))

    def says_muted(self, name: str) -> Locator:
        """What tells that somebody's microphone is off."""
        return self.tile(name).get_by_label(re.compile("Muted|Micro coupé"))

    async def seal(self) -> Seal:
        """What the page says of the encryption of the call."""
        region = self.page.get_by_role("region", name=self.word("encryption"))
        padlock, epoch, words, digits, members, blocked = await region.get_by_role("definition").all_inner_texts()
        known = digits[:1].isdigit()
        return Seal(
            padlock,
            int(epoch) if epoch.isdigit() else -1,
            tuple(words.split(", ")) if known else (),
            digits if known else "",
            int(members),
            int(blocked),
        )

    async def picture(self, what: str) -> None:
        """Keep what the screen shows among the results of the run."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=self._pictures / f"{self.name}-{what}.png")

    async def verdict(self) -> list[str]:
        """All that the page did and must not do."""
        violations: list[str] = []
        if not self.page.is_closed() and self.page.url.startswith("http"):
            violations = await self.page.evaluate("window.watched?.violations ?? []")
        return [f"{self.name}: {wrong}" for wrong in [*self.wrongs, *violations]]

    async def _at_least(self, count: int, kind: str) -> bool:
        return len(await growing(self.page, kind)) >= count

    def _note_socket(self, url: str) -> None:
        self.sockets.append(url)
        self._must_be_ours(url)

    def _must_be_ours(self, url: str) -> None:
        to = urlsplit(url)
        if to.scheme not in {"blob", "data"} and to.netloc != urlsplit(self._origin).netloc:
            self.wrongs.append(f"asked a third party: {url.partition('?')[0]}")

    def _must_keep_policy(self, text: str) -> None:
        if "Content Security Policy" in text or "TrustedScript" in text or "TrustedHTML" in text:
            self.wrongs.append(text)


class People:
    """Everybody in one test: makes them, and at the end keeps their screens and holds their pages to account."""

    def __init__(self, browsers: Browsers, origin: str, pictures: Path) -> None:
        self._browsers = browsers
        self._origin = origin
        self._pictures = pictures
        self._everybody: list[tuple[Person, BrowserContext]] = []

    async def __call__(
        self,
        name: str,
        *,
        language: Language = "en",
        devices: Devices = "allowed",
        size: tuple[int, int] = LAPTOP,
        dark: bool = False,
        any_certificate: bool = False,
    ) -> Person:
        """A new person with an empty browser profile. `any_certificate`: has clicked the browser's warning away."""
        context = await (await self._browsers.with_devices(devices)).new_context(
            locale={"fr": "fr-FR", "en": "en-GB"}[language],
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            ignore_https_errors=any_certificate,
        )
        await context.add_init_script(WATCH)
        person = Person(name, await context.new_page(), language, self._origin, self._pictures)
        self._everybody.append((person, context))
        return person

    async def meeting(self, host: Person, *guests: Person) -> str:
        """Everybody in one new room, let in by the host; the link of the room."""
        link = await host.start_meeting()
        await asyncio.gather(*(guest.knock(link) for guest in guests))
        for guest in guests:
            await host.admit(guest)
        return link

    async def meeting_in_transit(self, links: dict[str, str], host: Person, *guests: Person) -> str:
        """The same in a room that is encrypted in transit only, made on the command line: programs without keys may come too."""
        await host.open(links["host_link"])
        await host.ask_to_join()
        await host.is_in_call()
        await asyncio.gather(*(guest.knock(links["guest_link"]) for guest in guests))
        for guest in guests:
            await host.admit(guest)
        return links["guest_link"]

    async def part(self) -> list[str]:
        """Close every page; what was wrong with any."""
        wrongs: list[str] = []
        for person, context in self._everybody:
            wrongs += await person.verdict()
            if not person.page.is_closed():
                await person.picture("at the end")
            await context.close()
        return wrongs
