"""`labelqa report`: the page of a finished audit, made anew."""

from __future__ import annotations

from pathlib import Path

import click

from labelqa.cli._options import PATH


@click.command()
@click.argument("folder", type=PATH)
@click.option("--to", type=PATH, help="File to write; by default report.html in FOLDER is made anew.")
@click.option("--overwrite", is_flag=True, help="Replace the file named with --to.")
def report(folder: Path, to: Path | None, overwrite: bool) -> None:
    """Make the page of the finished audit in FOLDER from its summary, charts and pictures."""
    from labelqa.report import write_report

    click.echo(write_report(folder, to, overwrite=overwrite))
