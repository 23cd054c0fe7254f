"""`labelqa rollback`: back to the version before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import entry_options, option, verb


@verb()
@entry_options
@option("--reason", help="Why; kept in the history.")
def rollback(root: Path, **how: Any) -> None:
    """Point an alias of a model back at the version it had before; print the aliases as JSON."""
    from labelqa import deploy

    click.echo(json.dumps(deploy.rollback(root, **how).to_dict(), ensure_ascii=False))
