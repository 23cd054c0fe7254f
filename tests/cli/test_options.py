"""Options are called as the arguments of the functions they stand for; how they were called before is taken too."""

from __future__ import annotations

import importlib
import inspect
import json

import click
import pytest
from click.testing import CliRunner

from labelqa.agreement.labels._distances import LEVELS
from labelqa.cli import main
from labelqa.cli._main import GROUPS, VERBS
from labelqa.cli._options import Option, option, verb
from labelqa.noise.labels._issues import METHODS
from labelqa.readers._read import ANNOTATOR_FROM, FORMATS
from labelqa.readers._write import WRITE_FORMATS

#: Verb -> the functions it stands for.
FUNCTIONS = {
    "audit": ["readers.read", "audit.run_audit"],
    "report": ["report.write_report"],
    "agree": ["readers.read", "agreement.label_agreement", "agreement.box_agreement"],
    "flag": [
        "readers.read", "noise.find_issues", "noise.model_probabilities", "noise.calibrate", "noise.remaining_errors",
    ],
    "apply": ["readers.read", "noise.apply_decisions", "readers.write", "readers.write_back"],
    "train": ["readers.read", "baseline.cross_validate", "baseline.fit"],
    "compare": ["compare.compare_fixes"],
    "augment": ["readers.read", "augment.augment_to_folder"],
    "export": ["deploy.export"],
    "promote": ["deploy.promote"],
    "rollback": ["deploy.rollback"],
    "predict": ["deploy.predict"],
    "convert": ["readers.convert"],
}  # fmt: skip
#: Options of any verb that say where something goes and in which form.
ANYWHERE = {"--max-memory", "--allow-outside", "--help", "--out", "--to", "--overwrite", "--json"}
#: Options that stand for something else than an argument of that name.
ELSEWHERE = {
    "agree": {"--table": "which table is printed", "--boxes": "which kind is measured", "--fail-under": "exit code"},
    "flag": {
        "--limit": "how many rows are printed",
        "--model": "the argument path= of model_probabilities",
    },
    "train": {
        "--images": "the argument features= as pictures",
    },
    "compare": {"--fail-if-hurts": "exit code"},
    "convert": {"--list": "lists the formats instead"},
    "predict": {
        "--model": "the argument root= as the folder of one version",
        "--features": "the argument items= as a table",
    },
}


def command_of(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return command


def spellings(name: str) -> list[str]:
    """Give the long spellings of all options that `--help` lists, a `--no-` form aside."""
    options = [param for param in command_of(name).params if isinstance(param, click.Option) and not param.hidden]
    return [next(opt for opt in param.opts if opt.startswith("--")) for param in options] + ["--help"]


def arguments(name: str) -> set[str]:
    found: set[str] = set()
    for path in FUNCTIONS[name]:
        module, function = path.split(".")
        found |= set(inspect.signature(getattr(importlib.import_module(f"labelqa.{module}"), function)).parameters)
    return found


def test_every_verb_is_listed_here_and_in_one_group():
    assert sorted(FUNCTIONS) == sorted(VERBS)
    assert len(VERBS) == len(set(VERBS))


@pytest.mark.parametrize("name", VERBS)
def test_help_names_every_option(name):
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0, done.output
    for spelling in spellings(name):
        assert spelling in done.stdout


@pytest.mark.parametrize("name", VERBS)
def test_options_are_called_as_the_arguments(name):
    known = {f"--{argument.replace('_', '-')}" for argument in arguments(name)}
    strange = set(spellings(name)) - known - ANYWHERE - set(ELSEWHERE.get(name, ()))
    assert strange == set()


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_the_exceptions_are_needed(name):
    known = {f"--{argument.replace('_', '-')}" for argument in arguments(name)}
    assert set(ELSEWHERE[name]) <= set(spellings(name))
    assert not set(ELSEWHERE[name]) & known


@pytest.mark.parametrize(
    ("verbs", "spelling", "known"),
    [
        (["audit", "agree", "flag", "apply", "augment", "train", "convert"], "--format", FORMATS),
        (["audit", "agree", "flag", "apply", "augment", "train", "convert"], "--annotator-from", ANNOTATOR_FROM),
        (["convert"], "--to", WRITE_FORMATS),
        (["apply"], "--to", ("source", *WRITE_FORMATS)),
        (["flag"], "--method", METHODS),
        (["agree"], "--level", LEVELS),
    ],
)
def test_help_lists_the_choices_that_the_function_takes(verbs, spelling, known):
    for name in verbs:
        kind = next(param.type for param in command_of(name).params if spelling in param.opts)
        assert isinstance(kind, click.Choice)
        assert list(kind.choices) == list(known)


def test_verbs_are_grouped_by_the_life_cycle():
    said = CliRunner().invoke(main, ["--help"]).stdout
    places = [said.index(f"{title}:\n") for title in GROUPS]
    assert list(GROUPS) == ["Measure", "Find and fix", "Train and compare", "Ship and watch", "Files"]
    assert places == sorted(places)


@verb("tool")
@option("--n-jobs", type=int, default=1, former="--jobs")
@option("--curves/--no-curves", default=True, former={"--quick": "--no-curves"})
@option("--share", type=float, former={"--percent": lambda percent: str(float(percent) / 100)})
@option("--to", type=click.Choice(["csv", "coco"]), default="csv", former_values={"long": "csv"})
@click.argument("words", nargs=-1)
def tool(**found):
    click.echo(json.dumps(found))


@pytest.mark.parametrize(
    ("given", "wanted", "told"),
    [
        (["--n-jobs", "3"], {"n_jobs": 3}, ""),
        (["--jobs", "3"], {"n_jobs": 3}, "--jobs is written --n-jobs now"),
        (["--jobs=3"], {"n_jobs": 3}, "--jobs is written --n-jobs now"),
        (["--quick", "a"], {"curves": False, "words": ["a"]}, "--quick is written --no-curves now"),
        (["--percent", "5"], {"share": 0.05}, "--percent is written --share=0.05 now"),
        (["--percent=5"], {"share": 0.05}, "--percent is written --share=0.05 now"),
        (["--to", "long"], {"to": "csv"}, "--to long is written --to csv now"),
        (["--to", "coco"], {"to": "coco"}, ""),
        (["--", "--jobs", "3"], {"n_jobs": 1, "words": ["--jobs", "3"]}, ""),
    ],
)
def test_former_spellings_are_taken_with_a_word(given, wanted, told):
    done = CliRunner().invoke(tool, given)
    assert done.exit_code == 0, done.output
    assert wanted.items() <= json.loads(done.stdout).items()
    assert told in done.stderr
    assert bool(done.stderr) == bool(told)


def test_former_spellings_are_not_listed():
    assert "--jobs" not in CliRunner().invoke(tool, ["--help"]).stdout


@pytest.mark.parametrize(
    ("name", "former"),
    [
        ("agree", ["--iou", "--resamples"]),
        ("augment", ["--copies", "--jobs", "--retries"]),
        ("compare", ["--embeddings", "--leave-out-leaks", "--price", "--quick"]),
        ("export", ["--data", "--fixes", "--labels", "--models"]),
        ("flag", ["--embeddings"]),
        ("predict", ["--models"]),
        ("promote", ["--canary-percent", "--models"]),
        ("report", ["--to"]),
        ("rollback", ["--models"]),
        ("train", ["--embeddings", "--folds", "--model"]),
    ],
)
def test_what_is_taken_by_a_former_spelling(name, former):
    known = [old for param in command_of(name).params if isinstance(param, Option) for old in param.former]
    assert sorted(known) == former
