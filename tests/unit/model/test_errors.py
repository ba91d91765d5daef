"""The error tree and the contract hold the same codes."""

import re

from huisclos.model import errors
from huisclos.model.error_texts import STATUS, TEXTS
from huisclos.model.errors import CheckFault, HuisClosError, StartRefused

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HuisClosError)]
LEAVES = [kind for kind in KINDS if "code" in vars(kind) and kind not in (HuisClosError, StartRefused)]


def test_every_error_that_can_be_answered_has_its_texts_and_the_reverse():
    said_by_commands = {kind.code for kind in LEAVES if issubclass(kind, CheckFault)}

    assert {kind.code for kind in LEAVES} == set(STATUS) | said_by_commands == set(TEXTS)
    assert set(STATUS).isdisjoint(said_by_commands)


def test_every_error_is_drawn_in_the_tree_of_the_module():
    drawn = set(re.findall(r"[A-Z]\w+[a-z]\w*", errors.__doc__ or ""))

    assert {kind.__name__ for kind in KINDS} <= drawn


def test_a_code_is_its_class_in_snake_case():
    for kind in LEAVES:
        assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
