"""Each step on a few items: what it hands on, and the reason where it cannot say anything."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa.annotations import Annotations
from labelqa.audit._found import Case, Found, Nothing
from labelqa.audit._reading import GOLD, Material
from labelqa.audit.steps import STEPS, _features, _fixes, _flags, _label_consensus, _model, _pictures, _retrain
from labelqa.audit.steps._box_agreement import box_agreement
from labelqa.audit.steps._box_consensus import box_consensus
from labelqa.audit.steps._box_conventions import box_conventions
from labelqa.audit.steps._label_agreement import label_agreement
from labelqa.audit.steps._label_consensus import label_consensus
from labelqa.compare import UnfairComparison
from labelqa.features import FeatureRecipe
from labelqa.images import ImageSource

NAN = float("nan")


def boxes_of(*rows: tuple[Any, ...]) -> Annotations:
    names = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    return Annotations.from_frames(boxes=pd.DataFrame(rows, columns=names))


def said(*rows: tuple[Any, ...]) -> Annotations:
    return Annotations.from_frames(labels=pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"]))


def case(annotations: Annotations, folder: Path = Path(), **known: Any) -> Case:
    images = known.pop("images", None)
    read: dict[str, Any] = {"name": "parts", "images": images, "gold": None, "decisions": None, "files": []}
    return Case(material=Material(annotations=annotations, **read | known), images=images, seed=0, folder=folder)


def reason(found: Any) -> str:
    assert isinstance(found, Nothing)
    return found.reason


LABELS = said(("1", "ann", "x"), ("1", "bob", "x"), ("2", "ann", "y"), ("2", "bob", "y"))
BOXES = boxes_of(*((item, who, "dent", 0, 0, 20, 20) for item in "12" for who in ("ann", "bob")))


class TestWithoutAnything:
    @pytest.mark.parametrize("step", ["label agreement", "label consensus"])
    def test_labels(self, step):
        assert reason(STEPS[step](case(BOXES), Found())) == "There are no labels of whole items."

    @pytest.mark.parametrize("step", ["box agreement", "box conventions", "box consensus"])
    def test_boxes(self, step):
        assert reason(STEPS[step](case(LABELS), Found())) == "There are no boxes."

    @pytest.mark.parametrize("step", ["pictures", "features"])
    def test_pictures(self, step):
        assert reason(STEPS[step](case(LABELS), Found())) == "There are no pictures."

    @pytest.mark.parametrize(
        ("found", "gold", "words"),
        [
            ({}, LABELS, "The baseline classifies whole items, and there are no labels of whole items."),
            ({"features": 1}, LABELS, "The baseline classifies whole items, and there are no labels of whole items."),
            ({"label_consensus": 1}, LABELS, "There are no pictures to train on."),
            ({"label_consensus": 1, "features": 1}, None, "There are no trusted labels: what fixing is worth can"),
            ({"label_consensus": 1, "features": 1}, BOXES, "There are no trusted labels: what fixing is worth can"),
        ],
    )
    def test_fixes(self, found, gold, words):
        assert reason(_retrain.retrain(case(LABELS, gold=gold), Found(**found))).startswith(words)

    @pytest.mark.parametrize("found", [{}, {"features": 1}, {"label_consensus": 1}])
    def test_model(self, found):
        words = "Without pictures and labels of whole items there is no model."
        assert reason(_model.model(case(LABELS), Found(**found))) == words

    def test_habits_of_one_annotator(self):
        one = boxes_of(("1", "ann", "dent", 0, 0, 20, 20))
        words = "Only one annotator drew boxes, and habits show beside other people's."
        assert reason(box_conventions(case(one), Found())) == words
        assert set(box_conventions(case(BOXES), Found()).sides["annotator_id"]) == {"ann", "bob"}


def test_agreement_is_that_of_the_room():
    assert label_agreement(case(LABELS), Found()).alpha == 1.0
    assert box_agreement(case(BOXES), Found()).f1 == 1.0


class TestAgainstGold:
    def test_labels(self):
        rows = [("1", "ann", 1), ("1", "bob", 1), ("2", "ann", 2), ("2", "bob", 1), ("2", "kim", 2), ("3", "bob", 1)]
        gold = said(("1", GOLD, 1), ("2", GOLD, 2), ("9", GOLD, 1))
        found = label_consensus(case(said(*rows), gold=gold), Found())
        assert (found.n_items, found.n_tied, found.n_gold) == (3, 0, 3)
        assert found.against_gold.to_dict("list") == {
            "annotator_id": ["ann", "bob", "kim"],
            "n_items": [2, 2, 1],
            "n_right": [2, 1, 1],
            "accuracy": [1.0, 0.5, 1.0],
        }

    @pytest.mark.parametrize("gold", [None, BOXES])
    def test_without_trusted_labels(self, gold):
        found = label_consensus(case(LABELS, gold=gold), Found())
        assert (found.n_gold, len(found.against_gold)) == (0, 0)
        assert np.isnan(found.accuracy)
        assert list(found.against_gold) == ["annotator_id", "n_items", "n_right", "accuracy"]

    def test_people_come_in_order(self):
        labels = pd.DataFrame({"item_id": "1", "annotator_id": ["zoe", "ann"], "label": "x"})
        gold = pd.DataFrame({"item_id": ["1"], "label": ["x"]})
        against = _label_consensus._against(SimpleNamespace(labels=labels), gold)
        assert against["annotator_id"].tolist() == ["ann", "zoe"]

    def test_boxes(self):
        drawn = boxes_of(
            *((item, who, "dent", 0, 0, 20, 20) for item in "12" for who in ("ann", "bob", "kim")),
            ("1", "ann", "dent", 100, 100, 120, 120),
        )
        gold = boxes_of(("1", GOLD, "dent", 0, 0, 20, 20), ("1", GOLD, "dent", 200, 200, 220, 220))
        found = box_consensus(case(drawn, gold=gold), Found())
        # one box of one person is no object; on item 1 one of two trusted boxes is found, item 2 says nothing
        assert (found.n_objects, found.n_rejected, found.n_gold) == (2, 1, 1)
        assert found.against_gold.n_images == 1
        assert found.against_gold.f1 == pytest.approx(2 / 3)

    @pytest.mark.parametrize("gold", [None, LABELS])
    def test_without_trusted_boxes(self, gold):
        found = box_consensus(case(BOXES, gold=gold), Found())
        assert (found.n_objects, found.n_gold, found.against_gold) == (2, 0, None)


class TestPictures:
    def test_those_that_cannot_be_read_are_named(self):
        images = ImageSource.from_bytes({"a": np.zeros((3, 4, 3), np.uint8), "b": b"", "z": b"no picture"})
        found = _pictures.pictures(case(LABELS, images=images), Found())
        assert (found.n_pictures, found.n_missing, found.n_unreadable) == (3, 0, 2)
        assert found.unreadable["item_id"].tolist() == ["b", "z"]
        first = found.unreadable["problem"].iloc[0]
        assert found.problem == f"2 pictures cannot be read ('b', 'z'); set aside. {first}"

    def test_where_all_can_be_read_there_is_no_problem(self):
        images = ImageSource.from_bytes({"a": np.zeros((3, 4, 3), np.uint8)})
        found = _pictures.pictures(case(LABELS, images=images), Found())
        assert (found.n_pictures, found.n_unreadable, found.problem) == (1, 0, None)

    @pytest.mark.parametrize(("n", "kinds"), [(999, "EXPORTABLE"), (1000, "KINDS")])
    def test_patches_are_learned_from_a_thousand_pictures_on(self, monkeypatch, n, kinds):
        import labelqa.features as room

        asked = {}

        def image_features(images: Any, **options: Any) -> pd.DataFrame:
            asked.update(options)
            return pd.DataFrame(0.0, index=range(n), columns=["a", "b"])

        monkeypatch.setattr(room, "image_features", image_features)
        found = _features.features(case(LABELS, images=range(n)), Found())
        assert (found.n_items, found.n_features) == (n, 2)
        assert asked == {"kinds": getattr(room, kinds), "seed": 0}


def queue_of(*rows: tuple[Any, ...]) -> Any:
    """Flags with a queue of (item, kind, box, proposal, is_flagged), and no duplicates."""
    table = pd.DataFrame(rows, columns=["item_id", "kind", "box_id", "proposal", "is_flagged"])
    return SimpleNamespace(queue=SimpleNamespace(table=table), duplicates=None)


class TestFlags:
    def test_what_was_found_stands_by_its_kind(self):
        rows = [(f"p{k}", who, "xy"[k % 2]) for k in range(12) for who in ("ann", "bob")]
        annotations = said(*rows, ("p0", "eve", "y"))
        images = ImageSource.from_bytes(
            {f"p{k}": np.random.default_rng(k).integers(0, 255, (16, 16, 3), dtype=np.uint8) for k in range(12)}
        )
        with_pictures = case(annotations, images=images)
        found = Found(
            label_consensus=label_consensus(with_pictures, Found()), features=_features.features(with_pictures, Found())
        )
        flags = _flags.flags(with_pictures, found)
        assert flags.label_issues is not None
        assert flags.image_issues is not None
        assert flags.duplicates is not None
        assert flags.box_issues is None
        without = _flags.flags(case(annotations), Found())
        assert without.image_issues is None

    def test_boxes_alone(self):
        drawn = boxes_of(*((f"p{k}", who, "dent", 0, 0, 20, 20) for k in range(4) for who in ("ann", "bob", "kim")))
        flags = _flags.flags(case(drawn), Found())
        assert flags.box_issues is not None
        assert flags.label_issues is None

    @pytest.mark.parametrize("flags", [None, queue_of()])
    def test_without_duplicates_there_are_no_groups(self, flags):
        groups = _flags.copies(Found(flags=flags))
        assert (list(groups), len(groups)) == (["group", "item_id"], 0)

    def test_groups_of_duplicates(self):
        table = pd.DataFrame({"group": [1, 1], "item_id": ["a", "b"]})
        flags = SimpleNamespace(queue=None, duplicates=SimpleNamespace(table=table))
        assert _flags.copies(Found(flags=flags)) is table

    def test_rows_about_items_once_each(self):
        flags = queue_of(
            ("a", "wrong", "b1", None, True),
            ("a", "missing", None, None, True),
            ("a", "label", None, "x", True),
            ("b", "image", None, None, False),
            ("a", "image", None, None, False),
        )
        about = _flags.about_items(Found(flags=flags))
        assert about[["item_id", "kind"]].to_numpy().tolist() == [["a", "label"], ["b", "image"]]
        assert _flags.about_items(Found()).empty


class TestFixes:
    consensus = pd.DataFrame({"item_id": [f"p{k:02d}" for k in range(20)], "label": ["x", "y"] * 10})

    def found(self, n_flagged: int, *, duplicates: pd.DataFrame | None = None) -> Found:
        # the last item is the most doubtful
        rows = [(f"p{k:02d}", "label", None, "z", 19 - k < n_flagged) for k in range(19, -1, -1)]
        flags = queue_of(*rows)
        flags.duplicates = None if duplicates is None else SimpleNamespace(table=duplicates)
        return Found(flags=flags)

    def fixes(self, found: Found, known: Any = None, **read: Any) -> _fixes.Fixes:
        index = pd.Index(self.consensus["item_id"]) if known is None else known
        return _fixes.find_fixes(case(LABELS, **read), found, self.consensus, index)

    def gold(self, items: Any) -> Annotations:
        return said(*((f"p{k:02d}", GOLD, "z") for k in items))

    def test_half_of_the_trusted_items_are_the_test(self):
        fixes = self.fixes(self.found(0), gold=self.gold(range(10)))
        assert len(fixes.test) == 5
        assert list(fixes.test.index) == sorted(fixes.test.index)
        assert set(fixes.test.index) <= {f"p{k:02d}" for k in range(10)}
        assert set(fixes.before.index) == set(self.consensus["item_id"]) - set(fixes.test.index)
        other = _fixes.find_fixes(
            replace(case(LABELS, gold=self.gold(range(10))), seed=1),
            self.found(0),
            self.consensus,
            pd.Index(self.consensus["item_id"]),
        )
        assert list(other.test.index) != list(fixes.test.index)

    @pytest.mark.parametrize("n_flagged", [0, 1, 4, 20])
    def test_what_is_flagged_is_reviewed_and_a_tenth_at_least(self, n_flagged):
        fixes = self.fixes(self.found(n_flagged), gold=self.gold(range(20)))
        candidates = sorted(fixes.before.index, reverse=True)
        assert len(candidates) == 10
        # flagged are the last items of all twenty, and only those that are not held out can be reviewed
        flagged = [item for item in candidates if int(item[1:]) >= 20 - n_flagged]
        n = max(len(flagged), 1)
        assert fixes.reviewed["item_id"].tolist() == candidates[:n]
        assert fixes.reviewed.index.tolist() == list(range(n))
        assert set(fixes.reviewed["reviewer"]) == {"gold"}
        assert fixes.after[candidates[:n]].tolist() == ["z"] * n
        assert fixes.after.drop(candidates[:n]).equals(fixes.before.drop(candidates[:n]))
        assert fixes.source == f"the trusted labels of the {n} most doubtful training items that have one"

    def test_the_log_says_what_was_reviewed_in_order(self):
        log = self.fixes(self.found(20), gold=self.gold(range(20))).log()
        assert list(log) == ["item_id", "before", "after", "by"]
        assert log["item_id"].tolist() == sorted(log["item_id"], reverse=True)
        assert log["before"].tolist() == [["x", "y"][int(item[1:]) % 2] for item in log["item_id"]]
        assert set(log["after"]) == {"z"}

    def test_copies_of_test_items_are_not_trained_on(self):
        copies = pd.DataFrame({"group": [1, 1, 2, 2], "item_id": ["p00", "p15", "p16", "p17"]})
        fixes = self.fixes(self.found(0, duplicates=copies), gold=self.gold([0, 1]))
        held_out = {"p00", "p15"} if "p00" in fixes.test.index else {"p01"}
        assert set(self.consensus["item_id"]) - set(fixes.before.index) == held_out
        both = self.fixes(
            self.found(0, duplicates=copies.assign(item_id=["p00", "p15", "p01", "p17"])), gold=self.gold([0, 1])
        )
        assert len(both.before) == 18

    def test_items_without_features_are_left_out(self):
        fixes = self.fixes(self.found(0), pd.Index(["p00", "p01", "p02"]), gold=self.gold(range(10)))
        assert len(fixes.before) + len(fixes.test) == 3

    def test_decisions_are_the_fixes(self, tmp_path):
        lines = [
            {"item_id": "p03", "action": "relabel", "label": "w", "reviewer": "kim"},
            {"item_id": "p01", "action": "relabel", "label": "w", "reviewer": "kim"},
            {"item_id": "p03", "action": "relabel", "label": "w", "reviewer": "lee"},
            {"item_id": "p05", "box_id": "b1", "action": "drop", "reviewer": "kim"},
            {"item_id": "p00", "action": "relabel", "label": "w", "reviewer": "kim"},
        ]
        path = tmp_path / "decisions.jsonl"
        path.write_text("\n".join(json.dumps(line) for line in lines))
        gold = self.gold([0, 10, 11])
        fixes = self.fixes(self.found(0), gold=gold, decisions=path)
        # what was decided on is no test, all other trusted items are
        assert list(fixes.test.index) == ["p10", "p11"]
        assert sorted(fixes.reviewed["item_id"]) == ["p00", "p01", "p03"]
        assert fixes.reviewed.index.tolist() == [0, 1, 2]
        assert fixes.after[["p00", "p01", "p02", "p03"]].tolist() == ["w", "w", "x", "w"]
        assert fixes.source == "the reviewer's decisions"

    def test_labels_are_text_and_items_without_one_are_left_out(self):
        table = pd.DataFrame({"item_id": ["a", "b", "c"], "label": [1.0, None, 2.0]}, dtype=object)
        assert _fixes.labels_by_item(table).to_dict() == {"a": "1", "c": "2"}
        assert _fixes.labels_by_item(table, pd.Index(["c", "d"])).to_dict() == {"c": "2"}


def features_of(n: int) -> Any:
    rng = np.random.default_rng(0)
    names = FeatureRecipe().names
    table = pd.DataFrame(rng.normal(size=(n, len(names))), columns=names, index=[f"p{k:02d}" for k in range(n)])
    return SimpleNamespace(features=table, exportable=table)


class TestModel:
    def consensus(self, labels: list[Any]) -> Any:
        table = pd.DataFrame({"item_id": [f"p{k:02d}" for k in range(len(labels))], "label": labels})
        return SimpleNamespace(consensus=SimpleNamespace(table=table))

    def test_one_class_teaches_nothing(self, tmp_path):
        found = Found(features=features_of(4), label_consensus=self.consensus(["x"] * 4))
        words = "The labels hold a single class, so there is nothing for a model to tell apart."
        assert reason(_model.model(case(LABELS, tmp_path), found)) == words
        assert list(tmp_path.iterdir()) == []

    def test_it_is_taught_by_the_labels_as_given(self, tmp_path):
        found = Found(features=features_of(20), label_consensus=self.consensus(["x", "y"] * 9 + [None, "y"]))
        kept = _model.model(case(LABELS, tmp_path), found)
        assert (kept.n_items, kept.labels, kept.classes) == (19, "the labels as given", ("x", "y"))
        assert (kept.file, kept.reason) == ("model/baseline.skops", None)
        assert (tmp_path / "model" / "baseline.skops").is_file()
        written = json.loads((tmp_path / "model" / "metadata.json").read_text())
        assert written["n_items"] == 19

    def test_or_by_the_fixed_ones(self, tmp_path):
        labels = pd.DataFrame({"item_id": [f"p{k:02d}" for k in range(10)], "label": ["x", "z"] * 5})
        found = Found(
            features=features_of(20),
            label_consensus=self.consensus(["x", "y"] * 10),
            retrain=SimpleNamespace(labels=labels),
        )
        kept = _model.model(case(LABELS, tmp_path), found)
        assert (kept.n_items, kept.classes) == (10, ("x", "z"))
        assert kept.labels == "the fixed labels, without the test items"


class TestRetrain:
    @pytest.fixture
    def asked(self, monkeypatch) -> list[dict[str, Any]]:
        """What is compared, in order; dropping is never possible."""
        asked: list[dict[str, Any]] = []

        def compare_fixes(before: Any, after: Any, test: Any, **options: Any) -> Any:
            asked.append({"before": before, "after": after, "test": test, **options})
            if "drop" in set((options.get("kinds") or {}).values()):
                raise UnfairComparison("No item of class x is left.")
            n = len(asked)
            controls = pd.DataFrame({"difference": [0.25, 0.75][: 2 if n == 2 else 0]})
            ends = {"difference": 0.1 * n, "low": 0.0, "high": 1.0, "verdict": "helps"}
            return SimpleNamespace(n_fixes=n, controls=controls, **ends)

        monkeypatch.setattr(_retrain, "compare_fixes", compare_fixes)
        return asked

    def found(self) -> Found:
        rows = [(f"p{k:02d}", "label", None, "z" if k % 2 else None, k > 15) for k in range(19, -1, -1)]
        return Found(
            features=features_of(20), label_consensus=TestModel().consensus(["x", "y"] * 10), flags=queue_of(*rows)
        )

    def test_ways_to_use_the_same_flags(self, asked):
        gold = said(*((f"p{k:02d}", GOLD, "w") for k in range(20)))
        made = _retrain.retrain(case(LABELS, gold=gold), self.found())
        reviewed = made.fixes["item_id"].tolist()
        assert made.n_train == 10
        assert made.labels["item_id"].tolist() == asked[0]["before"].index.tolist()
        assert made.labels["label"].tolist() == asked[0]["after"].tolist()
        assert asked[0]["decisions"]["item_id"].tolist() == reviewed
        assert [one["curves"] for one in asked] == [True, False, False, False]
        kinds = ["human_relabel", "automatic_relabel", "drop"]
        assert [one["kinds"] for one in asked[1:]] == [dict.fromkeys(reviewed, kind) for kind in kinds]
        odd = [item for item in reviewed if int(item[1:]) % 2]
        changed = asked[2]["after"].loc[lambda after: after != asked[2]["before"]]
        assert changed.to_dict() == dict.fromkeys(odd, "z")
        assert set(asked[3]["after"].index) == set(asked[3]["before"].index) - set(reviewed)
        # dropping was not open
        assert [way.way for way in made.ways] == ["a person relabels them", "every proposal is taken over unseen"]
        assert [way.n_fixes for way in made.ways] == [2, 3]
        assert made.ways[0].control == 0.25
        assert np.isnan(made.ways[1].control)

    def test_where_nothing_was_reviewed_there_are_no_decisions(self, asked):
        gold = said(("p00", GOLD, "w"), ("p01", GOLD, "w"))
        nobody = replace(self.found(), flags=None)
        _retrain.retrain(case(LABELS, gold=gold), nobody)
        assert asked[0]["decisions"] is None

    def test_an_unfair_comparison_is_a_reason(self, monkeypatch):
        def compare_fixes(*_: Any, **__: Any) -> Any:
            raise UnfairComparison("Too few test items.")

        monkeypatch.setattr(_retrain, "compare_fixes", compare_fixes)
        gold = said(*((f"p{k:02d}", GOLD, "w") for k in range(20)))
        assert reason(_retrain.retrain(case(LABELS, gold=gold), self.found())) == "Too few test items."
