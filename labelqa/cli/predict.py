"""`labelqa predict`: what an exported model says of images."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click

from labelqa.cli._features import read_keyed
from labelqa.cli._options import PATH, alias_option, option, root_option, say_former, verb


@verb()
@click.argument("images", type=PATH, nargs=-1)
@option(
    "--features",
    type=PATH,
    help="For a model that takes features, instead of IMAGES: CSV or Parquet with item_id and the columns of training.",
)
@root_option
@option("--name", help="Name of the model, one of those in --root.")
@option("--model", type=PATH, help="Instead of --name: an exported model.onnx, or the folder that holds it.")
@alias_option
@option("--version", type=int, help="A version instead of an alias.")
@option("--json", "as_json", is_flag=True, help="Print JSON with all probabilities instead of CSV.")
def predict(
    *,
    images: tuple[Path, ...],
    features: Path | None,
    root: Path,
    name: str | None,
    model: Path | None,
    as_json: bool,
    **which: Any,
) -> None:
    """Predict IMAGES (files or one folder) with an exported model; print item_id, label and probability as CSV."""
    from labelqa import deploy

    if (features is None) == (not images):
        raise click.UsageError("Give IMAGES, files or one folder, or --features, a table; one of them.")
    if name is None and model is None:
        raise click.UsageError("Give --name, one of the models in --root, or --model, an exported file.")
    if name is not None and model is not None:
        say_former(f"--model {model} with --name", f"--root {model}")
    exported = deploy.load(root if model is None else model, name=name, **which)
    if features is not None:
        said = exported.predict(read_keyed(features))
    else:
        said = exported.predict(images[0] if len(images) == 1 else list(images))
    if as_json:
        probabilities = [dict(zip(map(str, said.classes), map(float, row), strict=True)) for row in said.probabilities]
        rows = [{**row, "probabilities": each} for row, each in zip(said.rows(), probabilities, strict=True)]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    writer = csv.DictWriter(sys.stdout, ["item_id", "label", "probability"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "probability": f"{row['probability']:.6f}"} for row in said.rows())
