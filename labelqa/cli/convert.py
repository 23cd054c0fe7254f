"""`labelqa convert`: one format in, another out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH, WRITTEN, hold, option, say_read, source_options, verb


@verb()
@source_options
@click.argument("out", type=PATH)
@option(
    "--to",
    type=click.Choice(WRITTEN),
    help="Format to write; by default coco where OUT ends in .json, else a folder of Parquet files. The format that "
    "SOURCE has is written back with nothing else changed.",
)
@option("--allow-loss", is_flag=True, help="Write though the format has no place for something.")
@option(
    "--list",
    "is_list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _param, is_on: _list(ctx, is_on),
    help="List the formats, what each keeps and what it has no place for, and stop.",
)
def convert(source: Path, out: Path, form: str | None, **how: Any) -> None:
    """Read SOURCE, check it, and write it to OUT, which must not exist."""
    import labelqa

    hold(out)
    say_read(labelqa.convert(source, out, format=form, **how))
    click.echo(out)


def _list(ctx: click.Context, is_on: bool) -> None:
    if not is_on:
        return
    from labelqa.readers import FORMATS

    for each in FORMATS:
        writes = f", --to {' or '.join(each.writes)}" if each.writes else ""
        back = ", fixes are written back" if each.rewrite else ""
        click.echo(f"{each.name} (--format {each.name}{writes}{back}): {each.title}")
        click.echo(f"  keeps {each.keeps}\n  leaves out {each.loses}")
    ctx.exit()
