"""Each section of the page from small results made by hand: what it says, in which order, and when it is left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa.agreement import COEFFICIENTS, box_agreement, label_agreement
from labelqa.annotations import Annotations
from labelqa.audit._found import Found, KeptModel, Way
from labelqa.audit.sections import (
    Origin,
    _box_agreement,
    _change,
    _disagreement,
    _flags,
    _habits,
    _label_agreement,
    _lead,
    _method,
    build_page,
)
from labelqa.audit.sections._agreement import agreement_section
from labelqa.audit.sections._rows import drawn
from labelqa.images import ImageSource
from labelqa.report import blocks
from labelqa.report.album import Album
from labelqa.report.charts import Charts
from labelqa.report.phrases import NBSP

NAN = float("nan")


class Sizes(Charts):
    """Draws nothing, and keeps how large each chart would be."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[str, tuple[float, float]] = {}

    def draw(
        self, name: str, draw: Any, *, caption: str, alt: str, width: float = 6.2, height: float = 3.4
    ) -> dict[str, Any]:
        assert callable(draw)
        self.sizes[name] = (width, height)
        return blocks.chart(name, caption=caption, alt=alt)


def outline(content: list[dict[str, Any]]) -> list[str]:
    """What stands on the page, in order: headings and words, names of tables and charts, numbers of cards."""
    out = []
    for block in content:
        match block["kind"]:
            case "text":
                out += block["paragraphs"]
            case "heading" | "note" | "code":
                out.append(block["text"])
            case "list":
                out += block["items"]
            case "table":
                out.append(block["label"])
            case "chart":
                out.append(block["chart"])
            case "figures":
                out.append(", ".join(one["name"] for one in block["items"]))
            case "cards":
                out.append(f"{len(block['cards'])} cards")
            case "legend":
                out.append(", ".join(one["annotator_id"] for one in block["entries"]))
    return [words.replace(NBSP, " ") for words in out]


def table_of(content: list[dict[str, Any]], label: str) -> dict[str, Any]:
    (found,) = (block for block in content if block.get("label") == label)
    return found


def shown_rows(content: list[dict[str, Any]], label: str, key: str) -> list[Any]:
    return [row[key] for row in table_of(content, label)["rows"]]


def said(*rows: tuple[Any, ...], names: tuple[str, ...] = ("item_id", "annotator_id", "label")) -> Annotations:
    return Annotations.from_frames(labels=pd.DataFrame(rows, columns=list(names)))


NOTHING = {
    "label_agreement": "there are no labels",
    "box_agreement": "there are no boxes",
    "flags": "none",
    "retrain": "none",
}


class TestAgreement:
    def test_without_labels_and_boxes_it_says_why(self):
        section = agreement_section(Found(reasons=NOTHING), Sizes())
        assert (section["id"], section["title"]) == ("agreement", "Agreement")
        words = ["Labels of whole items", "There are no labels.", "Boxes", "There are no boxes."]
        assert outline(section["blocks"]) == words

    @pytest.mark.parametrize("n_gold", [0, 3])
    @pytest.mark.parametrize("has_boxes", [False, True])
    def test_against_trusted_labels(self, n_gold, has_boxes):
        against = pd.DataFrame({"annotator_id": ["ann"], "n_items": [3], "n_right": [2], "accuracy": [2 / 3]})
        labels = SimpleNamespace(n_gold=n_gold, accuracy=2 / 3, against_gold=against)
        f1 = SimpleNamespace(f1=0.5, f1_low=0.4, f1_high=0.6) if has_boxes else None
        found = Found(label_consensus=labels, box_consensus=SimpleNamespace(n_gold=2, against_gold=f1), reasons=NOTHING)
        words = outline(agreement_section(found, Sizes())["blocks"])[4:]
        right = "The consensus label is right for 66.7 % of 3 trusted labels."
        match = "Consensus boxes match the trusted ones on 2 items with F1 0.50 [0.40, 0.60]."
        expected = " ".join([right] * (n_gold > 0) + [match] * has_boxes)
        assert words == (["Against trusted labels", expected] if expected else []) + (
            ["Annotators against trusted labels"] if n_gold else []
        )

    def test_without_a_consensus_nothing_is_held_against_trusted_labels(self):
        boxes = SimpleNamespace(n_gold=1, against_gold=SimpleNamespace(f1=0.5, f1_low=NAN, f1_high=NAN))
        found = Found(box_consensus=boxes, reasons=NOTHING)
        words = "Consensus boxes match the trusted ones on 1 item with F1 0.50."
        assert outline(agreement_section(found, Sizes())["blocks"])[4:] == ["Against trusted labels", words]


