"""`labelqa predict`: what an exported model says of images."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH


@click.command()
@click.argument("images", type=PATH, nargs=-1, required=True)
@click.option("--model", "path", type=PATH, default=Path("models"), show_default=True,
              help="Folder of all models (with --name), or of one version.")  # fmt: skip
@click.option("--name", help="Name of the model.")
@click.option("--alias", default="champion", show_default=True, help="champion, challenger or shadow.")
@click.option("--version", type=int, help="A version instead of an alias.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with all probabilities instead of CSV.")
def predict(images: tuple[Path, ...], path: Path, as_json: bool, **which: Any) -> None:
    """Predict IMAGES (files or one folder) with an exported model; print item_id, label and probability as CSV."""
    from labelqa import deploy

    model = deploy.load(path, **which)
    said = model.predict(images[0] if len(images) == 1 else list(images))
    if as_json:
        probabilities = [dict(zip(map(str, said.classes), map(float, row), strict=True)) for row in said.probabilities]
        rows = [{**row, "probabilities": each} for row, each in zip(said.rows(), probabilities, strict=True)]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, ["item_id", "label", "probability"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "probability": f"{row['probability']:.6f}"} for row in said.rows())
