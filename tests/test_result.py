from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labelqa._result import Result, facts_of, json_safe, tables_of, unstored


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
