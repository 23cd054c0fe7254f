"""Texts have no order unless somebody states it; numbers have one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa import Annotations
from labelqa.agreement import (
    cohen_kappa,
    collect_labels,
    compare_agreement,
    from_contingency,
    from_counts,
    from_wide,
    gwet_ac,
    items_needed,
    items_to_relabel,
    krippendorff_alpha,
    label_agreement,
    permutation_test,
)
from labelqa.errors import OptionError, TableError

GRADES = ["low", "mid", "high"]
MATRIX = np.array([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]])
OPTIONS = [
    {"level": "ordinal"},
    {"level": "ordinal_gwet"},
    {"weights": "linear"},
    {"weights": "quadratic"},
    {"weights": "radical"},
    {"weights": MATRIX},
    {"weights": MATRIX.tolist()},
]
PLACES: list[Callable[..., Any]] = [
    krippendorff_alpha,
    cohen_kappa,
    label_agreement,
    permutation_test,
    lambda data, **how: compare_agreement(data, data, **how),
    lambda data, **how: items_needed(data, width=0.1, **how),
    lambda data, **how: krippendorff_alpha(collect_labels(data), **how),
    lambda data, **how: krippendorff_alpha(from_wide(_wide(data)), **how),
    lambda data, **how: krippendorff_alpha(from_counts(pd.crosstab(data["item_id"], data["label"])), **how),
    lambda data, **how: krippendorff_alpha(from_contingency(pd.crosstab(*_two(data))), **how),
    lambda data, **how: krippendorff_alpha(Annotations.from_frames(labels=data), **how),
]


def _wide(data: pd.DataFrame) -> pd.DataFrame:
    return data.pivot_table(index="item_id", columns="annotator_id", values="label", aggfunc="first", observed=True)


def _two(data: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    wide = _wide(data)
    return wide["ann"], wide["bob"]


@pytest.fixture(scope="module")
def numbers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 40)
    said = np.clip(np.concatenate([truth, truth + rng.integers(-1, 2, 40)]), 0, 2)
    return pd.DataFrame(
        {"item_id": np.tile(np.arange(40), 2), "annotator_id": np.repeat(["ann", "bob"], 40), "label": said}
    )


@pytest.fixture(scope="module")
def words(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers.assign(label=numbers["label"].map(dict(enumerate(GRADES))))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("place", PLACES)
def test_texts_without_a_stated_order_are_refused(place: Any, options: dict[str, Any], words: pd.DataFrame) -> None:
    needed = r"needs classes in order; found texts \('high', 'low', 'mid'\), whose order nobody stated. List all"
    with pytest.raises(TableError, match=needed):
        place(words, **options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("place", PLACES[:6])
def test_a_stated_order_gives_what_numbers_give(
    place: Any, options: dict[str, Any], words: pd.DataFrame, numbers: pd.DataFrame
) -> None:
    def value(found: Any) -> float:
        return found.alpha if hasattr(found, "alpha") else found.before if hasattr(found, "before") else found.value

    wanted = value(place(numbers, **options))
    ordered = words.assign(label=pd.Categorical(words["label"], GRADES, ordered=True))
    as_texts = numbers.assign(label=numbers["label"].astype(str))
    for classes in (GRADES, tuple(GRADES), np.array(GRADES), pd.Index(GRADES)):
        assert value(place(words, classes=classes, **options)) == pytest.approx(wanted)
    assert value(place(ordered, **options)) == pytest.approx(wanted)
    assert value(place(as_texts, **options)) == pytest.approx(wanted)


def test_an_unordered_categorical_states_no_order(words: pd.DataFrame) -> None:
    listed = words.assign(label=pd.Categorical(words["label"], GRADES))
    for data in (listed, collect_labels(listed), Annotations.from_frames(labels=listed)):
        with pytest.raises(TableError, match="whose order nobody stated"):
            krippendorff_alpha(data, level="ordinal")


def test_the_alphabet_would_have_been_wrong(words: pd.DataFrame, numbers: pd.DataFrame) -> None:
    right = krippendorff_alpha(numbers, level="ordinal").value
    of_order = {
        order: krippendorff_alpha(words, level="ordinal", classes=order).value for order in permutations(GRADES)
    }
    assert of_order[tuple(GRADES)] == pytest.approx(right)
    assert of_order["high", "low", "mid"] < right - 0.1


@pytest.mark.parametrize("shape", ["wide", "contingency", "counts", "statistics", "annotations"])
def test_every_shape_keeps_the_order_of_an_ordered_categorical(
    shape: str, words: pd.DataFrame, numbers: pd.DataFrame
) -> None:
    ordered = words.assign(label=pd.Categorical(words["label"], GRADES, ordered=True))
    wide = pd.DataFrame({who: group.set_index("item_id")["label"] for who, group in ordered.groupby("annotator_id")})
    given = {
        "wide": lambda: from_wide(wide),
        "contingency": lambda: from_contingency(pd.crosstab(wide["ann"], wide["bob"], dropna=False)),
        "counts": lambda: from_counts(pd.crosstab(ordered["item_id"], ordered["label"])),
        "statistics": lambda: collect_labels(ordered),
        "annotations": lambda: Annotations.from_frames(labels=ordered),
    }[shape]()
    found = krippendorff_alpha(given, level="ordinal")
    assert found.value == pytest.approx(krippendorff_alpha(numbers, level="ordinal").value)
    assert found.table["label"].tolist() == GRADES


def test_counts_take_their_order_by_name_or_for_arrays_by_position(words: pd.DataFrame, numbers: pd.DataFrame) -> None:
    counts = pd.crosstab(words["item_id"], words["label"])
    wanted = krippendorff_alpha(numbers, level="ordinal").value
    by_name = from_counts(counts, classes=GRADES)
    by_position = from_counts(counts[GRADES].to_numpy(), classes=GRADES)
    for statistics in (by_name, by_position, by_name + by_name):
        assert list(statistics.classes) == GRADES
    assert krippendorff_alpha(by_name, level="ordinal").value == pytest.approx(wanted)
    assert krippendorff_alpha(by_position, level="ordinal").value == pytest.approx(wanted)
    for wrong in (GRADES[:2], [*GRADES[:2], "mid"], [*GRADES[:2], "top"]):
        with pytest.raises(OptionError, match=r"are not the 3 columns \('high', 'low', 'mid'\); list each column once"):
            from_counts(counts, classes=wrong)


def test_statistics_know_their_order_where_it_was_stated(words: pd.DataFrame, numbers: pd.DataFrame) -> None:
    wanted = krippendorff_alpha(numbers, level="ordinal").value
    parts = [collect_labels(words[words["item_id"] % 2 == k], classes=GRADES) for k in (0, 1)]
    assert krippendorff_alpha(parts[0] + parts[1], level="ordinal").value == pytest.approx(wanted)
    found = collect_labels(words)
    stated = krippendorff_alpha(found, level="ordinal", classes=["high", "low", "mid"])
    assert stated.value == krippendorff_alpha(words, level="ordinal", classes=["high", "low", "mid"]).value


def test_the_order_does_not_matter_to_these(words: pd.DataFrame) -> None:
    even = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    table = pd.DataFrame(MATRIX, GRADES, GRADES)
    for options in ({}, {"weights": even}, {"weights": table}, {"weights": lambda a, b: float(a != b)}):
        assert np.isfinite(krippendorff_alpha(words, **options).value)
    yes_no = words.assign(label=words["label"] == "mid")
    assert np.isfinite(krippendorff_alpha(yes_no, level="ordinal").value)


def test_two_sets_are_compared_in_an_order_that_holds_both(words: pd.DataFrame) -> None:
    few = words[words["label"] != "high"]
    ordered = words.assign(label=pd.Categorical(words["label"], GRADES, ordered=True))
    few_ordered = few.assign(label=pd.Categorical(few["label"], GRADES[:2], ordered=True))
    for before, after in ((ordered, few_ordered), (few_ordered, ordered)):
        found = compare_agreement(before, after, level="ordinal")
        stated = compare_agreement(
            before.assign(label=before["label"].astype(str)),
            after.assign(label=after["label"].astype(str)),
            level="ordinal",
            classes=GRADES,
        )
        assert [found.before, found.after, found.se] == [stated.before, stated.after, stated.se]
    other = few.assign(label=pd.Categorical(few["label"], ["mid", "low"], ordered=True))
    with pytest.raises(OptionError, match=r"needs one order of classes; found 'low', 'mid', 'high' before and 'mid'"):
        compare_agreement(ordered, other, level="ordinal")
    with pytest.raises(TableError, match="whose order nobody stated"):
        compare_agreement(ordered, few, level="ordinal")


def test_a_set_is_no_order_and_a_number_no_list(words: pd.DataFrame) -> None:
    for wrong in ({"low", "mid", "high"}, 3):
        with pytest.raises(OptionError, match="is no list in order; give all classes as a list"):
            krippendorff_alpha(words, classes=wrong)  # type: ignore[arg-type]


def test_unused_categories_of_an_ordered_column_count_everywhere(words: pd.DataFrame) -> None:
    ordered = words.assign(label=pd.Categorical(words["label"], [*GRADES, "top"], ordered=True))
    assert (
        gwet_ac(collect_labels(ordered)).value
        == gwet_ac(ordered).value
        == gwet_ac(words, classes=[*GRADES, "top"]).value
    )
    pd.testing.assert_frame_equal(items_to_relabel(ordered), items_to_relabel(words, classes=[*GRADES, "top"]))
