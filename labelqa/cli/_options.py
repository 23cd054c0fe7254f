"""Options that several verbs share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labelqa.annotations import Annotations

PATH = click.Path(path_type=Path)

_SOURCE_OPTIONS = (
    click.argument("source", type=PATH),
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "coco", "label_studio"]),
        help="Format of SOURCE; found out where it is not given.",
    ),
    click.option("--annotator", metavar="NAME", help="Who annotated, where the file does not say."),
    click.option(
        "--annotator-from",
        type=click.Choice(["filename", "parent"]),
        help="Take the annotator from each file's name or from the folder it lies in.",
    ),
    click.option(
        "--repeats",
        type=click.Choice(["latest", "keep", "refuse"]),
        default="latest",
        show_default=True,
        help="Where an annotator labels an item twice: the latest counts, each counts, or it is an error.",
    ),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add SOURCE and the options that say how to read it; hand them to `read_source`."""
    for option in reversed(_SOURCE_OPTIONS):
        command = option(command)
    return command


def read_source(
    source: Path, form: str | None, annotator: str | None, annotator_from: str | None, repeats: str
) -> Annotations:
    """Read SOURCE and tell on stderr what was found and done."""
    from labelqa.readers import read

    annotations = read(source, format=form, annotator=annotator, annotator_from=annotator_from, repeats=repeats)
    say(repr(annotations))
    for check in annotations.checks.itertuples(index=False):
        say(f"  {check.table}: {check.finding}, {check.n:,}: {check.action}")
    return annotations


def say(message: str) -> None:
    """Talk on stderr: stdout is for data."""
    click.echo(message, err=True)


def is_terminal() -> bool:
    """Tell whether somebody is watching, so that a progress bar makes sense."""
    return sys.stderr.isatty()