class TestAgreementOnLabels:
    def test_items_with_one_label_do_not_tell(self):
        labels = label_agreement(said(("1", "ann", "x"), ("1", "bob", "x"), ("2", "ann", "y")))
        words = "1 item with labels by two or more people tell about agreement; 1 item with one label only do not."
        assert outline(_label_agreement.label_blocks(labels, Sizes()))[0] == words

    def test_without_any_item_of_two_there_are_no_tables(self):
        labels = label_agreement(said(("1", "ann", "x"), ("2", "bob", "y")))
        assert labels.reason is not None
        content = _label_agreement.label_blocks(labels, Sizes())
        assert [block["kind"] for block in content] == ["text", "note"]
        assert content[0]["paragraphs"][0].startswith("0 items with labels by two or more people")

    def test_tables_and_charts_in_order(self):
        rows = [
            (item, who, "xyz"[(k + (who == "eve" and k % 4 == 0)) % 3], f"2026-01-{1 + 7 * (k % 3):02d}T00:00:00Z")
            for k, item in enumerate(f"p{k:02d}" for k in range(30))
            for who in ("ann", "bob", "eve")
        ]
        labels = label_agreement(said(*rows, names=("item_id", "annotator_id", "label", "created_at")))
        charts = Sizes()
        content = _label_agreement.label_blocks(labels, charts)
        assert outline(content) == [
            "30 items with labels by two or more people tell about agreement.",
            *([] if labels.reason is None else [block["text"] for block in content if block["kind"] == "note"]),
            "Coefficients of agreement",
            "Agreement per class",
            "Agreement per annotator",
            "label_agreement_annotators",
            "Agreement per pair",
            "label_agreement_pairs",
            "label_agreement_time",
        ]
        coefficients = table_of(content, "Coefficients of agreement")["rows"]
        titles = [COEFFICIENTS[name].title for name in labels.coefficients["coefficient"]]
        meanings = [COEFFICIENTS[name].meaning for name in labels.coefficients["coefficient"]]
        assert [(row["title"], row["meaning"]) for row in coefficients] == list(zip(titles, meanings, strict=True))
        assert charts.sizes["label_agreement_pairs"] == (
            drawn(3, inches=0.34, beside=2.8),
            drawn(3, inches=0.34, beside=2),
        )

    @pytest.mark.parametrize(("n", "is_drawn"), [(2, False), (3, True), (30, True), (31, False)])
    def test_a_matrix_of_pairs_needs_three_people_and_has_room_for_thirty(self, n, is_drawn):
        labels = SimpleNamespace(n_annotators=n, plot=print)
        assert bool(_label_agreement._chart_of_pairs(labels, Sizes())) is is_drawn

    @pytest.mark.parametrize(("n", "n_paired", "is_drawn"), [(2, 9, False), (3, 9, True), (3, 0, False)])
    def test_a_matrix_of_classes_needs_three(self, n, n_paired, is_drawn):
        labels = SimpleNamespace(n_classes=n, n_paired=n_paired, plot=print)
        found = outline(_label_agreement.chart_of_classes(labels, Sizes()))
        assert found == (["label_agreement_classes"] if is_drawn else [])

    @pytest.mark.parametrize(("n", "is_drawn"), [(1, False), (2, True)])
    def test_a_line_over_time_needs_two_weeks(self, n, is_drawn):
        labels = SimpleNamespace(over_time=pd.DataFrame({"week": range(n)}), plot=print)
        found = outline(_label_agreement._chart_of_time(labels, Sizes()))
        assert found == (["label_agreement_time"] if is_drawn else [])

    def test_charts_grow_with_the_rows_they_show_up_to_thirty(self):
        charts = Sizes()
        sizes = []
        for n in (29, 30, 31):
            _label_agreement._chart_of_annotators(SimpleNamespace(n_annotators=n, plot=print), charts)
            sizes.append(charts.sizes["label_agreement_annotators"][1])
        assert sizes == [pytest.approx(1.3 + 0.24 * 29), pytest.approx(1.3 + 0.24 * 30), pytest.approx(1.3 + 0.24 * 30)]
        assert drawn(10, inches=0.5, beside=1.0) == 6.0
        assert drawn(40, inches=0.5, beside=1.0) == 16.0

    def test_twice_as_many_classes_as_people_are_listed(self):
        classes = pd.DataFrame(
            {"label": [f"c{k:02d}" for k in range(25)], "n_labels": 1, "agreement": 0.5, "alpha": 0.5}
        )
        classes = classes.assign(agreement_low=NAN, agreement_high=NAN, alpha_low=NAN, alpha_high=NAN)
        shown = _label_agreement._per_class(classes)
        assert (len(shown["rows"]), shown["more"]) == (24, "24 of 25 rows, all in agreement/labels_per_class.csv.")

    @pytest.mark.parametrize("is_timed", [False, True])
    def test_seconds_are_shown_where_they_are_known(self, is_timed):
        people = pd.DataFrame({"annotator_id": ["ann"], "n_compared": 10, "agreement": 0.5, "low": NAN, "high": NAN})
        people = people.assign(alpha_without=NAN, **({"seconds": 3.0} if is_timed else {}))
        titles = [column["title"] for column in _label_agreement._per_annotator(people)["columns"]]
        assert ("Median seconds" in titles) is is_timed


def boxes_of(*rows: tuple[Any, ...]) -> Annotations:
    names = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    return Annotations.from_frames(boxes=pd.DataFrame(rows, columns=names))


