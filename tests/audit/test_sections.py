"""What the parts of the page say in words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest

from labelqa.audit._found import Flags, Found
from labelqa.audit.sections._change import verdict
from labelqa.audit.sections._flags import _about
from labelqa.audit.sections._lead import _allows
from labelqa.audit.steps._flags import about_items
from labelqa.compare import Comparison
from labelqa.noise import review_queue


def comparison(**known: Any) -> Comparison:
    """A comparison of which only some numbers matter."""
    empty = {
        field.name: pd.DataFrame() if "DataFrame" in str(field.type) else float("nan")
        for field in dataclasses.fields(Comparison)
    }
    return Comparison(**(empty | known))


@pytest.mark.parametrize(
    ("n_needed", "words"), [(18816.0, "18,800 trusted test items"), (96.0, "96 trusted test items")]
)
def test_an_open_verdict_says_how_many_test_items_it_takes(n_needed, words):
    found = comparison(
        verdict="inconclusive", difference=0.033, low=-0.007, high=0.073, margin=0.005, n_needed=n_needed, reason=None
    )
    assert f"to find a difference of 0.5 points takes about {words}." in verdict(found)


def test_a_verdict_without_a_number_of_items_is_a_sentence():
    found = comparison(verdict="inconclusive", difference=0.033, low=-0.007, high=0.073, margin=0.005, reason=None)
    assert verdict(found).endswith("3.3 points of accuracy [\u22120.7, 7.3].")


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (0.8, "rely on"),
        (0.7999, "tentative"),
        (0.667, "tentative"),
        (0.6669, "too low"),
        (0.2001, "too low"),
        (0.2, "chance"),
    ],
)
def test_an_agreement_is_said_in_words(alpha, words):
    assert words in _allows(alpha)


@pytest.mark.parametrize(
    ("kind", "box_id", "words"),
    [
        ("label", None, "Label"),
        ("lone_class", None, "Lone class"),
        ("class", "b1", "Box: class"),
        ("duplicate", "b1", "Box: duplicate"),
        ("missing", None, "Box: missing"),
    ],
)
def test_a_finding_of_another_kind_is_about_the_item_unless_it_has_a_box(kind, box_id, words):
    assert _about(kind, box_id) == words


def test_a_finding_of_another_kind_is_enough_for_flags():
    rows = pd.DataFrame({"item_id": ["a", "b"], "kind": ["lone_class", "missing"], "doubt": 2.0})
    none = dict.fromkeys(("label_issues", "image_issues", "duplicates", "outliers", "box_issues"))
    flags = Flags(queue=review_queue(rows), **none)
    assert not flags.is_empty
    assert about_items(Found(flags=flags))["item_id"].tolist() == ["a"]
    assert Flags(queue=review_queue(rows.head(0)), **none).is_empty
