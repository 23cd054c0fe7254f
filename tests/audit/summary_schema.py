"""The JSON schema of `summary.json`, made from the classes of the results and from their docstrings.

`python tests/audit/summary_schema.py --write` writes it to labelqa/audit/summary.schema.json; test_summary.py compares
the two. What has no class, the head of the summary and the page, is described here.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import labelqa.audit
from labelqa._result import Result
from labelqa.audit import _found
from labelqa.audit.steps import STEPS
from labelqa.report.saved import SCHEMA_VERSION

SHIPPED = Path(labelqa.audit.__file__).with_name("summary.schema.json")
WIDTH = 120
Schema = dict[str, Any]

#: Words that a type does not tell: class -> field -> what is known of it.
VERDICT = {"enum": ["helps", "hurts", "equivalent", "inconclusive"]}
KNOWN_WORDS: dict[str, dict[str, Schema]] = {
    "Comparison": {"verdict": VERDICT},
    "Way": {"verdict": VERDICT},
    "LabelAgreement": {
        "interval": {"enum": ["t", "bootstrap"]},
        "level": {"enum": ["nominal", "ordinal", "interval", "ratio"]},
    },
}


# what results hold


class Definitions:
    """The schemas of result classes, each made when something first refers to it."""

    def __init__(self) -> None:
        self.made: dict[str, Schema] = {}

    def refer(self, result: type[Result]) -> Schema:
        """Give a reference to a class, which is described the first time."""
        name = result.__name__
        if name not in self.made:
            self.made[name] = {}  # keeps its place before the classes within
            self.made[name] = self._describe(result)
        return reference(name)

    def _describe(self, result: type[Result]) -> Schema:
        types_of, words = typing.get_type_hints(result, globalns=_names(result)), attributes(result)
        fields = [field.name for field in dataclasses.fields(result) if field.metadata.get("stored", True)]
        properties = {}
        for field in fields:
            if types_of[field] is not pd.DataFrame:
                known = KNOWN_WORDS.get(result.__name__, {}).get(field) or self.of_type(types_of[field])
                properties[field] = {"description": described(field, words), **known}
        summary = (inspect.getdoc(result) or "").partition("\n\n")[0]
        return an_object(" ".join(summary.split()), properties)

    def of_type(self, kind: Any) -> Schema:
        """Turn the type of a field into a schema; what is undefined is null."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if isinstance(kind, type) and issubclass(kind, Result):
            return self.refer(kind)
        if kind in PLAIN:
            return {"type": PLAIN[kind]}
        if origin in (tuple, list):
            return {"type": "array", "items": self.of_type(inner[0])}
        if origin in (dict, Mapping):
            return {"type": "object", "additionalProperties": self.of_type(inner[1])}
        if origin in (typing.Union, types.UnionType):
            some = [self.of_type(one) for one in inner if one is not type(None)]
            if len(some) == 1 and isinstance(some[0].get("type"), str) and len(some[0]) == 1:
                return {"type": [some[0]["type"], "null"]}
            return {"anyOf": [*some, {"type": "null"}]}
        raise TypeError(f"{kind} has no schema; add it here.")


PLAIN: dict[Any, Any] = {bool: "boolean", int: "integer", float: ["number", "null"], str: "string"}


def _names(result: type[Result]) -> dict[str, Any]:
    """What the annotations of a class may name; some modules import it for the type checker alone."""
    return {"Any": Any, "ClassVar": typing.ClassVar, "pd": pd, **vars(sys.modules[result.__module__])}


def attributes(thing: type) -> dict[str, str]:
    """Give what a docstring says of each attribute."""
    found = re.search(r"Attributes\n-+\n(.*?)(\n\n[A-Z]\w+\n---|\Z)", inspect.getdoc(thing) or "", re.DOTALL)
    words = {}
    for entry in re.split(r"\n(?=\S)", found[1]) if found else ():
        names, _, text = entry.partition("\n")
        words |= {name.strip(): " ".join(text.replace("``", "`").split()) for name in names.split(",")}
    return words


