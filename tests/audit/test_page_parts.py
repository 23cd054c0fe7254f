"""Each part of the page from small results made by hand: its order, its limits, and the words at their boundaries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa.audit.sections import _agreement, _box_agreement, _change, _disagreement, _flags, _label_agreement, _lead
from labelqa.audit.sections._rows import ROWS, enough

NAN = float("nan")


def column(block: dict[str, Any], key: str) -> list[Any]:
    return [row[key] for row in block["rows"]]


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        (0.8, "good enough to rely on"),
        (0.7999, "enough for tentative conclusions only"),
        (0.667, "enough for tentative conclusions only"),
        (0.6669, "too low to rely on single labels"),
        (0.2001, "too low to rely on single labels"),
        (0.2, "hardly better than chance"),
        (-0.3, "hardly better than chance"),
    ],
)
def test_agreement_in_words_at_its_limits(alpha, words):
    assert _lead._allows(alpha) == words


@pytest.mark.parametrize(
    ("counts", "kept"), [([9, 10, 11], [10, 11]), ([3, 9, 4], [9]), ([0, 0], []), ([1, 0], [1]), ([], [])]
)
def test_rows_that_rest_on_ten_or_the_most_there_are(counts, kept):
    assert enough(pd.DataFrame({"n": pd.Series(counts, dtype=int)}), "n")["n"].tolist() == kept


def test_label_tables_are_worst_first():
    classes = pd.DataFrame(
        {"label": ["a", "b", "c"], "n_labels": 1, "agreement": [0.9, 0.1, 0.5], "alpha": [0.9, 0.1, 0.5]}
    ).assign(agreement_low=NAN, agreement_high=NAN, alpha_low=NAN, alpha_high=NAN)
    assert column(_label_agreement._per_class(classes), "label") == ["b", "c", "a"]
    people = pd.DataFrame({"annotator_id": ["a", "b", "c", "d"], "n_compared": [10, 10, 10, 9]}).assign(
        agreement=[0.9, 0.1, 0.5, 0.0], low=NAN, high=NAN, alpha_without=NAN
    )
    assert column(_label_agreement._per_annotator(people), "annotator_id") == ["b", "c", "a"]
    pairs = pd.DataFrame({"annotator_a": ["a", "a", "b"], "annotator_b": ["b", "c", "c"], "n_items": [10, 20, 30]})
    pairs = pairs.assign(agreement=0.5, agreement_low=NAN, agreement_high=NAN, kappa_low=NAN, kappa_high=NAN)
    shown = _label_agreement._per_pair(pairs.assign(kappa=[0.4, 0.4, 0.1]))
    assert column(shown, "pair") == ["b and c", "a and c", "a and b"]
    own = pd.DataFrame({"annotator_id": ["a", "b"], "n_items": 5, "agreement": [0.9, 0.2]})
    (shown,) = _label_agreement._with_themselves(own)
    assert column(shown, "annotator_id") == ["b", "a"]
    assert _label_agreement._with_themselves(own.head(0)) == []


def test_tables_are_cut_where_they_say():
    people = pd.DataFrame({"annotator_id": [f"w{k:02d}" for k in range(ROWS + 1)], "n_compared": 10}).assign(
        agreement=0.5, low=NAN, high=NAN, alpha_without=NAN
    )
    assert ROWS == 12
    shown = _label_agreement._per_annotator(people)
    assert (len(shown["rows"]), shown["more"]) == (12, "12 of 13 rows, all in agreement/labels_per_annotator.csv.")


def test_box_tables_are_worst_first():
    ends = {f"{score}{end}": NAN for score in ("f1", "mean_iou", "pq") for end in ("", "_low", "_high")}
    pairs = pd.DataFrame({"annotator_a": ["a", "b", "a"], "annotator_b": ["b", "c", "c"], "n_images": [10, 10, 9]})
    shown = _box_agreement._pairs(pairs.assign(**{**ends, "f1": [0.9, 0.2, 0.1]}))
    assert column(shown, "pair") == ["b and c", "a and b"]
    parts = pd.DataFrame({"scope": ["all", "all", "all", "ann"], "part": ["class", "location", "duplicate", "class"]})
    parts = parts.assign(share=[0.1, 0.3, 0.0, 0.9], share_low=NAN, share_high=NAN)
    assert column(_box_agreement._parts(parts), "name") == ["Edges drawn elsewhere", "Another class"]


def test_annotators_against_gold_are_worst_first():
    against = pd.DataFrame({"annotator_id": ["a", "b"], "n_items": 10, "n_right": [9, 2], "accuracy": [0.9, 0.2]})
    shown = _agreement._annotators(SimpleNamespace(against_gold=against))
    assert column(shown, "annotator_id") == ["b", "a"]


def confusion(*rows: tuple[Any, ...]) -> Any:
    names = ["annotator_id", "true_label", "label", "n_labels", "share", "low", "high"]
    return SimpleNamespace(confusion=pd.DataFrame(rows, columns=names))


@pytest.mark.parametrize(
    ("low", "usual", "is_named"), [(0.1001, 0.0, True), (0.1, 0.0, False), (0.3, 0.15, False), (0.3001, 0.15, True)]
)
def test_who_mixes_two_classes_up(low, usual, is_named):
    rows = [("eve", "ok", "dent", 40, 0.5, low, 0.7), *((who, "ok", "dent", 40, usual, 0.0, 0.2) for who in "abc")]
    found = _disagreement.mixing(confusion(*rows), "ok", "dent")
    assert found.named == (("eve",) if is_named else ())


def test_three_are_named_the_strongest_first():
    rows = [(f"w{k}", "ok", "dent", 10 + k, 0.5, 0.4, 0.6) for k in range(4)]
    rows += [(f"v{k}", "ok", "dent", 5, 0.0, 0.0, 0.1) for k in range(6)]
    found = _disagreement.mixing(confusion(*rows), "ok", "dent")
    assert found.named == ("w3", "w2", "w1")
    assert found.sentences[-1] == "So do 1 other (consensus/labels_confusion.parquet)."


def flag(**known: Any) -> dict[str, Any]:
    return {"about": "Label", "label": "ok", "proposal": "dent", "p_wrong": 0.9} | known


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (flag(), "Label: ok → dent"),
        (flag(proposal="ok"), "Label: ok"),
        (flag(proposal=None), "Label: ok"),
        (flag(label=None, proposal=None), "Label"),
        (flag(about="Conflicting duplicate", p_wrong=0.5), "Conflicting duplicate: ok → dent"),
        (flag(about="Conflicting duplicate", p_wrong=0.4999), "Conflicting duplicate: ok, probably the right one"),
    ],
)
def test_what_a_flag_proposes(row, words):
    assert _flags._change(row) == words


@pytest.mark.parametrize(("n", "words"), [(200, "all are shown;"), (201, "the first 200 are shown, and")])
def test_the_first_two_hundred_flags_are_shown(n, words):
    queue = pd.DataFrame({"item_id": [f"p{k}" for k in range(n)], "is_calibrated": True})
    assert words in _flags._introduction(queue)[0]
    assert len(_flags._introduction(queue)) == 1
    assert "uncalibrated" in _flags._introduction(queue.assign(is_calibrated=False))[1]


@pytest.mark.parametrize(("n", "words"), [(1, None), (2, "w0: ok, w1: ok"), (5, "w4: ok"), (6, "ok × 6")])
def test_up_to_five_people_are_named(n, words):
    labels = pd.DataFrame({"item_id": "p", "annotator_id": [f"w{k}" for k in range(n)], "label": "ok"})
    said = _flags._said(labels, {"p"}).get("p")
    assert said is None if words is None else said.endswith(words)


@pytest.mark.parametrize(
    ("kind", "box", "words"),
    [
        ("label", None, "Label"),
        ("label", "7", "Box: label"),
        ("image", np.nan, "Picture"),
        ("loose_box", "7", "Box: loose box"),
    ],
)
def test_what_a_flag_is_about(kind, box, words):
    assert _flags._about(kind, box) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("helps", "The fixes help: 2.0 points of accuracy [1.0, 3.0]."),
        ("hurts", "The fixes hurt: 2.0 points"),
        ("equivalent", "The fixes change nothing that matters: 2.0 points"),
        ("inconclusive", "takes about 999 trusted test items."),
    ],
)
def test_verdicts_in_words(found, words):
    comparison = SimpleNamespace(verdict=found, difference=0.02, low=0.01, high=0.03, n_needed=999.0, margin=0.01)
    assert words in _change.verdict(comparison)


def test_large_numbers_of_test_items_are_rounded():
    known = {"verdict": "inconclusive", "difference": 0.02, "low": 0.01, "high": 0.03, "margin": 0.01}
    assert "about 1,000 trusted" in _change.verdict(SimpleNamespace(**known, n_needed=1000.0))
    assert "about 1,000 trusted" in _change.verdict(SimpleNamespace(**known, n_needed=1040.0))


def test_every_verdict_has_words():
    assert set(_change._MEANING) == {"helps", "hurts", "equivalent", "inconclusive"}


def test_annotators_of_boxes_are_worst_first(monkeypatch):
    from labelqa.agreement import box_agreement

    # ann and cy draw alike; bob, in the middle of the alphabet, draws beside every third box
    rows = [
        (f"p{k}", who, "x", *np.add([10, 10, 50, 50], 60 if who == "bob" and k % 3 == 0 else 0))
        for k in range(12)
        for who in ("ann", "bob", "cy")
    ]
    found = box_agreement(
        pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"])
    )
    for chart in ("_chart_of_thresholds", "_chart_of_parts"):
        monkeypatch.setattr(_box_agreement, chart, lambda *_: {})
    (shown,) = [
        block for block in _box_agreement.box_blocks(found, None) if "lowest F1 first: F1" in block.get("caption", "")
    ]
    assert column(shown, "annotator_id")[0] == "bob"
