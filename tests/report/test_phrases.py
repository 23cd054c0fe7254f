"""Numbers and sentences in words."""

from __future__ import annotations

import pytest

from labelqa.report import phrases


@pytest.mark.parametrize(
    ("given", "sentence", "clause"),
    [
        ("nobody drew a box", "Nobody drew a box.", "nobody drew a box"),
        ("Nobody drew a box.", "Nobody drew a box.", "nobody drew a box"),
        ("IoU is low.", "IoU is low.", "IoU is low"),
        ("PQ is low", "PQ is low.", "PQ is low"),
        ("F1 is low", "F1 is low.", "F1 is low"),
        ("A label is wrong.", "A label is wrong.", "a label is wrong"),
        ("Good IoU here", "Good IoU here.", "good IoU here"),
    ],
)
def test_sentences_and_clauses(given, sentence, clause):
    assert phrases.sentence(given) == sentence
    assert phrases.clause(given) == clause


def test_undefined_numbers_say_so():
    assert phrases.percent(float("nan")) == "undefined"
    assert phrases.with_interval(float("nan"), float("nan"), float("nan")) == "undefined"
    assert phrases.number(None) == "undefined"
    assert phrases.with_interval(0.5, float("nan"), 0.6) == "0.50"
    assert phrases.with_interval(0.5, 0.4, float("nan")) == "0.50"
    assert phrases.with_interval(0.5, 0.4, None) == "0.50"
    assert phrases.with_interval(0.5, None, 0.6) == "0.50"


def test_lists_and_counts():
    assert phrases.listed([]) == ""
    assert phrases.listed(["a"]) == "a"
    assert phrases.listed(["a", "b"]) == "a and b"
    assert phrases.listed(["a", "b", "c"]) == "a, b and c"
    assert [phrases.count(n, "box", "boxes") for n in (1, 1200)] == ["1 box", "1,200 boxes"]
