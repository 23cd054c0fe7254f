"""The public face: which names there are, how they are called, and what their docstrings say.

The names and arguments stand in public_api.json; after a change on purpose run `python tests/public_api.py --write` and
read the diff.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location("public_api", Path(__file__).with_name("public_api.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
api = importlib.util.module_from_spec(_SPEC)
sys.modules["public_api"] = api
_SPEC.loader.exec_module(api)

LISTED = json.loads(api.LISTED.read_text(encoding="utf-8"))

#: What a public function may take first, and nothing else: one word for one thing.
FIRST = {
    "annotations": "Annotations, or a table with their columns",
    "images": "pictures: a folder, an ImageSource, a mapping, an array",
    "picture": "one picture: bytes, a path, pixels",
    "features": "a table or array of numbers, one row per item",
    "table": "counts or labels in another shape, to be made annotations",
    "path": "a file or folder",
    "root": "the folder of all exported models",
    "folder": "a finished audit",
    "audit": "a finished audit",
    "source": "annotations in memory or where to read them",
    "before": "what the comparison starts from",
    "coefficient": "a coefficient with its interval",
    "result": "a consensus",
    "findings": "results with doubtful items, to be ranked together",
    "issues": "label issues",
    "queue": "a review queue",
    "decisions": "what a reviewer decided",
    "policy": "an augmentation policy",
    "record": "what was drawn for one copy",
    "model": "a fitted classifier",
}

#: Functions without a runnable example, by what one would first have to make.
WITHOUT_EXAMPLE = {
    "files or pictures on disk": {
        "augment.augment_to_folder", "baseline.save", "images.as_source", "noise.write_decisions",
    },
    "an exported model": {
        "deploy.aliases", "deploy.load", "deploy.predict", "deploy.promote", "deploy.rollback", "deploy.versions",
    },
}  # fmt: skip

#: Rooms whose functions are statistics that somebody published, and the functions there that are none.
STATISTICS = ("agreement", "consensus", "noise", "compare")
NO_STATISTIC = {
    "agreement.collect_labels", "agreement.from_contingency", "agreement.from_counts", "agreement.from_wide",
    "consensus.expected_accuracy", "consensus.majority_vote", "consensus.update",
    "noise.apply_decisions", "noise.find_issues", "noise.image_issues", "noise.model_probabilities", "noise.neighbours",
    "noise.read_decisions", "noise.review_queue", "noise.write_decisions",
}  # fmt: skip

FUNCTIONS = api.public_objects(inspect.isfunction)
CLASSES = api.public_objects(inspect.isclass)
every_function = pytest.mark.parametrize(
    ("where", "function"), [pytest.param(f"{room}.{name}", f, id=f"{room}.{name}") for room, name, f in FUNCTIONS]
)
every_class = pytest.mark.parametrize(
    ("where", "thing"), [pytest.param(f"{room}.{name}", c, id=f"{room}.{name}") for room, name, c in CLASSES]
)
every_result = pytest.mark.parametrize(
    "result", [pytest.param(c, id=f"{room}.{name}") for room, name, c in CLASSES if api.is_result(c)]
)


@pytest.mark.parametrize("room", ["labelqa", *api.ROOMS])
def test_dir_shows_the_listed_names_and_no_other(room):
    module = api.room(room)
    listed = sorted(LISTED[room])
    assert api.declared_names(module) == listed, "names came or went: see this module's docstring"
    # the package offers its rooms too
    assert api.shown_names(module) == listed, "give the module a __dir__ that returns __all__"


@pytest.mark.parametrize("room", api.ROOMS)
def test_arguments_fields_and_methods_are_the_listed_ones(room):
    live = json.loads(api.text())[room]
    changed = {
        name: {"listed": LISTED[room].get(name), "live": live.get(name)}
        for name in {*live, *LISTED[room]}
        if live.get(name) != LISTED[room].get(name)
    }
    assert not changed, "arguments changed: see this module's docstring"


@pytest.mark.parametrize("room", api.ROOMS)
def test_a_room_says_its_conventions_and_what_it_answers(room):
    text = api.room(room).__doc__
    for title in ("Conventions", "Questions", "References"):
        assert f"\n{title}" in text, f"the docstring of {room} has no section {title}"


@every_function
def test_data_come_first_and_options_by_name(where, function):
    parameters = api.parameters(function)
    assert parameters, "a public function is about something"
    assert parameters[0].name in FIRST
    # a table may be absent (None) and still stand in its place; any other default makes an option
    by_place = [each for each in parameters if each.kind is not each.KEYWORD_ONLY and each.kind is not each.VAR_KEYWORD]
    assert [each.name for each in by_place if each.default not in (each.empty, None)] == []
    assert len(by_place) <= 3


@every_function
def test_docstring_of_a_function(where, function):
    found = api.sections(function)
    assert summary_of(function).endswith((".", "?"))
    assert api.entries(found.get("Parameters", "")) == [each.name for each in api.parameters(function)]


@every_function
def test_errors_are_documented(where, function):
    named = api.entries(api.sections(function).get("Raises", ""))
    assert [name for name in named if not api.is_error(name)] == []
    assert named or not api.errors_within(function), f"a section Raises: {sorted(api.errors_within(function))}"


@every_function
def test_an_example_or_the_reason_why_not(where, function):
    excused = any(where in functions for functions in WITHOUT_EXAMPLE.values())
    assert (">>> " in api.sections(function).get("Examples", "")) is not excused


@every_function
def test_a_statistic_names_its_source(where, function):
    if where.partition(".")[0] in STATISTICS and where not in NO_STATISTIC:
        assert api.sections(function).get("References", "").strip()


@every_class
def test_docstring_of_a_class(where, thing):
    assert summary_of(thing).endswith((".", "?"))
    public = [name for name in vars(thing) if not name.startswith("_")]
    members = [
        name for name in public if inspect.isroutine(vars(thing)[name]) or isinstance(vars(thing)[name], property)
    ]
    assert [name for name in members if not summary_of(getattr(thing, name))] == []


@every_result
def test_every_field_is_documented(result):
    fields, documented = api.fields_of(result), api.entries(api.sections(result).get("Attributes", ""))
    # "f1 ... each with _low and _high" documents three
    ends = {f"{name}{end}" for name in documented for end in ("_low", "_high")}
    assert [name for name in fields if name not in {*documented, *ends}] == []
    assert [name for name in documented if name not in fields and not hasattr(result, name)] == []


def test_the_tables_here_name_what_exists():
    known = {f"{room}.{name}" for room, name, _ in FUNCTIONS}
    assert [name for names in WITHOUT_EXAMPLE.values() for name in sorted(names - known)] == []
    assert sorted(NO_STATISTIC - known) == []
    assert sorted(set(FIRST) - {api.parameters(function)[0].name for _, _, function in FUNCTIONS}) == []


def summary_of(thing: Any) -> str:
    """Give the first paragraph of a docstring, where it has one."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
