"""Wide, contingency and count tables give the answer of the long table; statistics add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa.agreement import (
    LabelStatistics,
    cohen_kappa,
    collect_labels,
    conger_kappa,
    fleiss_kappa,
    from_contingency,
    from_counts,
    from_wide,
    krippendorff_alpha,
    label_agreement,
)
from labelqa.errors import OptionError, TableError

LONG = pd.DataFrame(
    [(i, w, "abc"[(i * i + w * (i % 3)) % 3]) for i in range(12) for w in (1, 2, 3) if (i + w) % 5],
    columns=["item_id", "annotator_id", "label"],
)
EVERY = [fleiss_kappa, krippendorff_alpha, conger_kappa]


@pytest.mark.parametrize("function", EVERY)
def test_wide(function: object) -> None:
    wide = LONG.pivot_table(index="item_id", columns="annotator_id", values="label", aggfunc="first")
    assert function(from_wide(wide)).value == pytest.approx(function(LONG).value)
    assert label_agreement(from_wide(wide)).per_item.equals(label_agreement(LONG).per_item)


def test_wide_tables_keep_items_without_labels_and_types() -> None:
    wide = pd.DataFrame({"ann": [1, 2], "bob": [1, 3]}, index=["x", "y"])
    assert from_wide(wide)["label"].tolist() == [1, 2, 1, 3]
    empty = from_wide(pd.DataFrame({"ann": [None, "a"]}, index=["x", "y"]))
    assert empty["item_id"].tolist() == ["x", "y"]
    assert from_wide(pd.DataFrame(index=["x"])).empty


@pytest.mark.parametrize(
    ("wide", "message"),
    [
        (pd.DataFrame({"ann": ["a", "b"]}, index=[1, 1]), "has the item 1 more than once; give each item one row"),
        (pd.DataFrame([["a", "b"]], columns=["ann", "ann"]), "has the annotator 'ann' more than once; .* one column"),
    ],
)
def test_doubled_ids_of_wide_tables_are_refused(wide: pd.DataFrame, message: str) -> None:
    with pytest.raises(TableError, match=message):
        from_wide(wide)


def test_contingency() -> None:
    table = pd.DataFrame([[3, 1], [0, 2]], index=["x", "y"], columns=["x", "y"])
    long = from_contingency(table, annotators=("ann", "bob"))
    assert long.groupby("annotator_id")["label"].value_counts().to_dict() == {
        ("ann", "x"): 4,
        ("ann", "y"): 2,
        ("bob", "x"): 3,
        ("bob", "y"): 3,
    }
    assert cohen_kappa(long).value == pytest.approx(cohen_kappa(from_contingency(table[["y", "x"]])).value)
    assert from_contingency(np.zeros((2, 2))).empty


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 2, 3], [4, 5, 6]], "needed are the same classes in both. Add rows or columns of zeros"),
        (pd.DataFrame([[1, 2], [3, 4]], ["x", "y"], ["x", "z"]), r"has rows 'x', 'y' and columns 'x', 'z'"),
        ([[1, -2], [3, 4]], "1 cells are no counts .* give whole numbers of 0 and above"),
        ([[1, 0.5], [3, 4]], "1 cells are no counts"),
        ([["one", 2], [3, 4]], "1 cells are no counts"),
    ],
)
def test_impossible_contingency_tables_are_refused(table: object, message: str) -> None:
    with pytest.raises(TableError, match=message):
        from_contingency(table)


def test_counts_keep_unused_classes_and_natural_order() -> None:
    counts = pd.DataFrame([[1, 0, 1], [0, 0, 2]], columns=["10", "9", "1"])
    statistics = from_counts(counts)
    assert statistics.classes.tolist() == ["1", "9", "10"]
    assert (statistics.n_labels, statistics.n_items, statistics.n_paired) == (4, 2, 2)
    assert "unknown annotators" in repr(statistics)
    with pytest.raises(TableError, match=r"1 cells are no counts \(first: -1"):
        from_counts([[-1, 2]])


@given(st.lists(st.integers(0, 2), min_size=12, max_size=12))
@settings(max_examples=25, deadline=None)
def test_statistics_of_parts_add_up(part_of_item: list[int]) -> None:
    parts = [LONG[LONG["item_id"].map(dict(enumerate(part_of_item))) == part] for part in range(3)]
    together = sum((collect_labels(part, classes="abc") for part in parts[1:]), collect_labels(parts[0], classes="abc"))
    whole = collect_labels(LONG)
    assert repr(together) == repr(whole)
    for function in EVERY:
        one, two = function(together), function(whole)
        assert one.value == pytest.approx(two.value)
        assert one.table.equals(two.table)
    one, two = (krippendorff_alpha(statistics, n_resamples=50) for statistics in (together, whole))
    # the same rows in the same order: the same resamples
    assert (one.se, one.low, one.high) == pytest.approx((two.se, two.low, two.high), abs=1e-12)


def test_statistics_know_their_classes() -> None:
    one, two = collect_labels(LONG), collect_labels(LONG[LONG["label"] != "a"])
    with pytest.raises(TableError, match="collected with different classes; give both the same list"):
        one + two
    with pytest.raises(OptionError, match="classes= cannot change statistics that are counted already"):
        krippendorff_alpha(one, classes="xyz")


def test_counts_and_labels_add_up_without_annotators() -> None:
    together = collect_labels(LONG) + from_counts(pd.DataFrame([[2, 1, 0]], columns=list("abc")))
    assert isinstance(together, LabelStatistics)
    assert together.n_annotators is None
    assert together.n_items == LONG["item_id"].nunique() + 1


def test_conger_of_statistics_has_no_interval() -> None:
    found = conger_kappa(collect_labels(LONG))
    assert found.value == pytest.approx(conger_kappa(LONG).value)
    assert np.isnan([found.se, found.low]).all()
    assert "labels one by one" in found.reason
