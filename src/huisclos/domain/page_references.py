"""Reads what an HTML page loads and runs. Pure; what of it is right is left to others."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

_NAMING: Final = frozenset({"src", "href", "srcset", "data", "poster", "action", "formaction", "xlink:href"})


@dataclass(slots=True)
class References:
    """`addresses`: absolute, without fragment. `inline`: what the page itself would run, in the page's own words."""

    addresses: set[str] = field(default_factory=set)
    inline: set[str] = field(default_factory=set)


def references(html: str, base: str) -> References:
    """Everything `html`, served as `base`, names or runs by itself. Takes whatever text it is given."""
    reader = _Reader(base)
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found = References()
        self._base = base
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_script = tag == "script"
        for name, value in attrs:
            if name in _NAMING and value is not None:
                self._names(value.split()[0] if name == "srcset" and value.split() else value)
            elif name.startswith("on") or name == "srcdoc" or (tag == "meta" and name == "http-equiv"):
                self.found.inline.add(f'<{tag} {name}="{value or ""}">')

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # whatever ends: scripts hold no elements
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.found.inline.add(f"<script>{data.strip()}</script>")

    def _names(self, value: str) -> None:
        try:
            self.found.addresses.add(urljoin(self._base, value.strip()).partition("#")[0])
        except ValueError:
            self.found.addresses.add(value)
