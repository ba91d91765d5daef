"""Names may be anything a person is called, and nothing that deceives the eye."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huisclos.domain.names import LONGEST, checked
from huisclos.model.errors import NameInvalid


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Zoé  ", "Zoé"),
        ("Anna   Maria", "Anna Maria"),
        ("Zoe\u0301", "Zoé"),
        ("李明", "李明"),
        ("محمد", "محمد"),
        ("श्रीमान् क्\u200dष", "श्रीमान् क्\u200dष"),
        ("👩‍🔬", "👩‍🔬"),
        ("x" * LONGEST, "x" * LONGEST),
    ],
)
def test_names_of_every_script_are_taken(typed: str, shown: str):
    assert checked(typed).reveal() == shown


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "x" * (LONGEST + 1),
        "anna\x00",
        "anna\nben",
        "anna\u202egro.live",
        "\u2066anna\u2069",
        "an\u200bna",
        "\ufeffanna",
        "\u3164",
        "\u200d\u200d",
        "\u0301",
        "\ue000",
        "x" * 100_000,
    ],
)
def test_names_that_are_empty_too_long_or_hide_something_are_refused(typed: str):
    with pytest.raises(NameInvalid):
        checked(typed)


@given(st.text(max_size=100))
def test_whatever_is_typed_the_name_shown_is_short_visible_and_checked_again_the_same(typed: str):
    try:
        shown = checked(typed).reveal()
    except NameInvalid:
        return

    assert 1 <= len(shown) <= LONGEST
    assert shown == shown.strip()
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Co") for character in shown)
    assert checked(shown).reveal() == shown
