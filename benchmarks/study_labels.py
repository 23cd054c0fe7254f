"""Agreement on labels of published crowds: alpha with its interval, what people mix up, who differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from labelqa.agreement import benchmark_scale, krippendorff_alpha, label_agreement

DATA = Path(os.environ.get("LABELQA_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
CROWDS = ("cf", "sp_amt", "zencrowd_us", "product", "bluebird", "rte", "web", "adult", "music")


def sets() -> Iterator[tuple[str, pd.DataFrame]]:
    for name in CROWDS:
        yield name, pd.read_csv(DATA / "crowdlabels" / name / "labels.csv")
    slots = ["label_1", "label_2", "label_3"]
    wide = pd.read_parquet(DATA / "cifar10n" / "cifar10n.parquet", columns=slots)
    yield "CIFAR-10N", wide.rename_axis("item_id").reset_index().melt("item_id", slots, "annotator_id", "label")


def section() -> str:
    lines = [
        "## Agreement on labels",
        "",
        "Nominal Krippendorff's alpha of nine crowd-labelling sets and of the first 20,000 images of CIFAR-10N (whose",
        "annotators are slots, not persons), with the percentile interval of 1,000 resamples of the items and the",
        "analytic t interval beside it; the word is the best of Landis and Koch's that holds with 95 % probability.",
        "The last column is the pair of classes with the largest share of all disagreement.",
        "",
        "| set | items | labels | annotators | alpha | resampled | analytic | word | AC1 | most mixed up (share) |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, data in sets():
        found, analytic = label_agreement(data, n_resamples=1000), krippendorff_alpha(data)
        pair = found.class_pairs.iloc[0]
        gwet = found.coefficients.set_index("coefficient").loc["gwet_ac", "value"]
        lines.append(
            f"| {name} | {found.n_items:,} | {found.n_labels:,} | {found.n_annotators} | {found.alpha:.3f} "
            f"| [{found.alpha_low:.3f}, {found.alpha_high:.3f}] | [{analytic.low:.3f}, {analytic.high:.3f}] "
            f"| {benchmark_scale(analytic).verdict} | {gwet:.3f} "
            f"| {pair['label_a']} and {pair['label_b']} ({pair['share']:.0%}) |"
        )
    return "\n".join([*lines, "", *_repeats(), ""])


def _repeats() -> list[str]:
    data = pd.read_csv(DATA / "crowdlabels" / "adult" / "labels.csv")
    table = label_agreement(data, n_resamples=0).intra_annotator
    often = table[table["n_items"] >= 10]
    n_extra = int((table["n_labels"] - table["n_items"]).sum())
    return [
        f"In adult, {len(table)} annotators labelled an item again ({n_extra:,} extra labels). Agreement with "
        "themselves where that happened on ten items or more: "
        + ", ".join(f"{row.annotator_id} {row.agreement:.3f} ({row.n_items:,} items)" for row in often.itertuples())
        + ".",
    ]