class TestAgreementOnBoxes:
    def test_tables_and_charts_in_order(self):
        annotations = boxes_of(
            *((f"p{k}", who, "dent", 0, 0, 20, 20) for k in range(3) for who in ("ann", "bob")),
            ("p0", "ann", "hole", 100, 100, 300, 300),
            ("p1", "bob", "hole", 100, 100, 300, 300),
        )
        found = box_agreement(annotations, n_resamples=20)
        charts = Sizes()
        content = _box_agreement.box_blocks(found, charts)
        words = "3 images with views by two or more people give 3 pairs of views to compare, with 3 matches of boxes."
        notes = [] if found.reason is None else [block["text"] for block in content if block["kind"] == "note"]
        assert outline(content) == [
            words,
            *notes,
            *([] if notes else found.notes),
            "F1, Mean IoU, PQ, Alpha of boxes, Same class",
            "box_agreement_sweep",
            "Parts of the disagreement on boxes",
            "box_agreement_parts",
            "Boxes per class",
            "Boxes per annotator",
            "Boxes per pair",
            "Boxes per size",
        ]
        assert charts.sizes["box_agreement_parts"][1] == pytest.approx(1.6 + 2 * 0.26)
        # 20 pixels and 200 pixels: none in between
        assert shown_rows(content, "Boxes per size", "size") == ["small", "large"]
        same_class = next(block for block in content if block["kind"] == "figures")["items"][-1]
        assert (same_class["value"], same_class["form"]) == (1.0, "percent")

    def test_one_class_has_no_table_of_classes(self):
        annotations = boxes_of(*((f"p{k}", who, "dent", 0, 0, 20, 20) for k in range(3) for who in ("ann", "bob")))
        words = outline(_box_agreement.box_blocks(box_agreement(annotations, n_resamples=20), Sizes()))
        assert "Boxes per class" not in words
        assert "Boxes per annotator" in words

    def test_without_any_image_of_two_there_are_no_tables(self):
        found = box_agreement(boxes_of(("p", "ann", "dent", 0, 0, 9, 9)), n_resamples=20)
        content = _box_agreement.box_blocks(found, Sizes())
        assert [block["kind"] for block in content] == ["text", "note"]

    @pytest.mark.parametrize(("share", "is_shown"), [(NAN, False), (0.0, True), (0.9, True)])
    def test_agreement_on_classes_is_shown_where_it_is_defined(self, share, is_shown):
        scores = {
            f"{key}{end}": 0.5
            for key in ("f1", "mean_iou", "pq", "alpha", "class_agreement")
            for end in ("", "_low", "_high")
        }
        names = [one["name"] for one in _box_agreement._figures(SimpleNamespace(**scores | {"class_agreement": share}))]
        assert names == ["F1", "Mean IoU", "PQ", "Alpha of boxes"] + ["Same class"] * is_shown


def comparison(**known: Any) -> Any:
    classes = pd.DataFrame({"label": [f"c{k:02d}" for k in range(21)], "n_test": 9}).assign(
        accuracy_before=0.5, accuracy_after=0.6, difference=0.1, low=0.0, high=0.2, p_holm=0.5
    )
    ends = {"accuracy_before": 0.5, "accuracy_after": 0.6, "difference": 0.1, "low": -0.02, "high": 0.2}
    rest = {"n_needed": NAN, "margin": 0.005, "n_fixes": 1, "n_test": 40, "reason": None, "verdict": "inconclusive"}
    made = ends | rest | {"per_class": classes, "curve": pd.DataFrame(), "plot": print, "plot_curve": print}
    return SimpleNamespace(**made | known)


def retrained(**known: Any) -> Any:
    ways = known.pop("ways", ())
    return SimpleNamespace(source="the decisions", n_train=1200, ways=ways, comparison=comparison(**known))


class TestBeforeAndAfter:
    def test_without_a_second_training_it_says_why(self):
        section = _change.change_section(Found(reasons={"retrain": "There is no gold."}), Sizes())
        assert (section["id"], section["title"]) == ("change", "Before and after")
        assert outline(section["blocks"]) == [
            "This audit cannot say what fixing the labels is worth: there is no gold."
        ]

    def test_what_was_found_in_order(self):
        way = Way(way="dropped", n_fixes=2, difference=0.1, low=0.0, high=0.2, verdict="helps", control=NAN)
        curve = pd.DataFrame({"n_reviewed": [1]})
        found = Found(retrain=retrained(ways=(way,), curve=curve, reason="The test set is small."))
        content = _change.change_section(found, Sizes())["blocks"]
        text = (
            "The test set is too small to say whether the fixes help: 10.0 points of accuracy [\u22122.0, 20.0]. "
            "The fixes are the decisions, 1 label of which changed; the same model was trained on 1,200 items before "
            "and after, and scored on 40 trusted items that were neither fixed nor trained on."
        )
        assert outline(content) == [
            text,
            "To know before quoting these numbers: the test set is small.",
            "Accuracy before, Accuracy after, Difference",
            "retrain_arms",
            "Ways to use the flags",
            "retrain_curve",
            "Before and after per class",
        ]
        figures = content[2]["items"]
        assert [(one["value"], one["form"]) for one in figures] == [(0.5, "percent"), (0.6, "percent"), (0.1, "points")]
        assert (figures[2]["low"], figures[2]["high"]) == (-0.02, 0.2)
        assert table_of(content, "Before and after per class")["more"] == "20 of 21 rows."
        assert shown_rows(content, "Ways to use the flags", "way") == ["dropped"]

    def test_what_was_not_found_is_left_out(self):
        content = _change.change_section(Found(retrain=retrained()), Sizes())["blocks"]
        assert outline(content)[1:] == [
            "Accuracy before, Accuracy after, Difference",
            "retrain_arms",
            "Before and after per class",
        ]

    @pytest.mark.parametrize("n_needed", [0.0, NAN, np.inf])
    def test_no_number_of_items_is_said_where_there_is_none(self, n_needed):
        words = _change.verdict(comparison(n_needed=n_needed))
        assert words.endswith("10.0 points of accuracy [\u22122.0, 20.0].")

    def test_a_settled_verdict_needs_no_more_items(self):
        assert _change.verdict(comparison(verdict="helps", n_needed=500.0)).endswith("[\u22122.0, 20.0].")

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            ("model/baseline.skops", "is in model/baseline.skops; labelqa.baseline.load reads it."),
            (None, "was not kept: skops is not installed."),
        ],
    )
    def test_the_model_is_named(self, file, words):
        model = KeptModel(n_items=9, labels="given labels", classes=("x",), file=file, reason="Skops is not installed.")
        found = Found(model=model, reasons={"retrain": "none"})
        last = outline(_change.change_section(found, Sizes())["blocks"])[-1]
        assert last == f"A simple model trained on given labels (9 items) {words}"


