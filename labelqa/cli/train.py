"""`labelqa train`: what a simple model learns from the labels, and the model itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._features import feature_options, read_features
from labelqa.cli._options import PATH, hold, option, read_source, say, source_options, verb

if TYPE_CHECKING:
    import pandas as pd

    from labelqa.annotations import Annotations
    from labelqa.baseline import CrossValidation


@verb()
@source_options
@feature_options
@option("--out", type=PATH, required=True, help="File for the fitted model (.skops).")
@option(
    "--classifier",
    former="--model",
    type=click.Choice(["logistic", "boosting"]),
    default="logistic",
    show_default=True,
    help="Logistic regression, or gradient boosting as a second opinion.",
)
@option("--groups", metavar="COLUMN", help="Column of the items table; its groups are never split over folds.")
@option("--n-folds", type=click.IntRange(min=2), default=5, show_default=True, former="--folds",
        help="Cross-validation folds.")  # fmt: skip
@option("--seed", type=int, default=0, show_default=True, help="Same data and seed, same model.")
@option("--json", "as_json", is_flag=True, help="Print the cross-validation as JSON instead of the path.")
@option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
def train(
    *,
    out: Path,
    images: Path | None,
    features: Path | None,
    classifier: str,
    groups: str | None,
    n_folds: int,
    seed: int,
    as_json: bool,
    overwrite: bool,
    **how: Any,
) -> None:
    """Fit a simple model on the labels of SOURCE, say how well it predicts labels it has not seen, and keep it.

    Where several people labelled an item, the most frequent label counts.
    """
    import json

    from labelqa import baseline
    from labelqa.errors import OptionError
    from labelqa.features import fit_recipe, image_features
    from labelqa.images import ImageSource

    if out.exists() and not overwrite:
        raise OptionError(f"{out} exists; choose another --out, or add --overwrite.")
    hold(out)
    annotations = read_source(**how)
    table, recipe = read_features(images, features, annotations), None
    if isinstance(table, ImageSource):
        recipe = fit_recipe(table, seed=seed)
        table = image_features(table, recipe=recipe)
    by_group = _groups(annotations, groups)
    found = baseline.cross_validate(
        table, annotations, classifier=classifier, groups=by_group, n_folds=n_folds, seed=seed
    )
    _tell(found)
    fitted = baseline.fit(table, annotations, classifier=classifier, recipe=recipe, groups=by_group, seed=seed)
    baseline.save(fitted, out)
    click.echo(json.dumps({"model": str(out), **found.to_dict()}) if as_json else out)


def _groups(annotations: Annotations, column: str | None) -> pd.Series | None:
    from labelqa.errors import TableError, shown

    if column is None:
        return None
    if column not in annotations.items:
        raise TableError(f"The items table has no column {column!r} (found: {shown(annotations.items.columns)}).")
    return annotations.items.set_index("item_id")[column]


def _tell(found: CrossValidation) -> None:
    for row in found.scores.to_dict("records"):
        say(f"  {row['who']}: accuracy {row['accuracy']:.1%} [{row['low']:.1%}, {row['high']:.1%}]")
    if found.reason:
        say(f"  note: {found.reason}")
