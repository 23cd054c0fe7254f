"""`labelqa promote`: which version answers from now on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import entry_options, option, verb


def _share(percent: str) -> str:
    try:
        return f"{float(percent) / 100:.10g}"
    except ValueError as error:
        raise click.BadParameter(f"{percent!r} is no number.", param_hint="--canary-percent") from error


@verb()
@entry_options
@option("--version", type=int, help="Version to promote; by default the latest.")
@option("--reason", help="Why; needed where the comparison found that it hurts, or where there is none.")
@option("--canary-share", type=float, former={"--canary-percent": _share},
        help="Share of requests for the challenger, 0 to 1.")  # fmt: skip
def promote(root: Path, **how: Any) -> None:
    """Point an alias of a model at a version; print the aliases as JSON."""
    from labelqa import deploy

    click.echo(json.dumps(deploy.promote(root, **how).to_dict(), ensure_ascii=False))