def pairs_of(n: int) -> pd.DataFrame:
    """Pairs of classes, the worst first."""
    shares = {"share": [0.5 / (k + 1) for k in range(n)], "expected_share": 0.1}
    return pd.DataFrame({"label_a": "a", "label_b": [f"b{k}" for k in range(n)], "n_pairs": range(n, 0, -1), **shares})


def pictures_of(n: int) -> ImageSource:
    return ImageSource.from_bytes({f"p{k}": np.full((30, 40, 3), 20 * k, np.uint8) for k in range(n)})


class TestDisagreement:
    def section(self, annotations: Annotations, images: ImageSource | None = None, **found: Any) -> Any:
        album = Album(annotations, images)
        return _disagreement.disagreement_section(Found(**found), annotations.labels, Sizes(), album)

    @pytest.mark.parametrize("n_pairs", [None, 0])
    def test_where_nobody_disagrees_it_says_so(self, n_pairs):
        agreement = None if n_pairs is None else SimpleNamespace(class_pairs=pairs_of(0), n_classes=2, n_paired=1)
        section = self.section(said(("1", "ann", "x")), label_agreement=agreement)
        assert (section["id"], section["title"]) == ("disagreement", "Where people disagree")
        assert outline(section["blocks"]) == ["Nothing to show: nobody disagrees, or no item was seen by two people."]

    def test_eight_pairs_are_listed_and_three_have_a_card(self):
        agreement = SimpleNamespace(class_pairs=pairs_of(9), n_classes=3, n_paired=1, plot=print)
        content = self.section(said(("1", "ann", "x")), label_agreement=agreement)["blocks"]
        assert outline(content) == ["Classes that are mixed up", "Class pairs", "label_agreement_classes", "3 cards"]
        assert shown_rows(content, "Class pairs", "pair") == [f"a and b{k}" for k in range(8)]
        assert table_of(content, "Class pairs")["more"] == "8 of 9 rows, all in agreement/labels_class_pairs.csv."
        assert content[-1]["wide"]
        assert [card["title"] for card in content[-1]["cards"]] == ["a or b0?", "a or b1?", "a or b2?"]
        words = "50 % of all disagreement. Nobody stands out: the guideline should say what tells a from b0."
        assert content[-1]["cards"][0]["lines"][0]["text"].replace(NBSP, " ") == words

    def test_four_items_on_which_people_are_split_are_shown(self):
        rows = [
            (f"p{k}", who, "b0" if who == "eve" and k else "a") for k in (5, 1, 3, 2, 0, 4) for who in ("ann", "eve")
        ]
        annotations = said(*rows, ("p1", "zoe", "other"))
        agreement = SimpleNamespace(class_pairs=pairs_of(1), n_classes=3, n_paired=1, plot=print)
        (card,) = self.section(annotations, pictures_of(6), label_agreement=agreement)["blocks"][-1]["cards"]
        assert [one["caption"] for one in card["pictures"]] == [
            "p1. ann: a, eve: b0, zoe: other",
            "p2. ann: a, eve: b0",
            "p3. ann: a, eve: b0",
            "p4. ann: a, eve: b0",
        ]

    def test_who_mixes_classes_up_is_said_on_the_card(self):
        names = ["annotator_id", "true_label", "label", "n_labels", "share", "low", "high"]
        rows = [("eve", "a", "b0", 40, 0.5, 0.4, 0.6), *((who, "a", "b0", 40, 0.0, 0.0, 0.1) for who in "kmn")]
        consensus = SimpleNamespace(confusion=pd.DataFrame(rows, columns=names))
        agreement = SimpleNamespace(class_pairs=pairs_of(1), n_classes=3, n_paired=1, plot=print)
        content = self.section(said(("1", "ann", "x")), label_agreement=agreement, label_consensus=consensus)["blocks"]
        assert [line["text"].replace(NBSP, " ") for line in content[-1]["cards"][0]["lines"]] == [
            "50 % of all disagreement. Mostly a matter of single people:",
            "eve says b0 for 50 % [40, 60] of what is probably a.",
        ]

    def test_habits_follow_and_a_legend_goes_before(self):
        conventions = SimpleNamespace(findings=pd.DataFrame(), reason=None)
        content = self.section(boxes_of(("p", "ann", "x", 0, 0, 9, 9)), box_conventions=conventions)["blocks"]
        none = "No annotator draws differently from the others by habit; what differs is chance."
        assert outline(content) == ["ann", "Habits of drawing", none]


