"""Each setting is told to the operator exactly as the program has it."""

from huisclos.app.settings import TABLE, Row
from structure.sources import ROOT

PAGE = ROOT / "docs/operate/settings.md"


def line(row: Row) -> str:
    """The row of the page for this setting."""
    reveal = getattr(row.default, "reveal", None)
    default = str(row.default if reveal is None else reveal())
    if row.kind is bool:
        default = default.lower()
    shown = f"`{default}`" if default else "—"
    return f"| `{row.name}` | `{row.env}` | `{row.flag}` | {shown} | {row.help} |"


def test_the_settings_page_shows_every_setting_as_it_is():
    expected = [line(row) for row in TABLE]

    shown = [text for text in PAGE.read_text().splitlines() if text.startswith("| `")]

    assert shown == expected, "the page should have these rows:\n" + "\n".join(expected)
