"""What the package says of its arguments, a verb says of its options."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import labelqa
from labelqa.cli import main
from labelqa.cli._options import in_words_of, option, verb

PACKAGE = Path(labelqa.__file__).parent
ARGUMENT = re.compile(r"\b([a-z][a-z_]*)=")


@verb()
@option("--n-parity", type=int)
@option("--leaks")
@option("--classes")
@option("--format", "form")
@option("--overwrite", is_flag=True)
@option("--curves/--no-curves", default=True)
@option("--width", type=float)
def made_up(**_):
    """Nothing."""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("set n_parity=300, which", "set --n-parity 300, which"),
        ("choose leaks='leave_out'.", "choose --leaks leave_out."),
        ("give classes= in order", "give --classes in order"),
        ("with classes=.", "with --classes."),
        ("classes=['a', 'b'] is", "--classes '['a', 'b']' is"),
        ("format='a b'", "--format 'a b'"),
        ("overwrite=True.", "--overwrite."),
        ("curves=False", "--no-curves"),
        ("width=-0.5 is", "--width -0.5 is"),
        ("width=2.", "--width 2."),
        ("choose level='interval'", "choose level='interval'"),
        ("form='x'", "form='x'"),
        ("nothing at data/width=3/a.csv", "nothing at data/width=3/a.csv"),
        ("nothing at C:\\width=3", "nothing at C:\\width=3"),
    ],
)
def test_arguments_become_options_of_the_verb(said, shown):
    assert in_words_of(made_up, said) == shown


def test_without_a_verb_sentences_stay():
    assert in_words_of(None, "choose leaks='leave_out'") == "choose leaks='leave_out'"


def sentences():
    """Give the texts of every error that is raised outside the command line: (place, text)."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.parent.name == "cli":
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for raised in ast.walk(tree):
            if isinstance(raised, ast.Raise) and raised.exc is not None:
                parts = [each for each in ast.walk(raised.exc) if isinstance(each, ast.Constant)]
                text = " ".join(each.value for each in parts if isinstance(each.value, str))
                yield f"{file.relative_to(PACKAGE)}:{raised.lineno}", text


def test_the_package_names_no_options_of_verbs():
    found = [(where, text) for where, text in sentences() if re.search(r"(^|[\s(])--[a-z]", text)]
    assert found == []


def test_every_argument_that_an_error_names_exists():
    listed = json.loads((Path(__file__).parents[1] / "public_api.json").read_text(encoding="utf-8"))
    known = set(re.findall(r"\b([a-z][a-z_]*)\s*[:=]", json.dumps(listed)))
    known |= {"columns", "albumentations"}  # of DataFrame.rename, and a version
    named = {(where, name) for where, text in sentences() for name in ARGUMENT.findall(text)}
    assert len(named) > 20
    assert {(where, name) for where, name in named if name not in known} == set()


def run(*words):
    found = CliRunner().invoke(main, [str(word) for word in words])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def test_errors_speak_of_options(tmp_path):
    said = tmp_path / "said.csv"
    said.write_text("item_id,label\n1,a\n2,b\n")
    assert "name the person with --annotator NAME, or take it" in run("agree", said).stderr
    assert "--annotator-from parent or --annotator-from folder" in run("agree", said).stderr
    twice = tmp_path / "twice.csv"
    twice.write_text("item_id,annotator_id,label\n1,x,a\n1,x,b\n")
    assert "count each with --repeats keep." in run("agree", twice).stderr


def test_the_same_error_speaks_python_in_python(tmp_path):
    said = tmp_path / "said.csv"
    said.write_text("item_id,label\n1,a\n2,b\n")
    with pytest.raises(labelqa.TableError, match="name the person with annotator='NAME'"):
        labelqa.read(said)


def test_every_verb_has_options_with_the_names_of_arguments():
    """So that the sentences can be told: no option hides behind a short name alone."""
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        for each in command.params:
            if isinstance(each, click.Option):
                assert any(one.startswith("--") for one in each.opts), (name, each.opts)