def confusion(*rows: tuple[Any, ...]) -> Any:
    names = ["annotator_id", "true_label", "label", "n_labels", "share", "low", "high"]
    return SimpleNamespace(confusion=pd.DataFrame(rows, columns=names))


class TestMixing:
    def test_without_a_consensus_nobody_is_named(self):
        assert _disagreement.mixing(None, "a", "b").named == ()

    def test_both_directions_count_for_the_order_and_stand_in_one_sentence(self):
        usual = [(who, *pair, 20, 0.0, 0.0, 0.1) for who in "kmno" for pair in (("a", "b"), ("b", "a"))]
        found = _disagreement.mixing(
            confusion(
                *usual,
                ("eve", "a", "b", 20, 0.5, 0.4, 0.6),
                ("eve", "b", "a", 15, 0.3, 0.2, 0.4),
                ("bob", "a", "b", 30, 0.5, 0.4, 0.6),
                ("bob", "a", "c", 90, 0.5, 0.4, 0.6),
                ("bob", "c", "b", 90, 0.5, 0.4, 0.6),
                ("ann", "a", "b", 30, 0.5, 0.4, 0.6),
            ),
            "a",
            "b",
        )
        assert [words.replace(NBSP, " ") for words in found.sentences] == [
            "eve says b for 50 % [40, 60] of what is probably a and a for 30 % [20, 40] of what is probably b.",
            "ann says b for 50 % [40, 60] of what is probably a.",
            "bob says b for 50 % [40, 60] of what is probably a.",
        ]
        assert found.named == ("eve", "ann", "bob")

    def test_a_share_without_an_interval_names_nobody_and_is_not_usual(self):
        # twice the usual 0.2 is 0.4; counted with the two shares that have no interval it would be 1.8
        rows = [("eve", 0.5, 0.41, 0.6), ("kim", 0.2, 0.0, 0.3), ("max", 0.2, 0.0, 0.3)]
        rows += [("zoe", 0.9, NAN, NAN), ("yan", 0.9, NAN, NAN)]
        found = _disagreement.mixing(confusion(*((who, "a", "b", 40, *ends) for who, *ends in rows)), "a", "b")
        assert found.named == ("eve",)


def queue_of(n: int, **known: Any) -> pd.DataFrame:
    """Rows of a queue, the first `n` flagged."""
    rows = pd.DataFrame({"rank": range(1, n + 2), "item_id": [f"p{k:03d}" for k in range(n + 1)]})
    defaults = {"kind": "label", "box_id": None, "label": "ok", "proposal": "dent", "p_wrong": 0.9, "reasons": "why"}
    return rows.assign(**{"is_calibrated": True, "is_flagged": [True] * n + [False]} | defaults | known)


def flagged(table: pd.DataFrame, *, is_empty: bool = False, reason: str | None = None, cannot_say: Any = ()) -> Any:
    queue = SimpleNamespace(table=table, reason=reason, cannot_say=cannot_say, n_flagged=int(table["is_flagged"].sum()))
    return SimpleNamespace(queue=queue, is_empty=is_empty)