def described(field: str, words: dict[str, str]) -> str:
    for end, word in (("_low", "Lower"), ("_high", "Upper")):
        if field not in words and field.endswith(end):
            return f"{word} end of the interval of {field.removesuffix(end)}."
    return words[field]


# pieces of a schema


def an_object(description: str, properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def many(name: str) -> Schema:
    return {"type": "array", "items": reference(name)}


def with_words(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
TEXT_OR_NULL = {"type": ["string", "null"]}
NUMBER_OR_NULL = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
ANY_VALUE = {"type": ["string", "number", "boolean", "null"]}
FOUR_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}

# the page: labelqa.report.blocks

FORM = with_words("How the page writes the number.", {"enum": ["text", "number", "count", "percent", "points"]})
PARTS = {
    "lead_sentence": an_object("One of the first sentences.", {"head": TEXT, "text": TEXT}),
    "figure": an_object(
        "One number with its interval and what it means.",
        {
            "name": TEXT, "value": ANY_VALUE, "low": NUMBER_OR_NULL, "high": NUMBER_OR_NULL, "form": FORM,
            "meaning": TEXT,
        },
    ),
    "column": an_object(
        "A column of a table.",
        {
            "key": with_words("Of the rows.", TEXT),
            "title": TEXT,
            "form": FORM,
            "low": with_words("Key of the lower end of the interval.", TEXT),
            "high": with_words("Key of its upper end.", TEXT),
        },
        optional=("low", "high"),
    ),
    "legend_entry": an_object("Who has which colour and dash.", {"annotator_id": TEXT, "style": {"type": "integer"}}),
    "line": an_object("One line of a card.", {"head": TEXT, "text": TEXT}),
    "layer": an_object(
        "Boxes of one annotator.",
        {
            "annotator_id": TEXT,
            "style": {"type": "integer"},
            "is_focus": with_words("Whether they are drawn thick.", {"type": "boolean"}),
            "boxes": with_words("x_min, y_min, x_max, y_max in pixels.", {"type": "array", "items": FOUR_NUMBERS}),
        },
    ),
    "picture": an_object(
        "An item: its thumbnail and the boxes on it.",
        {
            "item_id": TEXT,
            "view": with_words("x, y, width, height of what is shown.", FOUR_NUMBERS),
            "layers": many("layer"),
            "alt": with_words("The picture in words.", TEXT),
            "thumbnail": with_words("pictures/<thumbnail>.webp; null without an image.", TEXT_OR_NULL),
            "caption": TEXT_OR_NULL,
        },
    ),
    "card": an_object(
        "Pictures with words.",
        {
            "rank": {"type": ["integer", "null"]},
            "title": TEXT,
            "pictures": many("picture"),
            "lines": many("line"),
            "legend": {"anyOf": [many("legend_entry"), {"type": "null"}]},
        },
    ),
}  # fmt: skip
TABLE_ROWS = {"type": "array", "items": {"type": "object", "additionalProperties": ANY_VALUE}}
#: Kind of block -> what it is, and what it holds.
BLOCKS: dict[str, tuple[str, dict[str, Schema]]] = {
    "text": ("Paragraphs.", {"paragraphs": TEXTS}),
    "heading": ("A heading inside a section.", {"text": TEXT}),
    "note": ("A remark that stands out.", {"text": TEXT}),
    "list": ("Findings, one sentence each.", {"items": TEXTS}),
    "code": ("A command.", {"label": TEXT, "text": TEXT}),
    "figures": ("Numbers side by side.", {"items": many("figure")}),
    "chart": (
        "A chart: charts/<chart>.svg.",
        {"chart": TEXT, "caption": TEXT, "alt": with_words("The chart in words.", TEXT)},
    ),
    "table": (
        "A table; each row has the keys that the columns name.",
        {
            "caption": TEXT,
            "label": TEXT,
            "columns": many("column"),
            "rows": TABLE_ROWS,
            "more": with_words("Where the rest is, if rows were cut.", TEXT),
        },
    ),
    "cards": ("Pictures with words.", {"cards": many("card"), "wide": {"type": "boolean"}}),
    "legend": ("Who has which colour and dash.", {"entries": many("legend_entry")}),
}
PAGE = {
    **PARTS,
    "block": {"description": "A piece of a section.", "oneOf": [reference(f"block_{kind}") for kind in BLOCKS]},
    "section": an_object("A part of the page.", {"id": TEXT, "title": TEXT, "blocks": many("block")}),
    **{
        f"block_{kind}": an_object(words, {"kind": {"const": kind}, **holds}) for kind, (words, holds) in BLOCKS.items()
    },
}

# the head of the summary: labelqa.audit._writing

FILE = an_object(
    "A file or table that was read.",
    {
        "what": with_words("What it was used as.", {"enum": ["source", "images", "gold", "decisions"]}),
        "path": TEXT,
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "bytes": COUNT,
    },
)
HEAD = {
    "schema_version": with_words(
        "Of this layout; a reader of another one must not read on.", {"const": SCHEMA_VERSION}
    ),
    "tool": {"const": "labelqa"},
    "tool_version": with_words("Of labelqa.", TEXT),
    "versions": with_words(
        "Of Python and the packages beneath, by name.", {"type": "object", "additionalProperties": TEXT}
    ),
    "name": with_words("What the report calls the data.", TEXT),
    "command": with_words("What makes the audit again; what has no path stands in angle brackets.", TEXT),
    "seed": with_words("Of everything random.", COUNT),
    "options": an_object(
        "How the source was read, see labelqa.read.",
        {
            "format": TEXT_OR_NULL,
            "annotator": TEXT_OR_NULL,
            "annotator_from": TEXT_OR_NULL,
            "map": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            "normalise": TEXT_OR_NULL,
            "ground_truth": {"enum": ["leave_out", "keep", None]},
            "predictions": {"enum": ["leave_out", "keep", None]},
            "crowds": {"enum": ["leave_out", "keep", None]},
            "several_classes": {"enum": ["set", "each", None]},
            "repeats": {"enum": ["latest", "keep", "refuse"]},
        },
    ),
    "inputs": with_words("What was read, with fingerprints.", {"type": "array", "items": FILE}),
    "counts": an_object(
        "Rows of the tables that were read.",
        dict.fromkeys(("items", "annotators", "views", "labels", "boxes"), COUNT),
    ),
    "problems": with_words("What could not be used, in sentences; the audit is partial if there are any.", TEXTS),
}
PAGE_ITSELF = an_object(
    "The page, before it is written as HTML.",
    {
        "title": TEXT,
        "version": TEXT,
        "lead": many("lead_sentence"),
        "figures": many("figure"),
        "sections": many("section"),
    },
)


def made() -> Schema:
    """Make the schema."""
    definitions = Definitions()
    of_field = typing.get_type_hints(_found.Found)
    steps = {}
    for step in STEPS:
        field = step.replace(" ", "_")
        (result,) = (kind for kind in typing.get_args(of_field[field]) if kind is not type(None))
        either = [definitions.refer(_found.Nothing), definitions.refer(result)]
        steps[field] = {"description": f"What the step '{step}' found.", "oneOf": either}
    results = an_object("What each step found, without its tables; a step that found nothing has a reason only.", steps)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "summary.json of a labelqa audit",
        **an_object(
            "Every number of an audit and of its page but the tables of results, which stand beside it. Shares are 0 "
            "to 1; what is undefined is null.",
            {**HEAD, "results": results, "page": PAGE_ITSELF},
        ),
        "$defs": {**definitions.made, **PAGE},
    }


def text() -> str:
    """Give what the shipped file should hold."""
    return _laid_out(made()) + "\n"


def _laid_out(value: Any, depth: int = 0) -> str:
    """Write JSON with what fits into a line on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + depth + 24 <= WIDTH or not isinstance(value, dict | list):
        return flat
    indent, end = " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict):
        lines = [f"{indent}{json.dumps(key)}: {_laid_out(inner, depth + 1)}" for key, inner in value.items()]
        return "{\n" + ",\n".join(lines) + end + "}"
    return "[\n" + ",\n".join(indent + _laid_out(inner, depth + 1) for inner in value) + end + "]"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python tests/audit/summary_schema.py --write")
    SHIPPED.write_text(text(), encoding="utf-8")
