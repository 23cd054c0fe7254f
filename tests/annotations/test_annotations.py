"""The four tables: what is refused and in which words, what is mended and counted, what is derived."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import krippendorff_alpha
from labelqa.annotations import Annotations, as_annotations
from labelqa.consensus import dawid_skene
from labelqa.errors import OptionError, TableError

EDGES = ["x_min", "y_min", "x_max", "y_max"]


def labels(*rows: tuple, columns: tuple = ("item_id", "annotator_id", "label")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns))


def boxes(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item_id", "annotator_id", "label", *EDGES])


def findings(annotations: Annotations) -> dict[str, tuple[int, str]]:
    return {row.finding: (row.n, row.action) for row in annotations.checks.itertuples()}


SAID = labels((1, "ann", "ok"), (1, "bob", "ok"), (2, "ann", "dent"))
DRAWN = boxes((1, "ann", "dent", 1, 1, 5, 5), (1, "bob", "dent", 2, 2, 6, 6))


def test_nothing_gives_empty_tables() -> None:
    annotations = Annotations.from_frames()
    assert repr(annotations) == "Annotations(0 items, 0 annotators, 0 views (derived), 0 labels, 0 boxes)"
    assert annotations.label_codes.n_items == 0
    assert len(annotations.box_codes.view_offsets) == 1
    assert annotations.checks.empty


def test_the_input_is_not_changed() -> None:
    given = [SAID.copy(), DRAWN.copy()]
    Annotations.from_frames(labels=given[0], boxes=given[1])
    pd.testing.assert_frame_equal(given[0], SAID)
    pd.testing.assert_frame_equal(given[1], DRAWN)


@pytest.mark.parametrize("name", ["labels", "boxes", "views", "items"])
def test_missing_columns_are_named_with_what_was_found(name: str) -> None:
    with pytest.raises(TableError, match=rf"The {name} table has no column .*\(found: 'item'\); rename yours with"):
        Annotations.from_frames(**{name: pd.DataFrame({"item": [1]})})


@pytest.mark.parametrize("given", [3, [("1", "ann", "ok")], {"item_id": ["1"]}])
@pytest.mark.parametrize("function", [krippendorff_alpha, dawid_skene, as_annotations])
def test_what_is_no_table_is_refused(function: Callable[[object], object], given: object) -> None:
    with pytest.raises(TableError, match=f"Found a {type(given).__name__}.*; needed is "):
        function(given)


def test_a_doubled_column_is_refused() -> None:
    twice = pd.DataFrame([(1, "ann", "a", "b")], columns=["item_id", "annotator_id", "label", "label"])
    with pytest.raises(TableError, match=r"The labels table has the column 'label' more than once; keep one"):
        Annotations.from_frames(labels=twice)


@pytest.mark.parametrize("column", ["item_id", "annotator_id"])
def test_missing_ids_are_refused(column: str) -> None:
    with pytest.raises(TableError, match=rf"Column '{column}' has no value in 1 rows \(first: 1\)"):
        Annotations.from_frames(labels=SAID.assign(**{column: [1, None, 2]}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repeats": "first"}, r"repeats='first' is not known; choose one of 'latest', 'keep', 'refuse'"),
        ({"faulty_boxes": "drop"}, r"faulty_boxes='drop' is not known; choose one of 'fix', 'keep', 'refuse'"),
    ],
)
def test_unknown_options_list_the_choices(options: dict, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Annotations.from_frames(**options)


class TestItems:
    def test_equal_rows_are_joined_and_counted(self) -> None:
        items = pd.DataFrame({"item_id": [1, 1, 2], "width": [4, 4, 5], "height": [3, 3, 3]})
        annotations = Annotations.from_frames(items=items)
        assert annotations.items["item_id"].tolist() == ["1", "2"]
        assert findings(annotations) == {"item listed more than once": (1, "joined")}

    def test_different_facts_are_refused(self) -> None:
        items = pd.DataFrame({"item_id": [1, 1], "width": [4, 5], "height": [3, 3]})
        with pytest.raises(TableError, match=r"1 items are listed more than once with different facts \('1'\)"):
            Annotations.from_frames(items=items)

    @pytest.mark.parametrize("width", [0, -3])
    def test_sizes_must_be_above_zero(self, width: int) -> None:
        items = pd.DataFrame({"item_id": [1], "width": [width], "height": [3]})
        with pytest.raises(TableError, match=r"Column 'width' of items has 1 values that are not above 0 \(rows 0\)"):
            Annotations.from_frames(items=items)

    def test_sizes_must_be_numbers(self) -> None:
        items = pd.DataFrame({"item_id": [1], "width": ["wide"], "height": [3]})
        with pytest.raises(TableError, match=r"Column 'width' of items has 1 values that are no numbers .*'wide'"):
            Annotations.from_frames(items=items)

    def test_items_the_table_does_not_list_are_added(self) -> None:
        annotations = Annotations.from_frames(labels=SAID, items=pd.DataFrame({"item_id": [2]}))
        assert annotations.items["item_id"].tolist() == ["1", "2"]
        assert findings(annotations)["item that the items table does not list"] == (1, "added without path and size")

    def test_further_columns_are_kept(self) -> None:
        items = pd.DataFrame({"item_id": [1], "site": ["north"]})
        assert Annotations.from_frames(items=items).items["site"].tolist() == ["north"]


class TestLabels:
    def test_rows_without_a_label_are_left_out_but_prove_a_view(self) -> None:
        annotations = Annotations.from_frames(labels=labels((1, "ann", None), (2, "ann", "ok")))
        assert len(annotations.labels) == 1
        assert findings(annotations)["row without a label"] == (1, "left out")
        assert annotations.views["status"].tolist() == ["empty", "labelled"]

    @pytest.mark.parametrize("value", ["item_id", "nan", "<b>", "", "label"])
    def test_any_text_is_a_label(self, value: str) -> None:
        annotations = Annotations.from_frames(labels=labels((1, "ann", value), (1, "bob", value)))
        assert annotations.labels["label"].tolist() == [value, value]
        assert annotations.label_codes.classes.tolist() == [value]

    def test_repeats_keep(self) -> None:
        table = labels((1, "ann", "a"), (1, "ann", "b"))
        annotations = Annotations.from_frames(labels=table, repeats="keep")
        assert len(annotations.labels) == len(annotations.repeats) == 2
        assert findings(annotations) == {"label by an annotator who labelled the item before": (1, "kept")}

    def test_repeats_refuse_even_equal_ones(self) -> None:
        # whether times could tell them apart is no question here
        timed = labels((1, "ann", "a"), (1, "ann", "b")).assign(created_at=["2026-01-01", "2026-01-02"])
        for table in (timed, labels((1, "ann", "a"), (1, "ann", "a"))):
            with pytest.raises(TableError, match=r"more than once \('1 by ann'\); remove the extra rows"):
                Annotations.from_frames(labels=table, repeats="refuse")

    def test_the_latest_counts(self) -> None:
        columns = ("item_id", "annotator_id", "label", "created_at")
        table = labels(
            (1, "ann", "late", "2026-02-01T10:00:00Z"), (1, "ann", "early", "2026-01-01T10:00:00Z"), columns=columns
        )
        annotations = Annotations.from_frames(labels=table)
        assert annotations.labels["label"].tolist() == ["late"]
        assert set(annotations.repeats["label"]) == {"late", "early"}
        assert findings(annotations) == {
            "earlier label by the same annotator": (1, "left out: the latest by created_at counts")
        }

    def test_times_in_several_zones_are_compared_as_times(self) -> None:
        columns = ("item_id", "annotator_id", "label", "created_at")
        table = labels(
            (1, "ann", "late", "2026-01-01T10:00:00-05:00"),
            (1, "ann", "early", "2026-01-01T14:59:00Z"),
            columns=columns,
        )
        assert Annotations.from_frames(labels=table).labels["label"].tolist() == ["late"]

    def test_equal_labels_without_times_are_joined(self) -> None:
        annotations = Annotations.from_frames(labels=labels((1, "ann", "a"), (1, "ann", "a")))
        assert len(annotations.labels) == 1
        assert findings(annotations) == {"same label by the same annotator again": (1, "joined")}

    @pytest.mark.parametrize("times", [None, (None, "2026-01-01T00:00:00Z"), ("2026-01-01T00:00:00Z",) * 2])
    def test_contradictions_without_a_latest_are_refused(self, times: tuple | None) -> None:
        table = labels((1, "ann", "a"), (1, "ann", "b"))
        if times is not None:
            table["created_at"] = list(times)
        with pytest.raises(
            TableError, match=r"no time tells which label is the latest \('1 by ann'\); add a created_at"
        ):
            Annotations.from_frames(labels=table)

    def test_what_is_no_time_does_not_tell_the_latest(self) -> None:
        table = labels((1, "ann", "a"), (1, "ann", "b")).assign(created_at=["noon", "2026-01-01T00:00:00Z"])
        with pytest.raises(TableError, match=r"no time tells which label is the latest \('1 by ann'\)"):
            Annotations.from_frames(labels=table)


class TestBoxes:
    SIZE = pd.DataFrame({"item_id": ["1"], "width": [10], "height": [10]})

    @pytest.mark.parametrize("value", [np.nan, np.inf, None])
    def test_corners_must_be_finite(self, value: object) -> None:
        with pytest.raises(TableError, match=r"1 boxes have a corner that is missing or infinite \(rows 0\)"):
            Annotations.from_frames(boxes=boxes((1, "ann", "a", value, 1, 5, 5)))

    def test_corners_must_be_numbers(self) -> None:
        with pytest.raises(
            TableError, match=r"Column 'x_min' of boxes has 1 values that are no numbers \(rows 0: 'left'\)"
        ):
            Annotations.from_frames(boxes=boxes((1, "ann", "a", "left", 1, 5, 5)))

    FAULTS = (
        ((1, "ann", "a", 5, 5, 5, 9), "box without area", "kept: it matches nothing", [5, 5, 5, 9]),
        ((1, "ann", "a", 6, 5, 5, 9), "box whose corners are the wrong way round", "left out", None),
        ((1, "ann", "a", 12, 5, 15, 9), "box wholly outside the frame", "left out", None),
        ((1, "ann", "a", -3, 5, 5, 19), "box reaching outside the frame", "clipped", [0, 5, 5, 10]),
    )

    @pytest.mark.parametrize(("row", "finding", "action", "left"), FAULTS)
    def test_faults_are_mended_and_counted(self, row: tuple, finding: str, action: str, left: list | None) -> None:
        annotations = Annotations.from_frames(boxes=boxes(row), items=self.SIZE)
        assert annotations.boxes[EDGES].to_numpy().tolist() == ([left] if left else [])
        assert findings(annotations)[finding] == (1, action)
        # who drew a faulty box has looked
        assert len(annotations.views) == 1

    @pytest.mark.parametrize(("row", "finding", "action", "left"), FAULTS)
    def test_faults_are_kept_or_refused(self, row: tuple, finding: str, action: str, left: list | None) -> None:
        kept = Annotations.from_frames(boxes=boxes(row), items=self.SIZE, faulty_boxes="keep")
        assert kept.boxes[EDGES].to_numpy().tolist() == [list(row[3:])]
        assert findings(kept)[finding] == (1, "kept")
        with pytest.raises(TableError, match=rf"1 times a {finding} \(rows 0\); correct these rows, or choose"):
            Annotations.from_frames(boxes=boxes(row), items=self.SIZE, faulty_boxes="refuse")

    def test_an_unknown_frame_clips_nothing(self) -> None:
        annotations = Annotations.from_frames(boxes=boxes((1, "ann", "a", -3, 5, 5, 1900)))
        assert annotations.boxes[EDGES].to_numpy().tolist() == [[-3, 5, 5, 1900]]
        assert annotations.checks.empty

    def test_the_same_box_by_the_same_annotator_counts_once(self) -> None:
        row = (1, "ann", "a", 1, 1, 5, 5)
        annotations = Annotations.from_frames(boxes=boxes(row, row, (1, "bob", *row[2:]), (1, "ann", "b", *row[3:])))
        assert len(annotations.boxes) == 3
        assert findings(annotations)["box drawn twice to the digit"] == (1, "left out")

    def test_boxes_without_classes_are_of_one_class(self) -> None:
        annotations = Annotations.from_frames(boxes=DRAWN.drop(columns="label"))
        assert annotations.boxes["label"].unique().tolist() == ["object"]
        assert findings(annotations) == {"no class column": (2, "all called 'object'")}

    def test_a_box_without_a_class_among_others_is_left_out(self) -> None:
        annotations = Annotations.from_frames(boxes=DRAWN.assign(label=["dent", None]))
        assert len(annotations.boxes) == 1
        assert findings(annotations)["box without a class"] == (1, "left out")

    def test_box_ids_do_not_depend_on_the_order_of_rows(self) -> None:
        one = Annotations.from_frames(boxes=DRAWN).boxes
        two = Annotations.from_frames(boxes=DRAWN.iloc[::-1]).boxes
        assert one["box_id"].tolist() == ["1/ann/1", "1/bob/1"]
        pd.testing.assert_frame_equal(one, two)

    def test_doubled_box_ids_are_refused(self) -> None:
        with pytest.raises(TableError, match=r"1 values of box_id occur more than once \('7'\)"):
            Annotations.from_frames(boxes=DRAWN.assign(box_id=[7, 7]))


class TestViews:
    def test_views_are_derived_where_none_are_given(self) -> None:
        annotations = Annotations.from_frames(labels=SAID, boxes=DRAWN)
        assert annotations.views_derived
        assert annotations.views["status"].tolist() == ["labelled"] * 3
        assert annotations.views["seconds"].isna().all()

    def test_times_and_seconds_of_labels_reach_derived_views(self) -> None:
        table = SAID.assign(seconds=[1, 2, 3], created_at="2026-01-05T00:00:00Z")
        views = Annotations.from_frames(labels=table).views
        assert views["seconds"].tolist() == [1, 2, 3]
        assert views["created_at"].dt.year.tolist() == [2026] * 3

    def test_given_views_tell_empty_from_never_opened(self) -> None:
        views = pd.DataFrame({"item_id": [1, 1, 2], "annotator_id": ["ann", "bob", "bob"]})
        annotations = Annotations.from_frames(boxes=DRAWN, views=views)
        assert not annotations.views_derived
        assert annotations.views["status"].tolist() == ["labelled", "labelled", "empty"]

    @pytest.mark.parametrize(
        ("status", "finding", "action", "becomes"),
        [
            ("empty", "view called empty or skipped that has labels or boxes", "called labelled", "labelled"),
            ("skipped", "view called empty or skipped that has labels or boxes", "called labelled", "labelled"),
        ],
    )
    def test_labels_prove_a_view(self, status: str, finding: str, action: str, becomes: str) -> None:
        views = pd.DataFrame({"item_id": [2], "annotator_id": ["ann"], "status": [status]})
        annotations = Annotations.from_frames(labels=SAID, views=views)
        assert set(annotations.views["status"]) == {becomes}
        assert findings(annotations)[finding] == (1, action)

    def test_a_labelled_view_without_anything_is_empty(self) -> None:
        views = pd.DataFrame({"item_id": [9], "annotator_id": ["ann"], "status": ["labelled"]})
        annotations = Annotations.from_frames(views=views)
        assert annotations.views["status"].tolist() == ["empty"]
        assert findings(annotations) == {"view called labelled that has no label and no box": (1, "called empty")}

    def test_skipped_stays_skipped_and_has_no_box_codes(self) -> None:
        views = pd.DataFrame({"item_id": [9], "annotator_id": ["ann"], "status": ["skipped"]})
        annotations = Annotations.from_frames(views=views)
        assert annotations.views["status"].tolist() == ["skipped"]
        assert len(annotations.box_codes.view_item) == 0

    def test_unknown_statuses_are_refused(self) -> None:
        views = pd.DataFrame({"item_id": [9], "annotator_id": ["ann"], "status": ["done"]})
        with pytest.raises(TableError, match=r"unknown values \('done'\); use 'labelled', 'empty', 'skipped'"):
            Annotations.from_frames(views=views)

    def test_the_latest_of_doubled_views_counts(self) -> None:
        views = pd.DataFrame(
            {
                "item_id": [9, 9],
                "annotator_id": ["ann", "ann"],
                "seconds": [5, 7],
                "created_at": ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"],
            }
        )
        annotations = Annotations.from_frames(views=views)
        assert annotations.views["seconds"].tolist() == [5]
        assert findings(annotations) == {"view listed more than once": (1, "the latest counts")}

    @pytest.mark.parametrize(
        ("column", "value", "finding"),
        [("seconds", "long", "seconds that are no number"), ("created_at", "noon", "created_at that is no time")],
    )
    def test_what_cannot_be_read_costs_the_cell_and_is_counted(self, column: str, value: str, finding: str) -> None:
        views = pd.DataFrame({"item_id": [9], "annotator_id": ["ann"], column: [value]})
        annotations = Annotations.from_frames(views=views)
        assert annotations.views[column].isna().all()
        assert annotations.checks[["finding", "n", "action"]].values.tolist() == [[finding, 1, "left empty"]]


class TestSelect:
    def test_by_item_and_annotator(self) -> None:
        annotations = Annotations.from_frames(labels=SAID, boxes=DRAWN)
        assert annotations.select(items=[1.0]).items["item_id"].tolist() == ["1"]
        chosen = annotations.select(annotators=["bob"])
        assert chosen.labels["annotator_id"].unique().tolist() == ["bob"]
        assert len(chosen.boxes) == 1
        assert annotations.annotators == ["ann", "bob"]

    def test_unknown_ids_are_refused(self) -> None:
        with pytest.raises(TableError, match=r"1 item_id values are unknown \('9'\); choose among the 2 in the tables"):
            Annotations.from_frames(labels=SAID).select(items=[9])

    @pytest.mark.parametrize(
        "ids", [[1, 2], (1, 2), {1, 2}, np.array([1, 2]), np.array(["1", "2"]), pd.Series([2, 1]), pd.Index([1.0, 2.0])]
    )
    def test_any_list_of_ids_is_taken(self, ids: object) -> None:
        assert Annotations.from_frames(labels=SAID).select(items=ids).items["item_id"].tolist() == ["1", "2"]

    @pytest.mark.parametrize("one", ["1", 1])
    def test_one_id_is_no_list(self, one: object) -> None:
        with pytest.raises(TableError, match=r"items=.* is no list of ids; give a list, even of one: \["):
            Annotations.from_frames(labels=SAID).select(items=one)  # type: ignore[arg-type]


class TestLabelsOfSeveralTypes:
    def test_they_are_read_as_text(self) -> None:
        annotations = Annotations.from_frames(labels=labels((1, "ann", 1), (1, "bob", "one"), (2, "ann", True)))
        assert annotations.labels["label"].tolist() == ["1", "one", "True"]
        assert findings(annotations) == {"labels of several types": (3, "all read as text")}
        assert annotations.checks["examples"].tolist() == ["'bool', 'int', 'str'"]

    def test_one_and_true_by_one_annotator_contradict_each_other(self) -> None:
        with pytest.raises(TableError, match=r"'1 by ann'"):
            Annotations.from_frames(labels=labels((1, "ann", 1), (1, "ann", True)))

    def test_so_are_those_of_boxes(self) -> None:
        annotations = Annotations.from_frames(boxes=DRAWN.assign(label=[1, "one"]))
        assert annotations.boxes["label"].tolist() == ["1", "one"]
        assert findings(annotations) == {"labels of several types": (2, "all read as text")}

    def test_one_type_keeps_its_values_and_is_no_finding(self) -> None:
        annotations = Annotations.from_frames(labels=labels((1, "ann", np.int64(1)), (1, "bob", 2)))
        assert annotations.labels["label"].tolist() == [1, 2]
        assert findings(annotations) == {}

    @pytest.mark.parametrize("repeats", ["latest", "keep"])
    def test_the_order_of_categories_stays(self, repeats: str) -> None:
        order = pd.CategoricalDtype(["low", "mid", "high"], ordered=True)
        given = labels((1, "ann", "low"), (1, "bob", "high"), (1, "bob", "high"), (2, "ann", None), (2, "bob", "mid"))
        annotations = Annotations.from_frames(labels=given.astype({"label": order}), repeats=repeats)
        assert annotations.labels["label"].dtype == order
        assert annotations.select(items=[2]).labels["label"].dtype == order


class TestNoRows:
    @pytest.mark.parametrize("kind", ["object", "float64", "str"])
    def test_tables_without_rows(self, kind: str) -> None:
        empty = {
            "labels": ["item_id", "annotator_id", "label"],
            "boxes": ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
            "views": ["item_id", "annotator_id", "status", "seconds", "created_at"],
            "items": ["item_id", "path", "width", "height"],
        }
        tables = {name: pd.DataFrame(columns=columns, dtype=kind) for name, columns in empty.items()}
        annotations = Annotations.from_frames(**tables)
        assert [len(getattr(annotations, name)) for name in empty] == [0, 0, 0, 0]
        assert annotations.annotators == []
        assert len(annotations.checks) == 0
        assert annotations.label_codes.n_items == 0
        assert len(annotations.box_codes.view_item) == 0
        assert len(annotations.select(items=[]).items) == 0
        for name, table in tables.items():
            alone = Annotations.from_frames(**{name: table}, repeats="keep", faulty_boxes="refuse")
            assert repr(alone).startswith("Annotations(0 items, 0 annotators, 0 views")

    def test_an_item_without_labels_and_an_annotator_without_items(self) -> None:
        views = pd.DataFrame({"item_id": [1], "annotator_id": ["cho"], "status": ["skipped"]})
        annotations = Annotations.from_frames(labels=SAID, views=views, items=pd.DataFrame({"item_id": [1, 2, 3]}))
        assert annotations.items["item_id"].tolist() == ["1", "2", "3"]
        assert annotations.annotators == ["ann", "bob", "cho"]
        assert len(annotations.select(items=[3]).labels) == 0
        assert len(annotations.select(annotators=["cho"]).labels) == 0


class TestAsAnnotations:
    @pytest.mark.parametrize("table", [SAID, DRAWN])
    def test_an_unknown_choice_is_refused(self, table: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match=r"repeats='first' is not known"):
            as_annotations(table, repeats="first")

    def test_labels_boxes_and_annotations(self) -> None:
        annotations = as_annotations(SAID)
        assert len(annotations.labels) == 3
        assert len(as_annotations(DRAWN).boxes) == 2
        assert as_annotations(annotations) is annotations

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(TableError, match=r"Found a list; needed is labelqa.Annotations or a table \(of pandas"):
            as_annotations([("1", "ann", "ok")])  # type: ignore[arg-type]


def test_html_is_escaped_and_names_the_checks() -> None:
    annotations = Annotations.from_frames(labels=labels(("<i>", "ann", "ok"), ("<i>", "bob", None)))
    html = annotations._repr_html_()
    assert "<i>" not in html
    assert "row without a label" in html
    assert "Nothing to report." in Annotations.from_frames(labels=SAID)._repr_html_()


def test_counts_of_the_pedestrians(real_data) -> None:
    names = {"image_id": "item_id", "annotator": "annotator_id"}
    tables = [
        pd.read_csv(real_data / "pedestrians" / f"{name}_annotators.csv").rename(columns=names)
        for name in ("boxes", "views")
    ]
    annotations = Annotations.from_frames(boxes=tables[0], views=tables[1])
    # 11,765 rows in the file (README of the data)
    assert findings(annotations) == {"box without area": (31, "kept: it matches nothing")}
    assert (len(annotations.views), len(annotations.boxes)) == (10_136, 11_765)
    assert annotations.views.groupby("item_id").size().unique().tolist() == [7]