class TestFlags:
    def section(self, flags: Any, annotations: Annotations | None = None, images: ImageSource | None = None) -> Any:
        annotations = said(("p000", "ann", "x")) if annotations is None else annotations
        return _flags.flags_section(
            Found(flags=flags, reasons={"flags": "Nothing was read."}), annotations.labels, Album(annotations, images)
        )

    @pytest.mark.parametrize(
        ("flags", "words"),
        [
            (None, "Nothing is flagged: nothing was read."),
            (flagged(queue_of(0), is_empty=True, reason="No labels."), "Nothing is flagged: no labels."),
            (flagged(queue_of(0), is_empty=True), "Nothing is flagged: ."),
        ],
    )
    def test_where_nothing_could_be_judged_it_says_why(self, flags, words):
        section = self.section(flags)
        assert (section["id"], section["title"]) == ("flags", "Flagged items")
        assert outline(section["blocks"]) == [words]

    def test_where_nothing_was_found_there_is_no_table(self):
        content = self.section(flagged(queue_of(0), cannot_say=["Boxes were not judged."]))["blocks"]
        first = (
            "0 flags on 0 items, the most doubtful first; all are shown; queue.csv lists every item and box in order."
        )
        assert outline(content) == [first, "Boxes were not judged."]

    def test_without_pictures_flags_are_a_table(self):
        content = self.section(flagged(queue_of(201)))["blocks"]
        assert outline(content)[1:] == ["Flags by kind", "Flagged items"]
        assert shown_rows(content, "Flags by kind", "n") == [201]
        assert shown_rows(content, "Flagged items", "item_id") == [f"p{k:03d}" for k in range(200)]

    def test_kinds_are_counted_most_first(self):
        content = self.section(flagged(queue_of(3, kind=["image", "label", "label", "image"])))["blocks"]
        assert table_of(content, "Flags by kind")["rows"] == [{"about": "Label", "n": 2}, {"about": "Picture", "n": 1}]

    @pytest.mark.parametrize("calibrated", [[True, False, True], [False, False, True], [True, True, False]])
    def test_one_uncalibrated_chance_is_enough_for_a_warning(self, calibrated):
        content = self.section(flagged(queue_of(2, is_calibrated=calibrated)))["blocks"]
        warned = any("uncalibrated" in words for words in outline(content))
        assert warned is (not all(calibrated[:2]))

    def test_with_pictures_flags_are_cards(self):
        annotations = said(("p000", "ann", "ok"), ("p000", "bob", "dent"), ("p001", "ann", "ok"))
        images = ImageSource.from_bytes({"p000": np.zeros((3, 4, 3), np.uint8)})
        content = self.section(flagged(queue_of(2)), annotations, images)["blocks"]
        assert outline(content)[1:] == ["Flags by kind", "2 cards"]
        first, second = content[-1]["cards"]
        assert (first["rank"], first["title"], len(first["pictures"])) == (1, "p000", 1)
        assert [(line["head"], line["text"].replace(NBSP, " ")) for line in first["lines"]] == [
            ("", "Label: ok → dent"),
            ("", "why"),
            ("Said:", "ann: ok, bob: dent"),
            ("Chance of being wrong:", "90 %"),
        ]
        # one label is no disagreement, and of this item there is no picture
        assert [line["head"] for line in second["lines"]] == ["", "", "Chance of being wrong:"]
        assert second["pictures"] == []

    def test_boxes_have_a_legend_and_the_one_in_question_is_marked(self):
        annotations = boxes_of(("p000", "ann", "x", 0, 0, 9, 9), ("p000", "bob", "x", 0, 0, 9, 9))
        box = annotations.boxes["box_id"].iloc[1]
        content = self.section(flagged(queue_of(1, box_id=box, kind="loose_box")), annotations)["blocks"]
        assert outline(content)[1:] == ["Flags by kind", "ann, bob", "1 cards"]
        (picture,) = content[-1]["cards"][0]["pictures"]
        seen = [(layer["annotator_id"], layer["is_focus"]) for layer in picture["layers"]]
        assert seen == [("ann", False), ("bob", True)]

    @pytest.mark.parametrize(
        ("known", "lines"),
        [
            ({"p_wrong": 0.9949}, ["Label: ok", "why", "99 %"]),
            ({"p_wrong": 0.995}, ["Label: ok", "why", "over 99 %"]),
            ({"p_wrong": NAN}, ["Label: ok", "why"]),
            ({"reasons": ""}, ["Label: ok", "90 %"]),
            ({"reasons": None}, ["Label: ok", "90 %"]),
            ({"reasons": NAN}, ["Label: ok", "90 %"]),
        ],
    )
    def test_lines_of_a_card_at_their_limits(self, known, lines):
        row = {
            "rank": 1,
            "item_id": "p",
            "about": "Label",
            "label": "ok",
            "proposal": None,
            "p_wrong": 0.9,
            "box_id": None,
        }
        card = _flags._card(row | {"reasons": "why"} | known, {}, Album(said(("q", "ann", "x"))))
        assert [line["text"].replace(NBSP, " ") for line in card["lines"]] == lines

    def test_what_was_said_is_said_of_the_items_asked_for(self):
        labels = said(("p", "ann", 2), ("p", "bob", 1), ("q", "ann", 1), ("q", "bob", 1)).labels
        assert _flags._said(labels, {"p"}) == {"p": "ann: 2, bob: 1"}


def habits_of(n: int, **known: Any) -> Any:
    findings = pd.DataFrame({"annotator_id": [f"w{k % 2}" for k in range(n)], "kind": "size"}).assign(
        sentence=[f"Habit {k}." for k in range(n)], item_ids="p0; p1; p2; p3; p4"
    )
    explained = pd.DataFrame(
        {"kind": ["size", "all"], "f1": [0.1, 0.5], "f1_settled": 0.75, "pq": 0.4, "pq_settled": 0.6, "pq_share": 0.25}
    )
    sides = pd.DataFrame({"annotator_id": ["w0", "w0", "w1"]})
    made = {"findings": findings, "explained": explained, "sides": sides, "reason": None, "plot": print}
    return SimpleNamespace(**made | known)


class TestHabits:
    def album(self) -> Album:
        return Album(boxes_of(*((f"p{k}", who, "x", 0, 0, 9, 9) for k in range(5) for who in ("w0", "w1"))))

    def test_where_there_are_none_it_says_so(self):
        content = _habits.habit_blocks(habits_of(0, reason="Few boxes."), Sizes(), self.album())
        none = "No annotator draws differently from the others by habit; what differs is chance."
        assert outline(content) == ["Habits of drawing", "To know: Few boxes.", none]

    @pytest.mark.parametrize(
        ("n", "n_cards", "further"), [(1, 1, []), (8, 8, []), (9, 8, ["Further habits", "Habit 8."])]
    )
    def test_eight_have_a_card_and_the_others_are_listed(self, n, n_cards, further):
        charts = Sizes()
        content = _habits.habit_blocks(habits_of(n), charts, self.album())
        habits = (
            f"{n} habit{'s' * (n > 1)} beyond chance. A habit is a question for the guideline, not a mistake: "
            "everybody should answer it alike."
        )
        settled = (
            "If all of them were settled, F1 would go from 0.50 to 0.75 and PQ from 0.40 to 0.60: 25 % of the "
            "disagreement is habit, the rest is mistakes and chance."
        )
        found = outline(content)
        assert found == ["Habits of drawing", habits, settled, "box_conventions_edges", f"{n_cards} cards", *further]
        assert charts.sizes["box_conventions_edges"][1] == pytest.approx(1.3 + 2 * 0.24)
        cards = next(block for block in content if block["kind"] == "cards")
        assert cards["wide"]
        assert [card["lines"][0]["text"] for card in cards["cards"]] == [f"Habit {k}." for k in range(n_cards)]

    def test_four_pictures_show_the_boxes_of_the_person(self):
        content = _habits.habit_blocks(habits_of(2), Sizes(), self.album())
        card = content[-1]["cards"][1]
        assert card["title"] == "w1: size of the boxes"
        assert [one["caption"] for one in card["pictures"]] == ["p0", "p1", "p2", "p3"]
        seen = [(layer["annotator_id"], layer["is_focus"]) for layer in card["pictures"][0]["layers"]]
        assert seen == [("w0", False), ("w1", True)]

    def test_a_habit_without_items_has_no_pictures(self):
        findings = pd.DataFrame(
            {"annotator_id": ["w0"], "kind": ["new_kind"], "sentence": ["New."], "item_ids": [None]}
        )
        (card,) = _habits.habit_blocks(habits_of(1, findings=findings), Sizes(), self.album())[-1]["cards"]
        assert (card["title"], card["pictures"]) == ("w0: new_kind", [])


