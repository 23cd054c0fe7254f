"""The group of verbs and what errors become."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

import labelqa
from labelqa.cli._options import in_words_of
from labelqa.errors import MissingExtra, OptionError, TableError, sentence

#: The verbs by the life cycle: verb -> the line that `--help` shows. A verb is the command of its name in the module
#: of its name in `labelqa.cli`; help must not import anything heavy.
GROUPS = {
    "Measure": {
        "audit": "Check, measure, flag, retrain and report, in one go.",
        "report": "Make the page of a finished audit anew.",
        "agree": "How far annotators agree, and where they do not.",
    },
    "Find and fix": {
        "flag": "Which labels, pictures and boxes are doubtful, most urgent first.",
        "apply": "Carry out reviewers' decisions and log every fix.",
    },
    "Train and compare": {
        "augment": "Make copies of images whose labels and boxes stay right.",
        "train": "Fit a simple model on the labels and keep it.",
        "compare": "Say what fixing labels was worth, on trusted test items.",
    },
    "Ship and watch": {
        "export": "Write a trained model as one file that runs anywhere.",
        "promote": "Say which version of a model answers from now on.",
        "rollback": "Go back to the version before.",
        "predict": "Predict images with an exported model.",
    },
    "Files": {
        "convert": "Read any known format and write another.",
    },
}
VERBS = [verb for verbs in GROUPS.values() for verb in verbs]


class Verbs(click.Group):
    """Loads a verb's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the verbs in the order in which they are used."""
        return VERBS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"labelqa.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"labelqa.cli.{cmd_name}.{cmd_name} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs by the life cycle, without loading them."""
        width = max(map(len, VERBS))
        for title, verbs in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(verb.ljust(width), line) for verb, line in verbs.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; what a user can mend is one plain sentence, never a traceback."""
        try:
            return super().invoke(ctx)
        except (OptionError, MissingExtra) as error:
            self._stop(ctx, error, 2)
        except (TableError, OSError) as error:
            self._stop(ctx, error, 3)

    def _stop(self, ctx: click.Context, error: Exception, code: int) -> None:
        ran = self.get_command(ctx, ctx.invoked_subcommand or "")
        click.echo(sentence(in_words_of(ran, f"labelqa: {error}")), err=True)
        sys.exit(code)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(labelqa.__version__, prog_name="labelqa")
def main() -> None:
    """Measure how good labels are, find the wrong ones, and show what fixing them is worth."""
