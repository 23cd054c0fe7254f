"""`labelqa flag`: what is doubtful, most urgent first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._features import read_keyed
from labelqa.cli._options import PATH, hold, names_in, option, read_source, say, source_options, verb

if TYPE_CHECKING:
    import pandas as pd

    from labelqa.annotations import Annotations
    from labelqa.images import ImageSource
    from labelqa.noise import ReviewQueue


@verb()
@source_options
@option(
    "--images",
    type=PATH,
    metavar="DIR",
    help="Folder of the pictures, by default the files that the items name: adds their faults and duplicates.",
)
@option("--pred-probs", type=PATH, help="Table (CSV or Parquet) with item_id and one column per class.")
@option("--model", type=PATH, help="ONNX file of an image classifier, or folder of an export.")
@option("--classes", metavar="A,B,...", help="What the outputs of --model are, if it is no export.")
@option(
    "--features",
    type=PATH,
    former="--embeddings",
    help="Table (CSV or Parquet) with item_id and one column per number.",
)
@option(
    "--method",
    type=click.Choice(["labelqa", "self_confidence", "normalized_margin", "confident_learning"]),
    default="labelqa",
    show_default=True,
    help="How doubt about labels is measured.",
)
@option("--split", metavar="COLUMN", help="Column of items that says train or test: adds leaks between them.")
@option("--decisions", type=PATH, help="Decisions so far (JSONL): calibrates, and says how many errors remain.")
@option("--max-wrong", type=float, default=0.01, show_default=True, help="Share of errors to stop at.")
@option("--limit", type=click.IntRange(1), metavar="N", help="Print only the first N rows.")
@option("--out", type=PATH, help="Write the queue to this file and print its path.")
@option("--overwrite", is_flag=True, help="Replace the file of --out.")
@option("--seed", type=int, default=0, show_default=True, help="Seed of the folds.")
@option("--json", "as_json", is_flag=True, help="JSON instead of CSV.")
def flag(
    *,
    decisions: Path | None,
    max_wrong: float,
    limit: int | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    images: Path | None,
    pred_probs: Path | None,
    model: Path | None,
    classes: str | None,
    features: Path | None,
    method: str,
    split: str | None,
    seed: int,
    **how: Any,
) -> None:
    """Rank the items and boxes of SOURCE for review; the queue goes to stdout as CSV, a summary to stderr."""
    if out is not None and out.exists() and not overwrite:
        raise FileExistsError(f"{out} exists; choose another name or add --overwrite.")
    if out is not None:
        hold(out)
    if model is not None and pred_probs is not None:
        raise click.UsageError("Give --model or --pred-probs, one of them.")
    if classes is not None and model is None:
        raise click.UsageError("--classes names the outputs of --model; give --model too.")
    tables = {"pred_probs": pred_probs, "features": features}
    options: dict[str, Any] = {name: None if path is None else read_keyed(path) for name, path in tables.items()}
    options |= {"method": method, "split": split, "seed": seed}
    asked = None if model is None else (model, classes)
    queue = _judged(_queue(read_source(**how), images, options, asked), decisions, max_wrong)
    text = _text(queue, limit, as_json)
    if out is None:
        click.echo(text, nl=False)
        return
    from labelqa._files import write_text

    write_text(out.resolve(), text)
    click.echo(out)


def _queue(
    annotations: Annotations,
    images: Path | None,
    how: dict[str, Any],
    asked: tuple[Path, str | None] | None,
) -> ReviewQueue:
    from labelqa.errors import TableError
    from labelqa.images import as_source
    from labelqa.noise import find_issues

    source = as_source(annotations) if images is None else as_source(images, annotations)
    if asked is not None:
        how["pred_probs"] = _ask(*asked, source.select(annotations.labels["item_id"]))
    queue = find_issues(annotations, images=source if len(source) else None, **how)
    for found in queue.findings.values():
        say(repr(found))
    if not queue.findings:
        raise TableError(
            f"There is nothing to judge SOURCE by: {queue.reason} Give --images, --pred-probs or --features, or labels "
            "or boxes by several annotators."
        )
    for sentence in queue.cannot_say:
        say(sentence)
    return queue


def _ask(model: Path, classes: str | None, source: ImageSource) -> pd.DataFrame:
    """Run the model on the labelled items and tell what was made of its answers."""
    from labelqa.noise import model_probabilities

    table = model_probabilities(model, source, classes=names_in(classes))
    made = "softmax of its outputs" if table.attrs["softmax"] else "its outputs as they are"
    say(f"{model}: probabilities of {len(table):,} items, {made}")
    return table


def _judged(queue: ReviewQueue, decisions: Path | None, max_wrong: float) -> ReviewQueue:
    from labelqa.noise import calibrate, read_decisions, remaining_errors

    if decisions is not None:
        said = read_decisions(decisions)
        queue = calibrate(queue, said)
        left = remaining_errors(queue, said, max_wrong=max_wrong)
        say(f"wrong and not yet reviewed: {left.value:,.0f} [{left.low:,.0f}, {left.high:,.0f}]; {left.stop_rule}")
    if queue.reason is not None:
        say(queue.reason)
    return queue


def _text(queue: ReviewQueue, limit: int | None, as_json: bool) -> str:
    from labelqa._result import json_safe

    table = queue.table if limit is None else queue.table.head(limit)
    if as_json:
        return json.dumps(json_safe(table), ensure_ascii=False) + "\n"
    from labelqa._cells import for_people

    return str(for_people(table).to_csv(index=False))