def origin(**known: Any) -> Origin:
    checks = pd.DataFrame({"finding": [], "table": [], "n": [], "action": [], "examples": []})
    made = {
        "name": "parts", "version": "1.2", "versions": {"python": "3.12", "numpy": "2.1"},
        "command": "labelqa audit parts",
        "files": [{"what": "labels", "path": "a.csv", "sha256": "0123456789abcdef", "bytes": 1200}], "checks": checks,
        "counts": {"items": 1200, "annotators": 1, "views": 2, "labels": 1, "boxes": 1}, "views_derived": False,
        "problems": [], "seed": 7,
    }  # fmt: skip
    return Origin(**made | known)


def labels_found(**known: Any) -> Any:
    observed = pd.DataFrame({"coefficient": ["alpha", "percent_agreement"], "value": [0.7, 0.84]})
    ends = {"alpha": 0.7, "alpha_low": 0.6, "alpha_high": 0.8}
    made = {"n_items": 10, "n_paired": 8, "coefficients": observed, "class_pairs": pairs_of(2), "n_classes": 3, **ends}
    return SimpleNamespace(**made | known)


def boxes_found(**known: Any) -> Any:
    ends = {"f1": 0.8, "f1_low": 0.7, "f1_high": 0.9, "alpha": 0.5, "alpha_low": 0.4, "alpha_high": 0.6}
    return SimpleNamespace(**{"n_images": 5, "n_pairs": 6, "mean_iou": 0.75, **ends} | known)


class TestLead:
    def sentences(self, **found: Any) -> list[str]:
        lead = _lead.lead(Found(**found), origin())
        assert [one["head"] for one in lead] == ["How good:", "How sure:", "What to do:"]
        return [one["text"].replace(NBSP, " ") for one in lead]

    def test_where_nothing_was_found(self):
        assert self.sentences() == [
            "Nothing can be said about agreement, because no item was seen by two people.",
            "What fixing is worth cannot be said (see Before and after).",
            "Nothing stands out.",
        ]

    @pytest.mark.parametrize(
        ("found", "words"),
        [
            (
                {"label_agreement": labels_found()},
                "Two people give an item the same class in 84 % of cases; beyond chance that is an alpha of "
                "0.70 [0.60, 0.80], enough for tentative conclusions only.",
            ),
            (
                {"label_agreement": labels_found(alpha=NAN)},
                "Two people give an item the same class in 84 % of cases.",
            ),
            (
                {"label_agreement": labels_found(n_paired=0), "box_agreement": boxes_found()},
                "Two people's boxes match with an F1 of 0.80 [0.70, 0.90], overlapping by 75 %.",
            ),
            (
                {"box_agreement": boxes_found(mean_iou=NAN)},
                "Two people's boxes match with an F1 of 0.80 [0.70, 0.90], overlapping by 0 %.",
            ),
            (
                {"label_agreement": labels_found(n_paired=0), "box_agreement": boxes_found(n_pairs=0)},
                "Nothing can be said about agreement, because no item was seen by two people.",
            ),
            (
                {
                    "label_agreement": labels_found(alpha=NAN),
                    "box_agreement": boxes_found(),
                    "label_consensus": SimpleNamespace(accuracy=0.95),
                },
                "Two people give an item the same class in 84 % of cases; two people's boxes match with an F1 of "
                "0.80 [0.70, 0.90], overlapping by 75 %; the consensus is right for 95 % of the trusted labels.",
            ),
            (
                {"box_agreement": boxes_found(), "label_consensus": SimpleNamespace(accuracy=NAN)},
                "Two people's boxes match with an F1 of 0.80 [0.70, 0.90], overlapping by 75 %.",
            ),
        ],
    )
    def test_how_good(self, found, words):
        assert _lead._how_good(Found(**found)).replace(NBSP, " ") == words

    @pytest.mark.parametrize(
        ("found", "problems", "words"),
        [
            (
                {"label_agreement": labels_found(), "box_agreement": boxes_found()},
                ["One picture cannot be read."],
                "Agreement on classes rests on 8 items with two or more labels of 10; the others say nothing about it; "
                "agreement on boxes rests on 5 images seen by two or more; "
                "what fixing is worth cannot be said (see Before and after); the result is partial (see Method).",
            ),
            (
                {"label_agreement": labels_found(n_paired=10), "retrain": retrained()},
                [],
                "Agreement on classes rests on 10 items with two or more labels; "
                "the worth of fixes on 40 trusted items.",
            ),
        ],
    )
    def test_how_sure(self, found, problems, words):
        assert _lead._how_sure(Found(**found), origin(problems=problems)) == words

    def test_what_to_do_in_order(self):
        rows = [("eve", "a", "b0", 40, 0.5, 0.4, 0.6), *((who, "a", "b0", 40, 0.0, 0.0, 0.1) for who in "kmn")]
        habits = pd.DataFrame({"annotator_id": ["w3", "w1", "w3", "w2", "w0"]})
        found = {
            "label_agreement": labels_found(), "label_consensus": confusion(*rows),
            "box_conventions": SimpleNamespace(findings=habits), "flags": flagged(queue_of(3)),
            "retrain": retrained(verdict="helps"),
        }  # fmt: skip
        assert _lead._what_to_do(Found(**found)).replace(NBSP, " ") == (
            "Settle what tells a from b0 (50 % of the disagreement), first with eve; settle how boxes are drawn, with "
            "w3, w1 and w2 (5 habits below); review the 3 flags, worst first; the fixes help: 10.0 points of accuracy "
            "[\u22122.0, 20.0]."
        )

    def test_what_there_is_not_is_not_to_be_done(self):
        nothing = {
            "label_agreement": labels_found(class_pairs=pairs_of(0)),
            "box_conventions": SimpleNamespace(findings=pd.DataFrame()),
            "flags": flagged(queue_of(0)),
        }
        assert _lead._what_to_do(Found(**nothing)) == "Nothing stands out."
        alone = {"label_agreement": labels_found()}
        words = "Settle what tells a from b0 (50 % of the disagreement)."
        assert _lead._what_to_do(Found(**alone)).replace(NBSP, " ") == words

    def test_key_figures(self):
        assert _lead.key_figures(Found()) == []
        assert _lead.key_figures(Found(flags=flagged(queue_of(0), is_empty=True))) == []
        found = Found(
            label_agreement=labels_found(), box_agreement=boxes_found(), flags=flagged(queue_of(0)), retrain=retrained()
        )
        shown = [(one["name"], one["value"], one["low"], one["high"], one["form"]) for one in _lead.key_figures(found)]
        assert shown == [
            ("Agreement on classes", 0.7, 0.6, 0.8, "number"),
            ("Agreement on boxes", 0.5, 0.4, 0.6, "number"),
            ("Flagged", 0, None, None, "count"),
            ("Fixing gains", 0.1, -0.02, 0.2, "points"),
        ]


