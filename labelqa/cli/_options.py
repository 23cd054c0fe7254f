"""Verbs, their options, and the options that several verbs share.

An option is called as the argument of the Python function that it stands for, so that what the package says of its
arguments (``n_jobs=2``) can be said of a verb's options (``--n-jobs 2``). How an option was called before is taken too,
with a word about the new name, and not listed in `--help`.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.errors import visible

if TYPE_CHECKING:
    from labelqa.annotations import Annotations

PATH = click.Path(path_type=Path)
#: The names of `labelqa.readers.FORMATS`, which `--help` does without importing.
FORMATS = [
    "table", "coco", "label_studio", "label_studio_min", "cvat", "voc", "yolo", "labelme", "prodigy", "labelbox",
    "zooniverse", "mturk", "toloka", "argilla", "via", "imagefolder", "wide_table", "class_folders",
]  # fmt: skip
#: An argument with its value in a sentence: n_jobs=2, format='csv', classes=['a', 'b'], overwrite=True, decisions=.
_ARGUMENT = re.compile(r"""(?<![\w./\\-])([a-z][a-z_]*)=('[^']*'|"[^"]*"|\[[^]]*\]|\{[^}]*\}|-?\w+(?:\.\d+)?)?""")

#: A former spelling; or former spelling -> what stands for it now ("--no-curves"), or what makes its value of the old.
Former = str | Mapping[str, str | Callable[[str], str]]


class Option(click.Option):
    """An option that knows how it and its values were called before."""

    def __init__(
        self,
        *declarations: Any,
        former: Former | None = None,
        former_values: Mapping[str, str] | None = None,
        **attributes: Any,
    ) -> None:
        super().__init__(*declarations, **attributes)
        self.former_values = dict(former_values or {})
        self.former: dict[str, str | Callable[[str], str]] = {}
        if former is not None:
            self.former = {former: self.opts[0]} if isinstance(former, str) else dict(former)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Put the new value in the place of a former one."""
        if isinstance(value, str) and value in self.former_values:
            say_former(f"{self.opts[0]} {value}", f"{self.opts[0]} {self.former_values[value]}")
            value = self.former_values[value]
        return super().type_cast_value(ctx, value)


class Verb(click.Command):
    """A command that takes former spellings of its options, with a word about the new ones."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the new spelling in the place of a former one."""
        return super().parse_args(ctx, list(self._present(iter(args))))

    def _present(self, words: Iterator[str]) -> Iterator[str]:
        former = {old: option for option in self.params if isinstance(option, Option) for old in option.former}
        for word in words:
            old, has_value, value = word.partition("=")
            if word == "--":
                yield from (word, *words)
            elif old not in former:
                yield word
            else:
                option = former[old]
                now = option.former[old]
                if callable(now):
                    value, has_value = now(value if has_value else next(words, "")), "="
                    now = option.opts[0]
                say_former(old, f"{now}{has_value}{value}" if callable(option.former[old]) else now)
                yield f"{now}{has_value}{value}"


def verb(name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a verb of a function, as `click.command` does."""
    return click.command(name, cls=Verb)


def option(*declarations: str, former: Former | None = None, **attributes: Any) -> Callable[[Any], Any]:
    """Add an option, as `click.option` does, with its former spelling and `former_values` where it has some."""
    return click.option(*declarations, cls=Option, former=former, **attributes)


def say_former(old: str, new: str) -> None:
    """Tell how something is written now."""
    say(f"labelqa: {old} is written {new} now; the old spelling goes with the next release.")


class FormerArgument(click.Argument):
    """A positional argument that is an option now: taken, but not listed in `--help`."""

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Leave it out of the usage line."""
        return []


#: The formats that annotations are written in.
WRITTEN = ("parquet", "csv", "coco", "label_studio", "cvat", "voc", "yolo", "wide_table", "class_folders")


def _allow_outside(ctx: click.Context, _: click.Parameter, is_allowed: bool) -> None:
    if is_allowed:
        from labelqa.images import outside_allowed

        ctx.with_resource(outside_allowed())


def _allow_memory(ctx: click.Context, _: click.Parameter, size: str | None) -> None:
    if size is not None:
        from labelqa._foreign import within_memory

        # for all that the verb reads
        ctx.with_resource(within_memory(size))


_SOURCE_OPTIONS = (
    click.argument("source", type=PATH),
    option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        help="Format of SOURCE; found out where it is not given.",
    ),
    option("--annotator", metavar="NAME", help="Who annotated, where the file does not say."),
    option(
        "--annotator-from",
        type=click.Choice(["filename", "parent", "folder"]),
        help="Take the annotator from each file's name, the folder it lies in, or the first folder below SOURCE.",
    ),
    option(
        "--map",
        multiple=True,
        metavar="NAME=COLUMN",
        callback=lambda _ctx, _param, given: columns_in(given),
        help="Which column means what, such as label=answer; may be repeated.",
    ),
    option(
        "--normalise",
        metavar="KINDS",
        help="Spellings that are one: case, space, unicode, number (classes and annotators), ids (items); with commas.",
    ),
    option(
        "--ground-truth",
        type=click.Choice(["leave_out", "keep"]),
        default="leave_out",
        show_default=True,
        help="What Label Studio marks as ground truth is nobody's view, or its author's.",
    ),
    option(
        "--predictions",
        type=click.Choice(["leave_out", "keep"]),
        default="leave_out",
        show_default=True,
        help="What a model predicted in Label Studio is nobody's view, or that of the model.",
    ),
    option(
        "--crowds",
        type=click.Choice(["keep", "leave_out"]),
        default="keep",
        show_default=True,
        help="A crowd region of COCO (iscrowd) is a box, or none.",
    ),
    option(
        "--several-classes",
        type=click.Choice(["set", "each"]),
        default="set",
        show_default=True,
        help="A rectangle of several classes in Label Studio is one box of the set, or a box of each.",
    ),
    option(
        "--repeats",
        type=click.Choice(["latest", "keep", "refuse"]),
        default="latest",
        show_default=True,
        help="Where an annotator labels an item twice: the latest counts, each counts, or it is an error.",
    ),
    option(
        "--allow-outside",
        is_flag=True,
        expose_value=False,
        callback=_allow_outside,
        help="Read pictures outside the folder of pictures too, where SOURCE names them.",
    ),
    option(
        "--max-memory",
        metavar="SIZE",
        expose_value=False,
        callback=_allow_memory,
        help="What a file may take in memory, such as 4G; a larger one is refused.  [default: 80% of what is free]",
    ),
)
#: What `source_options` hands to a command that also has options of its own.
SOURCE_NAMES = (
    "source", "form", "annotator", "annotator_from", "map", "normalise", "ground_truth", "predictions", "crowds",
    "several_classes", "repeats",
)  # fmt: skip
_ROOT = option("--root", type=PATH, default=Path("models"), show_default=True, former="--models",
               help="Folder of all models.")  # fmt: skip
