"""`labelqa promote`: which version answers from now on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH


@click.command()
@click.argument("name")
@click.option("--models", type=PATH, default=Path("models"), show_default=True, help="Folder of all models.")
@click.option("--version", type=int, help="Version to promote; by default the latest.")
@click.option("--alias", default="champion", show_default=True, help="champion, challenger or shadow.")
@click.option("--reason", help="Why; needed where the comparison found that it hurts, or where there is none.")
@click.option("--canary-percent", type=float, help="Share of requests for the challenger.")
def promote(models: Path, **how: Any) -> None:
    """Point an alias of the model NAME at a version; print the aliases as JSON."""
    from labelqa import deploy

    click.echo(json.dumps(deploy.promote(models, **how).to_dict(), ensure_ascii=False))