class TestMethod:
    def test_what_was_read_and_how_to_make_it_again(self):
        section = _method.method_section(origin())
        assert (section["id"], section["title"]) == ("method", "Method")
        words = outline(section["blocks"])
        assert words[:4] == [
            "What was read",
            "1,200 items, 1 annotator, 2 views, 1 label of whole items, 1 box.",
            "Files",
            "The checks found nothing to correct.",
        ]
        assert words[4] == "How the numbers were made"
        assert words[-3:] == [
            "To make this again",
            "labelqa audit parts",
            "labelqa 1.2, seed 7; python 3.12, numpy 2.1.",
        ]
        assert table_of(section["blocks"], "Files")["rows"] == [
            {"what": "labels", "path": "a.csv", "bytes": 1200, "fingerprint": "0123456789ab"}
        ]

    def test_what_the_checks_found_and_what_could_not_be_used(self):
        checks = pd.DataFrame({"finding": ["twice"], "table": "labels", "n": 2, "action": "dropped", "examples": "p1"})
        words = outline(_method.method_section(origin(checks=checks, problems=["One.", "Two."]))["blocks"])
        assert words[3:8] == ["Checks", "What could not be used", "One.", "Two.", "How the numbers were made"]

    def test_derived_views_are_said(self):
        assert "Who looked at what was not given" not in _method._counts(origin())
        assert _method._counts(origin(views_derived=True)).endswith("drew nothing is not known.")


def test_a_page_has_its_sections_in_order():
    annotations = said(("1", "ann", "x"))
    page = build_page(Found(reasons=NOTHING), origin(), annotations, Sizes(), Album(annotations))
    assert (page["title"], page["version"], page["figures"]) == ("parts", "1.2", [])
    assert [one["id"] for one in page["sections"]] == ["agreement", "disagreement", "flags", "change", "method"]


def test_a_page_reads_the_same_in_any_order_of_rows():
    rows = [(f"p{k}", who, "a" if who == "ann" else "b0") for k in range(3) for who in ("ann", "bob", "eve")]
    found = Found(
        label_agreement=labels_found(class_pairs=pairs_of(1), n_paired=0, n_annotators=3, reason=None),
        flags=flagged(queue_of(2).replace({"p000": "p0", "p001": "p1"})),
        reasons=NOTHING,
    )

    def page(annotations: Annotations) -> dict[str, Any]:
        return build_page(found, origin(), annotations, Sizes(), Album(annotations, pictures_of(3)))

    assert page(said(*rows)) == page(said(*rows[::-1]))
    assert "p0. ann: a, bob: b0, eve: b0" in str(page(said(*rows[::-1])))
    assert "'Said:', 'text': 'ann: a, bob: b0, eve: b0'" in str(page(said(*rows[::-1])))
