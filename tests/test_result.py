from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labelqa import agreement, baseline, compare, consensus, noise
from labelqa._crossval import out_of_fold
from labelqa._result import Result, facts_of, json_safe, tables_of, unstored, with_index


class Colour(Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Small(Result):
    value: float
    n_items: int
    reason: str | None
    table: pd.DataFrame
    hidden: int = unstored(default=0)


def small(value: float = 0.25) -> Small:
    table = pd.DataFrame({"label": ["<b>", "nan"], "share": [np.nan, 0.5]})
    return Small(value=value, n_items=3, reason=None, table=table)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (float("inf"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2026-01-02", tz="UTC"), "2026-01-02T00:00:00+00:00"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (Path("a") / "b", "a/b"),
        (Colour.RED, "red"),
        (frozenset({"b", "a"}), ["a", "b"]),
        (np.array([1.5, np.nan]), [1.5, None]),
        ({1: (2, 3)}, {"1": [2, 3]}),
        (pd.Series([1, 2]), [1, 2]),
    ],
)
def test_json_safe(value, expected):
    assert json_safe(value) == expected
    json.dumps(json_safe(value), allow_nan=False)


def test_to_dict_holds_every_public_number_and_table():
    expected = {
        "value": 0.25,
        "n_items": 3,
        "reason": None,
        "table": [{"label": "<b>", "share": None}, {"label": "nan", "share": 0.5}],
    }
    assert small().to_dict() == expected
    assert json_safe({"nested": small()}) == {"nested": expected}


def test_fields_that_are_not_stored_are_not_shown():
    assert small().hidden == 0
    assert "hidden" not in small().to_dict()
    assert "hidden" not in repr(small())
    assert "hidden" not in small()._repr_html_()


def test_facts_are_all_but_the_tables():
    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
    class Outer(Result):
        inner: Small
        several: tuple[Small, ...]
        named: dict[str, Small]
        table: pd.DataFrame

    facts = {"value": 0.25, "n_items": 3, "reason": None}
    outer = Outer(inner=small(), several=(small(),), named={"one": small()}, table=small().table)
    assert facts_of(outer) == {"inner": facts, "several": [facts], "named": {"one": facts}}
    assert list(tables_of(outer)) == ["table"]


def test_repr_is_one_line_and_shows_an_undefined_value():
    assert repr(small()) == "Small(value=0.25, n_items=3)"
    assert "value=nan" in repr(small(float("nan")))


@pytest.mark.parametrize(("given", "seen"), [("x" * 60, "x" * 60), ("x" * 61, "x" * 57 + "...")])
def test_a_long_text_is_cut_after_57_letters(given, seen):
    assert f"reason={seen!r}" in repr(dataclasses.replace(small(), reason=given))


def test_html_is_escaped_and_has_no_script():
    html = small()._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>Small</b>" in html
    assert "<script" not in html
    assert "2 rows" in html


def test_repr_shows_an_interval_behind_its_number():
    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
    class Two(Result):
        f1: float = 0.5
        f1_low: float = 0.4
        f1_high: float = 0.6
        pq: float = 0.25
        pq_low: float = float("nan")
        pq_high: float = float("nan")

    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
    class One(Result):
        value: float = 1.0
        low: float = 0.5
        high: float = 1.0

    assert repr(Two()) == "Two(f1=0.5 [0.4, 0.6], pq=0.25)"
    assert repr(One()) == "One(value=1 [0.5, 1])"


class TestIndex:
    @pytest.mark.parametrize(
        ("index", "names"),
        [
            (pd.Index(["x", "y"], name="item_id"), ["item_id", "a", 1]),
            (pd.Index([7, 8], name="item_id"), ["item_id", "a", 1]),
            (pd.RangeIndex(2, name="item_id"), ["item_id", "a", 1]),
            (pd.Index(["x", "y"]), ["index", "a", 1]),
            (pd.Index(["x", "y"], name="a"), ["index", "a", 1]),
            (pd.Index(["x", "y"], name=1), ["index", "a", 1]),
            (pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["item_id", "place"]), ["item_id", "place", "a", 1]),
            (pd.MultiIndex.from_tuples([("x", 1), ("y", 2)]), ["index_0", "index_1", "a", 1]),
            (pd.RangeIndex(2), ["a", 1]),
            (pd.Index([7, 3]), ["a", 1]),
        ],
    )
    def test_an_index_that_says_something_is_kept(self, index, names):
        table = pd.DataFrame({"a": [0.5, np.nan], 1: [True, False]}, index=index)
        found = with_index(table)
        assert list(found.columns) == names
        assert found["a"].tolist()[0] == 0.5
        assert found[1].tolist() == [True, False]
        assert [list(record) for record in json_safe(table)] == [[str(name) for name in names]] * 2
        if len(names) > 2:
            assert found.iloc[:, : index.nlevels].to_numpy().tolist() == index.to_frame().to_numpy().tolist()

    def test_a_class_may_be_called_like_the_index(self):
        table = pd.DataFrame({"item_id": [0.9], "x": [0.1]}, index=pd.Index(["7"], name="item_id"))
        assert json_safe(table) == [{"index": "7", "item_id": 0.9, "x": 0.1}]

    def test_no_rows(self):
        assert json_safe(pd.DataFrame(columns=["a"])) == []
        assert json_safe(pd.DataFrame(columns=["a"], index=pd.Index([], name="item_id"))) == []


def indexed_results():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 40)
    items = pd.Index([f"i{k}" for k in range(40)], name="item_id")
    features = pd.DataFrame(rng.normal(size=(40, 3)) + 3 * label[:, None], index=items)
    labels = pd.Series(np.array(["item_id", "dent"])[label], index=items)
    crowd = pd.DataFrame({"item_id": np.repeat(items, 2), "annotator_id": ["a", "b"] * 40, "label": labels.repeat(2)})
    issues = noise.label_issues(labels, features=features)
    return [
        baseline.cross_validate(features, labels), out_of_fold(features, labels), issues, noise.class_health(issues),
        noise.confident_learning(labels, pred_probs=issues.probabilities), noise.outliers(features),
        noise.neighbours(features), noise.find_issues(labels, features=features), baseline.human_baseline(crowd),
        consensus.consensus_labels(crowd), agreement.label_agreement(crowd, n_resamples=0), compare.scope(crowd),
    ]  # fmt: skip


def test_what_is_stored_gives_the_tables_back():
    """With their indices: whose probabilities these are."""
    seen = set()
    for result in indexed_results():
        stored = json.loads(json.dumps(result.to_dict()))
        for name, table in tables_of(result).items():
            again = pd.DataFrame(stored[name], columns=None if len(table) else with_index(table).columns)
            assert len(again) == len(table)
            assert list(again.columns) == [str(column) for column in with_index(table).columns]
            if table.index.name is not None:
                seen.add((type(result).__name__, name))
                again = again.set_index(again.columns[0])
                assert again.index.tolist() == table.index.tolist()
                assert again.to_numpy() == pytest.approx(table.to_numpy())
    assert seen == {
        ("CrossValidation", "probabilities"),
        ("OutOfFold", "probabilities"),
        ("LabelIssues", "probabilities"),
    }
