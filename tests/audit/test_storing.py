"""Results that are written and read back are the same, whatever is in them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from labelqa._result import Result, unstored
from labelqa.agreement import LabelAgreement, label_agreement
from labelqa.audit._found import Found, Nothing
from labelqa.audit._storing import TREE, read_result, storable, write_result
from labelqa.audit._writing import _write_csv
from labelqa.audit.steps import STEPS
from labelqa.consensus import majority_vote


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Odd(Result):
    """Whatever."""

    value: Any
    hidden: Any = unstored(default=None)
    counted: int = unstored(default=7)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Make `Odd` look like a class of the package."""
    monkeypatch.setattr("labelqa.errors.Odd", Odd, raising=False)
    monkeypatch.setattr(Odd, "__module__", "labelqa.errors")


def again(value: Any, folder: Any) -> Any:
    write_result(Odd(value=value, hidden=3, counted=8), folder / "odd")
    return read_result(folder / "odd")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        0.1,
        1e-300,
        float("inf"),
        "a \u2192 b",
        (),
        ("a", 1),
        ["a", (1, 2)],
        {"table": 1},
        {"a": {"b": (None,)}},
    ],
)
def test_values_come_back_as_they_were(value, tmp_path):
    found = again(value, tmp_path).value
    assert found == value
    assert type(found) is type(value)


def test_undefined_numbers_and_numpy_ones(tmp_path):
    assert np.isnan(again(float("nan"), tmp_path).value)
    assert again(np.int32(4), tmp_path).value == 4


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [np.nan, 0.5]}),
        pd.DataFrame({"a": [1.5]}, index=pd.Index(["p1"], name="item_id")),
        pd.DataFrame([[1, 2, 3]], columns=pd.Index([1, "1", True], dtype=object)),
        pd.DataFrame(columns=["a", "b"]),
        pd.DataFrame({"is_flagged": pd.Series([True, None, False], dtype=object)}),
        pd.DataFrame({"a": pd.Series([None, None], dtype=object)}),
        pd.DataFrame({"when": pd.to_datetime(["2026-01-02"], utc=True), "ids": [["a", "b"]]}),
    ],
    ids=["plain", "index", "odd names", "empty", "truth with gaps", "nothing", "times and lists"],
)
def test_tables_come_back_as_they_were(table, tmp_path):
    found = again(table, tmp_path).value
    assert list(found.columns) == list(table.columns)
    pd.testing.assert_frame_equal(found, table, check_dtype=False, check_column_type=False)


def test_results_within_results(tmp_path):
    inner = Odd(value=pd.DataFrame({"a": [1]}))
    found = again({"one": inner, "two": (Odd(value=2),)}, tmp_path).value
    assert found["one"].value["a"].tolist() == [1]
    assert found["two"][0].value == 2


def test_fields_that_are_not_stored_have_their_default_or_none(tmp_path):
    found = again(1, tmp_path)
    assert found.hidden is None
    assert found.counted == 7
    said = pd.DataFrame({"item_id": [1], "annotator_id": ["ann"], "label": ["ok"]})
    write_result(majority_vote(said), tmp_path / "consensus")
    assert read_result(tmp_path / "consensus").crowd is None


def test_what_cannot_be_stored_is_refused(tmp_path):
    with pytest.raises(
        TypeError, match=r"result-value is a set, which cannot be stored; declare the field with unstored"
    ):
        write_result(Odd(value={1}), tmp_path / "odd")
    assert not (tmp_path / "odd" / TREE).exists()


@pytest.mark.parametrize("module", ["os", "labelqa.errors"])
def test_only_results_are_made_again(module, tmp_path):
    (tmp_path / TREE).write_text(json.dumps({"result": [module, "TableError", {}]}))
    with pytest.raises(ValueError, match="is no result of this package"):
        read_result(tmp_path)


def test_half_written_results_are_written_anew(tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "left.parquet").write_bytes(b"")
    again(1, tmp_path)
    assert [path.name for path in (tmp_path / "odd").iterdir()] == [TREE]


def test_a_rooms_result_comes_back_able_to_draw(tmp_path):
    said = pd.DataFrame(
        [(i, who, "ok" if i % 3 or who == "eve" else "dent") for i in range(9) for who in ("ann", "bob", "eve")],
        columns=["item_id", "annotator_id", "label"],
    )
    given = label_agreement(said, n_resamples=20)
    write_result(given, tmp_path / "labels")
    found = read_result(tmp_path / "labels")
    assert isinstance(found, LabelAgreement)
    assert found.to_dict() == given.to_dict()
    assert found.plot(view="pairs").get_title() == given.plot(view="pairs").get_title()
    consensus = majority_vote(said)
    write_result(consensus, tmp_path / "consensus")
    assert read_result(tmp_path / "consensus").to_dict() == consensus.to_dict()


def test_mixed_columns_are_stored_as_text():
    table = pd.DataFrame({"a": pd.Series([1, "one", None], dtype=object), "b": [[1], [2], [3]], "c": [1, 2, 3]})
    stored = storable(table)
    assert stored["a"].tolist()[:2] == ["1", "one"]
    assert stored["a"].isna().tolist() == [False, False, True]
    assert stored["c"].tolist() == [1, 2, 3]


def test_numbers_with_gaps_and_decimals_are_stored_as_text():
    table = pd.DataFrame({"a": pd.Series([1, None], dtype=object), "b": [Decimal("1.0"), Decimal(2)]})
    stored = storable(table)
    assert stored["a"].tolist()[:1] == ["1"]
    assert stored["b"].tolist() == ["1", "2"]


def test_written_tables_keep_an_index_that_names_rows(tmp_path):
    table = pd.DataFrame({"a": [1]}, index=pd.Index(["007"], name="item_id"))
    _write_csv(table, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "item_id,a\n007,1\n"
    _write_csv(table.reset_index(), tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "item_id,a\n007,1\n"


def test_every_step_has_a_field_of_its_own_type():
    fields = {field.name: field for field in dataclasses.fields(Found)}
    assert {name.replace(" ", "_") for name in STEPS} | {"reasons"} == set(fields)
    for name, step in STEPS.items():
        given = step.__annotations__["return"].split(" | ")[0].split(".")[-1]
        assert fields[name.replace(" ", "_")].type == f"{given} | None"


def test_a_step_without_a_result_leaves_its_reason():
    found = Found().with_result("features", Nothing("There are no pictures."))
    assert found.features is None
    assert isinstance(found.reasons, Mapping)
    assert found.reasons["features"] == "There are no pictures."
