"""Secrets and private facts show up in nothing that is printed, logged or kept."""

import copy
import logging
import pickle
from dataclasses import dataclass

import pytest

from huisclos.model.join_grant import JoinGrant
from huisclos.model.secrecy import Pii, Secret


@dataclass
class Holder:
    inside: object


@pytest.mark.parametrize("wrapped", [Secret("hunter2"), Pii("hunter2")])
def test_no_way_of_printing_shows_the_content(wrapped: object, caplog: pytest.LogCaptureFixture):
    logging.getLogger("x").error("%s %r %s", wrapped, wrapped, Holder(wrapped))

    shown = [str(wrapped), repr(wrapped), f"{wrapped}", f"{wrapped:>20}", f"{wrapped!s}", repr([wrapped]), caplog.text]

    assert not any("hunter2" in text for text in shown)


@pytest.mark.parametrize("wrapped", [Secret("hunter2"), Pii("hunter2")])
def test_the_content_cannot_be_pickled_or_copied_by_accident(wrapped: object):
    with pytest.raises(TypeError):
        pickle.dumps(wrapped)
    with pytest.raises(TypeError):
        copy.deepcopy(wrapped)


def test_who_asks_by_name_gets_the_content():
    assert Secret("a").reveal() == "a"
    assert Pii("a").reveal() == "a"


def test_equal_contents_are_equal_and_only_of_the_same_kind():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert Pii("a") == Pii("a")
    assert Pii("a") != Secret("a")
    assert len({Secret("a"), Secret("a"), Pii("a"), Pii("a")}) == 2


def test_a_join_grant_does_not_print_a_name():
    assert "Zoé" not in repr(JoinGrant("p_1", Pii("Zoé"), "room", "internal"))
