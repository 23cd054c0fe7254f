"""`labelqa convert`: one format in, another out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH, read_source, source_options


@click.command()
@source_options
@click.argument("out", type=PATH)
@click.option(
    "--to",
    type=click.Choice(["parquet", "csv", "coco"]),
    help="Format to write; by default coco where OUT ends in .json, else a folder of Parquet files.",
)
def convert(out: Path, to: str | None, **how: Any) -> None:
    """Read SOURCE, check it, and write it to OUT, which must not exist."""
    from labelqa.readers import write

    write(read_source(**how), out, format=to)
    click.echo(out)