_ALIAS = option("--alias", default="champion", show_default=True, help="champion, challenger or shadow.")


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add SOURCE and the options that say how to read it; hand them to `read_source`."""
    return _with(command, _SOURCE_OPTIONS)


def root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --root, the folder of all models."""
    return _ROOT(command)  # type: ignore[no-any-return]


def alias_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --alias, which version of a model is meant."""
    return _ALIAS(command)  # type: ignore[no-any-return]


def entry_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --root, --name and --alias, which say what entry of the registry is meant; the command gets all three."""

    @functools.wraps(command)
    def call(*, name: str | None, former_name: str | None, **how: Any) -> Any:
        if name is None and former_name is not None:
            say_former(former_name, f"--name {former_name}")
        if name is None and former_name is None:
            raise click.UsageError("Missing option '--name'.")
        return command(name=name or former_name, **how)

    name = option("--name", help="Name of the model.")
    former = click.argument("former_name", cls=FormerArgument, required=False)
    return _with(call, (_ROOT, name, former, _ALIAS))


def in_words_of(command: click.Command | None, message: str) -> str:
    """Write the arguments that a sentence names, as in ``leaks='leave_out'``, as the options of a verb.

    Parameters
    ----------
    command
        The verb that somebody ran; what is none of its options stays as it is.
    message
        A sentence of the package, which speaks Python.
    """
    options = {max(each.opts, key=len).lstrip("-").replace("-", "_"): each
               for each in (command.params if command else ()) if isinstance(each, click.Option)}  # fmt: skip

    def spelt(found: re.Match[str]) -> str:
        name, value = found[1], (found[2] or "").strip("'\"")
        if value.startswith("{"):
            value = re.sub(r"['\"{}]", "", value).replace(": ", "=")
        if name not in options:
            return found[0]
        chosen = options[name]
        if chosen.is_flag:
            names = chosen.secondary_opts if value == "False" else chosen.opts
            return max(names, key=len) if names else found[0]
        word = f"'{value}'" if re.search(r"[\s\[\]]", value) or found[2] in ("''", '""') else value
        return " ".join(filter(None, (max(chosen.opts, key=len), word)))

    return _ARGUMENT.sub(spelt, message)


def _with(command: Callable[..., Any], options: tuple[Callable[[Any], Any], ...]) -> Callable[..., Any]:
    for add in reversed(options):
        command = add(command)
    return command


def read_source(source: Path, form: str | None, **how: Any) -> Annotations:
    """Read SOURCE and tell on stderr what was found and done."""
    from labelqa.readers import read

    annotations = read(source, format=form, **how)
    say_read(annotations)
    return annotations


def say_read(annotations: Annotations) -> None:
    """Tell what was read, and what was mapped, left out and corrected."""
    say(repr(annotations))
    say_checks(annotations.checks.to_dict("records"))


def say_checks(checks: list[dict[Any, Any]]) -> None:
    """Tell what was found wrong, and what was done."""
    for check in checks:
        say(f"  {check['table']}: {check['finding']}, {check['n']:,}: {check['action']}")


def columns_in(given: tuple[str, ...]) -> dict[str, str] | None:
    """Take NAME=COLUMN pairs; None where none are given.

    Raises
    ------
    click.BadParameter
        For what is no such pair.
    """
    pairs = [one.partition("=") for one in given]
    wrong = [one for one, (name, sign, column) in zip(given, pairs, strict=True) if not (name and sign and column)]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=COLUMN, such as label=answer.")
    return {name.strip(): column for name, _, column in pairs} or None


def names_in(text: str | None) -> list[str] | None:
    """Take names separated by commas; None where none are given."""
    return [name.strip() for name in text.split(",")] if text else None


def hold(out: Path) -> None:
    """Look at the place of an output before any work, and keep it until the verb ends."""
    from labelqa._outputs import held

    click.get_current_context().with_resource(held("out", out))


def say(message: str) -> None:
    """Talk on stderr, of the verb's options where the package speaks of arguments: stdout is for data."""
    running = click.get_current_context(silent=True)
    # what the data hold could move the cursor or turn the line
    click.echo(visible(in_words_of(running.command if running else None, message), kept="\n"), err=True)


def is_terminal() -> bool:
    """Tell whether somebody is watching, so that a progress bar makes sense."""
    return sys.stderr.isatty()
