"""`labelqa agree`: agreement on labels and on boxes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._options import SOURCE_NAMES, names_in, option, read_source, say, source_options, verb

if TYPE_CHECKING:
    import pandas as pd

    from labelqa.agreement import BoxAgreement, LabelAgreement
    from labelqa.annotations import Annotations

#: Exit code where a check that was asked for could not be made.
UNDEFINED = 5
LEVELS = ("nominal", "ordinal", "ordinal_gwet", "interval", "ratio", "masi", "jaccard")
LABEL_TABLES = (
    "coefficients",
    "per_class",
    "class_pairs",
    "per_item",
    "per_annotator",
    "annotator_bias",
    "per_pair",
    "intra_annotator",
    "over_time",
)
BOX_TABLES = (
    "sweep",
    "per_class",
    "per_annotator",
    "per_pair",
    "per_size",
    "per_item",
    "over_time",
    "decomposition",
    "annotator_ranking",
)


@verb()
@source_options
@option("--level", type=click.Choice(LEVELS), default="nominal", show_default=True, help="What labels are.")
@option("--classes", metavar="A,B,...", help="All classes in order, where unused ones count or order matters.")
@option("--iou-threshold", type=float, default=0.5, show_default=True, former="--iou",
        help="Overlap from which two boxes match.")  # fmt: skip
@option("--n-resamples", type=int, default=1000, show_default=True, former="--resamples",
        help="Resamples for the intervals.")  # fmt: skip
@option("--confidence", type=float, default=0.95, show_default=True, help="Confidence of the intervals.")
@option("--seed", type=int, default=0, show_default=True, help="Seed of the resampling.")
@option(
    "--table",
    metavar="NAME",
    help="Print one table as CSV: coefficients (default), per_class, class_pairs, per_item, per_annotator, "
    "annotator_bias, per_pair, intra_annotator, over_time; with --boxes sweep (default), per_class, per_annotator, "
    "per_pair, per_size, per_item, over_time, decomposition, annotator_ranking.",
)
@option("--boxes", is_flag=True, help="The boxes only; their tables are printed.")
@option("--json", "as_json", is_flag=True, help="Print everything as one JSON object: labels, boxes.")
@option("--fail-under", type=float, help="Exit with 1 where an alpha is below this, with 5 where it is undefined.")
def agree(*, table: str | None, boxes: bool, as_json: bool, fail_under: float | None, **options: Any) -> None:
    """Measure agreement in SOURCE on labels and boxes; alphas go to stderr, one table to stdout."""
    reading = {name: options.pop(name) for name in SOURCE_NAMES}
    found = _measure(read_source(**reading), only_boxes=boxes, **options)
    for what, result in found.items():
        say(_sentence(what, result))
        for note in getattr(result, "notes", ()):
            say(f"  note: {note}")
    if as_json:
        click.echo(json.dumps({name: result.to_dict() for name, result in found.items()}, ensure_ascii=False))
    else:
        what, result = next(iter(found.items()))
        from labelqa._cells import for_people

        click.echo(for_people(_chosen(what, result, table)).to_csv(index=False), nl=False)
    if fail_under is not None:
        _compare_with({what: result.alpha for what, result in found.items()}, fail_under)


def _compare_with(alphas: dict[str, float], limit: float) -> None:
    """Leave with 1 where an alpha is below the limit, with `UNDEFINED` where none is but one cannot be compared."""
    low = [what for what, alpha in alphas.items() if alpha < limit]
    undefined = [what for what, alpha in alphas.items() if math.isnan(alpha)]
    if low:
        say(f"alpha of {' and '.join(low)} is below {limit:g}")
    if undefined:
        say(f"alpha of {' and '.join(undefined)} is undefined, so that it cannot be held against {limit:g}")
    if low or undefined:
        raise SystemExit(1 if low else UNDEFINED)


def _measure(
    annotations: Annotations,
    *,
    only_boxes: bool,
    level: str,
    classes: str | None,
    iou_threshold: float,
    n_resamples: int,
    confidence: float,
    seed: int,
) -> dict[str, LabelAgreement | BoxAgreement]:
    from labelqa.agreement import box_agreement, label_agreement
    from labelqa.errors import TableError

    shared: dict[str, Any] = {"n_resamples": n_resamples, "confidence": confidence, "seed": seed}
    found: dict[str, LabelAgreement | BoxAgreement] = {}
    if len(annotations.labels) and not only_boxes:
        found["labels"] = label_agreement(annotations, level=level, classes=names_in(classes), **shared)
    if len(annotations.boxes):
        found["boxes"] = box_agreement(annotations, iou_threshold=iou_threshold, **shared)
    if not found:
        raise TableError(
            "SOURCE has no boxes; leave out --boxes to compare its labels."
            if len(annotations.labels)
            else "SOURCE has neither labels nor boxes; give annotations to compare."
        )
    return found


def _sentence(what: str, result: LabelAgreement | BoxAgreement) -> str:
    if math.isnan(result.alpha):
        words = "alpha is undefined"
    elif math.isnan(result.alpha_low):
        words = f"alpha {result.alpha:.3f} without interval"
    else:
        ends = f"[{result.alpha_low:.3f}, {result.alpha_high:.3f}]"
        words = f"alpha {result.alpha:.3f} {ends} with {result.confidence:.0%} confidence"
    return f"{what}: {words}" + (f". {result.reason}" if result.reason is not None else "")


def _chosen(what: str, result: LabelAgreement | BoxAgreement, name: str | None) -> pd.DataFrame:
    from labelqa._options import check_choice

    tables = LABEL_TABLES if what == "labels" else BOX_TABLES
    name = tables[0] if name is None else name
    check_choice("table", name, tables)
    frame: pd.DataFrame = getattr(result, name)
    return frame
