"""Integer codes: the same for any order of rows and any type of id."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelqa._codes import encode_ids, encode_labels, id_text, natural_order, of_one_type
from labelqa.annotations import Annotations, as_label_codes
from labelqa.errors import OptionError, TableError


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["10", "9", "1"], ["1", "9", "10"]),
        (["img10", "img9"], ["img10", "img9"]),
        (["10", "9", "x"], ["10", "9", "x"]),
        (["1.5", "1e1", "-2"], ["-2", "1.5", "1e1"]),
        (["nan", "2", "10"], ["10", "2", "nan"]),
        (["inf", "2", "10"], ["10", "2", "inf"]),
        (["1.0", "1"], ["1", "1.0"]),
        ([], []),
    ],
)
def test_natural_order_is_by_size_where_all_are_numbers(values: list[str], expected: list[str]) -> None:
    assert [values[i] for i in natural_order(values)] == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        ("7", "7"),
        (7.5, "7.5"),
        (np.float64(3), "3"),
        ("7.0", "7.0"),
        (True, "True"),
        (Decimal("7.00"), "7"),
        (Decimal(70), "70"),
        (Decimal("7.50"), "7.5"),
        (Decimal("NaN"), "NaN"),
        (np.datetime64("2026-01-02"), "2026-01-02 00:00:00"),
        (np.datetime64("2026-01-02", "ns"), "2026-01-02 00:00:00"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
    ],
)
def test_id_text(value: object, text: str) -> None:
    assert id_text(value) == text


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([7, 10, 7]),
        pd.Series([7.0, 10.0, 7.0]),
        pd.Series(["7", "10", "7"]),
        pd.Series([7, "10", 7.0], dtype=object),
        pd.Series(["7", "10", "7"], dtype="category"),
        pd.Series([7, 10, 7], dtype="Int64"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_ids_of_any_type_are_one_id(column: pd.Series) -> None:
    codes, ids = encode_ids(column, "item_id")
    assert codes.dtype == np.int32
    assert codes.tolist() == [0, 1, 0]
    assert ids.tolist() == ["7", "10"]


def test_a_missing_id_is_refused_with_its_rows() -> None:
    with pytest.raises(
        TableError, match=r"Column 'item_id' has no value in 2 rows \(first: 1, 3\); every row needs one"
    ):
        encode_ids(pd.Series(["a", None, "b", None]), "item_id")


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (pd.Series(["b", "a", "b"]), ["a", "b"]),
        (pd.Series([10, 9, 10]), [9, 10]),
        (pd.Series([2.0, np.nan, 1.0]), [1.0, 2.0]),
        (pd.Series([True, False, True]), [False, True]),
        (pd.Series([1, "a", 1], dtype=object), ["1", "a"]),
        (pd.Series(["nan", "<b>", "item_id"]), ["<b>", "item_id", "nan"]),
        (pd.Series([frozenset("ba"), frozenset(), frozenset("ab")], dtype=object), [frozenset(), frozenset("ab")]),
        (pd.Series([], dtype=object), []),
        (pd.Series([None, None], dtype=object), []),
    ],
)
def test_labels_keep_their_values_in_natural_order(column: pd.Series, classes: list) -> None:
    codes, found = encode_labels(column)
    assert found.tolist() == classes
    assert (codes == -1).tolist() == column.isna().tolist()
    for code, value in zip(codes, column, strict=True):
        if code >= 0:
            assert found[code] == value or str(found[code]) == str(value)


def test_listed_classes_are_order_and_extent() -> None:
    codes, classes = encode_labels(pd.Series(["low", "high", None]), ["low", "mid", "high"])
    assert codes.tolist() == [0, 2, -1]
    assert classes.tolist() == ["low", "mid", "high"]


def test_classes_find_numbers_and_texts_alike() -> None:
    assert encode_labels(pd.Series(["1", "2"]), [1, 2, 3])[0].tolist() == [0, 1]
    assert encode_labels(pd.Series([1.0, 2.0]), ["1", "2"])[0].tolist() == [0, 1]


def test_labels_beyond_the_listed_classes_are_refused() -> None:
    with pytest.raises(TableError, match=r"Column 'label' has 1 labels that classes= does not list \('dent'\)"):
        encode_labels(pd.Series(["ok", "dent"]), ["ok"])


def test_a_class_listed_twice_is_refused() -> None:
    with pytest.raises(OptionError, match="lists a class twice; name each class once"):
        encode_labels(pd.Series(["ok"]), ["ok", "ok"])


LABELS = pd.DataFrame(
    [
        ("2", "bob", "x"),
        ("10", "ann", "y"),
        ("2", "ann", None),
        ("2", "ann", "y"),
        ("10", "bob", "x"),
        ("3", "cho", None),
        ("10", "ann", "x"),
    ],
    columns=["item_id", "annotator_id", "label"],
)


def test_codes_are_sorted_by_item_annotator_label() -> None:
    codes = as_label_codes(LABELS)
    assert codes.items.tolist() == ["2", "3", "10"]
    assert codes.annotators.tolist() == ["ann", "bob", "cho"]
    assert codes.item.tolist() == [0, 0, 2, 2, 2]
    assert codes.annotator.tolist() == [0, 1, 0, 0, 1]
    assert codes.label.tolist() == [1, 0, 0, 1, 0]
    assert codes.offsets.tolist() == [0, 2, 2, 5]
    assert LABELS["label"].iloc[codes.row].tolist() == codes.classes[codes.label].tolist()
    assert (codes.n_items, codes.n_annotators, codes.n_classes) == (3, 3, 2)


@given(st.permutations(range(len(LABELS))))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    one, two = as_label_codes(LABELS), as_label_codes(LABELS.iloc[order])
    for name in ("items", "annotators", "classes", "item", "annotator", "label"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_repeats_can_be_refused() -> None:
    with pytest.raises(TableError, match=r"1 times an annotator labelled an item more than once .*'10 by ann'"):
        as_label_codes(LABELS, repeats="refuse")
    assert len(as_label_codes(LABELS.iloc[:5], repeats="refuse").item) == 4
    with pytest.raises(OptionError, match=r"repeats='latest' is not known; choose one of 'keep', 'refuse'"):
        as_label_codes(LABELS, repeats="latest")


def test_label_codes_of_annotations_are_made_once() -> None:
    annotations = Annotations.from_frames(labels=LABELS, repeats="keep")
    assert as_label_codes(annotations) is as_label_codes(annotations)
    assert as_label_codes(annotations, ["x", "y", "z"]).n_classes == 3


def test_box_codes_hold_boxes_within_views_within_items() -> None:
    boxes = pd.DataFrame(
        [("10", "ann", "a", 5, 0, 9, 9), ("10", "ann", "b", 1, 0, 9, 9), ("2", "bob", "a", 0, 0, 4, 4)],
        columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
    )
    views = pd.DataFrame(
        [("10", "ann", "labelled"), ("10", "bob", "empty"), ("2", "bob", "labelled"), ("2", "ann", "skipped")],
        columns=["item_id", "annotator_id", "status"],
    )
    items = pd.DataFrame({"item_id": ["2", "10"], "width": [8, np.nan], "height": [8, np.nan]})
    annotations = Annotations.from_frames(boxes=boxes, views=views, items=items)
    codes = annotations.box_codes
    assert codes.items.tolist() == ["2", "10"]
    assert codes.item_offsets.tolist() == [0, 1, 3]
    assert codes.annotators[codes.view_annotator].tolist() == ["bob", "ann", "bob"]
    assert codes.view_offsets.tolist() == [0, 1, 3, 3]
    assert codes.xyxy[:, 0].tolist() == [0, 1, 5]
    assert codes.classes[codes.label].tolist() == ["a", "b", "a"]
    assert annotations.boxes["x_min"].iloc[codes.row].tolist() == [0, 1, 5]
    assert np.isnan(codes.sizes).tolist() == [[False, False], [True, True]]


def test_labels_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(
        TableError, match=r"Column 'label' holds values that cannot be told apart .* give texts, numbers"
    ):
        encode_labels(pd.Series([["a"], ["b"]]))


#: One column of labels, a b c b with a < b < c, in every form that people have it in.
NUMBERS = {
    "int64": pd.Series([1, 2, 10, 2]),
    "int8": pd.Series([1, 2, 10, 2], dtype="int8"),
    "float": pd.Series([1.0, 2.0, 10.0, 2.0]),
    "Int64": pd.Series([1, 2, 10, 2], dtype="Int64"),
    "objects": pd.Series([1, 2, 10, 2], dtype=object),
    "numpy scalars": pd.Series([np.int64(1), np.int32(2), 10, np.int64(2)], dtype=object),
    "decimals": pd.Series([Decimal("1.0"), Decimal(2), Decimal("10.00"), Decimal("2.0")], dtype=object),
    "categories": pd.Series([1, 2, 10, 2], dtype="category"),
    "texts": pd.Series(["1", "2", "10", "2"]),
    "string": pd.Series(["1", "2", "10", "2"], dtype="string"),
    "text categories": pd.Series(["1", "2", "10", "2"], dtype="category"),
    "numbers and texts": pd.Series([1, "2", Decimal(10), 2.0], dtype=object),
}


@pytest.mark.parametrize("form", NUMBERS)
def test_labels_and_ids_in_any_form_give_the_same_codes(form: str) -> None:
    column = NUMBERS[form]
    table = pd.DataFrame({"item_id": column, "annotator_id": ["ann", "ann", "ann", "bob"], "label": column})
    for codes in (as_label_codes(table), Annotations.from_frames(labels=table).label_codes):
        assert codes.label.tolist() == [0, 1, 1, 2]
        assert codes.items.tolist() == ["1", "2", "10"]
        assert [id_text(value) for value in codes.classes] == ["1", "2", "10"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([True, False, True]),
        pd.Series([True, False, True], dtype="boolean"),
        pd.Series([True, np.False_, True], dtype=object),
        pd.Series([True, False, True], dtype="category"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_truth_values_in_any_form(column: pd.Series) -> None:
    codes, classes = encode_labels(column)
    assert codes.tolist() == [1, 0, 1]
    assert classes.tolist() == [False, True]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.to_datetime(["2026-01-02", "2026-01-01"])),
        pd.Series([np.datetime64("2026-01-02", "ns"), np.datetime64("2026-01-01", "ns")], dtype=object),
        pd.Series([pd.Timestamp("2026-01-02"), np.datetime64("2026-01-01", "D")], dtype=object),
    ],
    ids=["column", "nanoseconds", "both"],
)
def test_times_in_any_form(column: pd.Series) -> None:
    codes, classes = encode_labels(column)
    assert codes.tolist() == [1, 0]
    assert classes.tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")]


def test_one_and_true_are_two_labels_and_two_ids() -> None:
    column = pd.Series([1, True, 1.0, None], dtype=object)
    codes, classes = encode_labels(column)
    assert codes.tolist() == [0, 1, 0, -1]
    assert classes.tolist() == ["1", "True"]
    assert encode_ids(column.head(3), "item_id")[1].tolist() == ["1", "True"]


def test_a_column_of_one_type_keeps_its_values() -> None:
    given = pd.Series([np.int64(1), None, 2], dtype=object, index=[5, 6, 7], name="label")
    found = of_one_type(given)
    assert found.tolist() == [1, None, 2]
    assert [type(value) for value in found] == [int, type(None), int]
    assert (found.index.tolist(), found.name) == ([5, 6, 7], "label")


def test_mixed_categories_become_text_and_keep_their_order() -> None:
    given = pd.Series(["low", 1, "low"], dtype=pd.CategoricalDtype(["low", 1], ordered=True))
    found = of_one_type(given)
    assert found.dtype.categories.tolist() == ["low", "1"]
    assert found.dtype.ordered
    same = of_one_type(pd.Series([1, "1"], dtype=pd.CategoricalDtype([1, "1"])))
    assert same.tolist() == ["1", "1"]
