"""The schema of `summary.json`: sound, strict, and it knows every field of every result."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

from labelqa._result import Result
from labelqa.audit import _found as found
from labelqa.report import blocks
from labelqa.report.saved import SCHEMA_VERSION

_SPEC = importlib.util.spec_from_file_location("summary_schema", Path(__file__).with_name("summary_schema.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
summary_schema = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(summary_schema)


@pytest.fixture(scope="module")
def summary(audited, tmp_path_factory) -> dict[str, Any]:
    said = pd.DataFrame(
        [(i, who, "ok" if i % 3 or who == "eve" else "dent") for i in range(9) for who in ("ann", "bob", "eve")],
        columns=["item_id", "annotator_id", "label"],
    )
    return audited(said, out=tmp_path_factory.mktemp("audit") / "said").summary


def results() -> list[type[Result]]:
    """All that a step may hand on, and the results within."""
    known = [one for one in vars(found).values() if isinstance(one, type) and issubclass(one, Result)]
    return sorted(set(known) - {Result}, key=lambda one: one.__name__)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from objects(inner)
    if isinstance(schema, dict) and schema.get("type") == "object":
        yield schema


def test_the_shipped_schema_is_what_the_classes_say():
    shipped = summary_schema.SHIPPED.read_text(encoding="utf-8")
    assert shipped == summary_schema.text(), "run python tests/audit/summary_schema.py --write and read the diff"


def test_a_type_without_a_schema_is_refused():
    with pytest.raises(TypeError, match="has no schema"):
        summary_schema.Definitions().of_type(complex)


def test_the_schema_is_sound_and_of_this_version(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema_version"] == {
        "description": "Of this layout; a reader of another one must not read on.",
        "const": SCHEMA_VERSION,
    }


def test_every_shape_of_ours_is_closed_and_complete(schema):
    for one in objects(schema):
        if "properties" in one:
            assert one["additionalProperties"] is False
            assert set(one["required"]) <= set(one["properties"])


@pytest.mark.parametrize("kind", results(), ids=lambda kind: kind.__name__)
def test_every_stored_field_is_described(schema, kind):
    known = schema["$defs"][kind.__name__]["properties"]
    stored = [
        field.name
        for field in dataclasses.fields(kind)
        if field.metadata.get("stored", True) and field.type != "pd.DataFrame"
    ]
    assert list(known) == stored
    assert all(one["description"] for one in known.values())


def test_every_step_and_every_block_is_known(schema):
    fields = [field.name for field in dataclasses.fields(found.Found) if field.name != "reasons"]
    assert schema["properties"]["results"]["required"] == fields
    kinds = {one["$ref"].removeprefix("#/$defs/block_") for one in schema["$defs"]["block"]["oneOf"]}
    made = {
        blocks.text()["kind"],
        blocks.heading("")["kind"],
        blocks.note("")["kind"],
        blocks.listing([])["kind"],
        blocks.code("", label="")["kind"],
        blocks.figures([])["kind"],
        blocks.chart("", caption="", alt="")["kind"],
        blocks.table(pd.DataFrame(), [], caption="", label="")["kind"],
        blocks.cards([])["kind"],
        blocks.legend([])["kind"],
    }
    assert kinds == made


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["results", "label_agreement", "alpha"], "high", "label_agreement"),
        (["results", "label_agreement", "extra"], 1, "label_agreement"),
        (["results", "label_agreement"], {}, "label_agreement"),
        (["results", "retrain", "reason"], None, "retrain"),
        (["schema_version"], 1, "2 was expected"),
        (["page", "sections", 0, "extra"], 1, "extra"),
        (["page", "sections", 0, "blocks", 0, "kind"], "song", "song"),
        (["inputs", 0, "sha256"], "abc", "abc"),
    ],
)
def test_the_schema_is_strict(schema, summary, path, value, message):
    broken = copy.deepcopy(summary)
    place = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(broken))
    assert len(errors) == 1
    assert message in errors[0].message + str(list(errors[0].absolute_path))
