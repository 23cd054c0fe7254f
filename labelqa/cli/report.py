"""`labelqa report`: the page of a finished audit, made anew."""

from __future__ import annotations

from pathlib import Path

import click

from labelqa.cli._options import PATH, option, verb


@verb()
@click.argument("folder", type=PATH)
@option("--out", type=PATH, former="--to", help="File to write; by default report.html in FOLDER is made anew.")
@option("--overwrite", is_flag=True, help="Replace the file of --out.")
def report(folder: Path, out: Path | None, overwrite: bool) -> None:
    """Make the page of the finished audit in FOLDER from its summary, charts and pictures."""
    from labelqa.report import write_report

    click.echo(write_report(folder, out, overwrite=overwrite))
