"""Which names a person may show to others. Names are free, but may not deceive by characters nobody sees."""

import unicodedata

from huisclos.model.errors import NameInvalid
from huisclos.model.lobby import DisplayName
from huisclos.model.secrecy import Pii

LONGEST = 64
# Joiners shape Indic scripts and emoji families, so they are the two format characters (Cf) that stay allowed.
_ALLOWED_FORMAT = {"\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}"}
# Drawn as nothing although Unicode calls them letters or symbols.
_BLANK = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}


def checked(text: str) -> DisplayName:
    """The name as others will see it: composed (NFC), trimmed, inner white space single. Raises NameInvalid."""
    if len(text) > 4 * LONGEST:
        raise NameInvalid("too long")
    if any(_deceives(character) for character in text.strip()):
        raise NameInvalid("a control, direction or invisible character")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= LONGEST:
        raise NameInvalid("empty or too long")
    if not any(unicodedata.category(character)[0] in "LNSP" for character in name):
        raise NameInvalid("nothing to see")
    return Pii(name)


def _deceives(character: str) -> bool:
    """Control, format (all direction overrides are), private, surrogate and unassigned characters; separators of lines."""
    if character in _BLANK:
        return True
    category = unicodedata.category(character)
    return (category[0] == "C" and character not in _ALLOWED_FORMAT) or category in ("Zl", "Zp")
