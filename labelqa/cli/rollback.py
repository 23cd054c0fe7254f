"""`labelqa rollback`: back to the version before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH


@click.command()
@click.argument("name")
@click.option("--models", type=PATH, default=Path("models"), show_default=True, help="Folder of all models.")
@click.option("--alias", default="champion", show_default=True, help="champion, challenger or shadow.")
@click.option("--reason", help="Why; kept in the history.")
def rollback(models: Path, **how: Any) -> None:
    """Point an alias of the model NAME back at the version it had before; print the aliases as JSON."""
    from labelqa import deploy

    click.echo(json.dumps(deploy.rollback(models, **how).to_dict(), ensure_ascii=False))
