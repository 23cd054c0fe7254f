"""Accuracy of every consensus method on the public crowd sets, beside the published and measured peers."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa import consensus
from labelqa.agreement import krippendorff_alpha

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("LABELQA_REAL_DATA") or ROOT.parent / "shared" / "data")
SETS = ("cf", "sp_amt", "zencrowd_us", "product", "bluebird", "rte", "web", "adult", "music")
OURS = {
    "majority": consensus.majority_vote,
    "Dawid-Skene, not shrunk": lambda said: consensus.dawid_skene(said, shrinkage=0),
    "Dawid-Skene": consensus.dawid_skene,
    "one coin": consensus.one_coin,
    "MACE": consensus.mace,
    "GLAD": consensus.glad,
    "**default**": consensus.consensus_labels,
}
#: crowd-kit 1.4 measured with its own settings; EBCC as printed by Li, Rubinstein and Cohn (ICML 2019).
PEERS = {
    "crowd-kit DS": (0.830, 0.944, 0.829, 0.940, 0.889, 0.928, 0.829, 0.766, 0.769),
    "crowd-kit OneCoin": (0.887, 0.946, 0.904, 0.908, 0.583, 0.925, 0.749, 0.709, 0.793),
    "crowd-kit MACE": (0.890, 0.944, 0.839, 0.695, 0.769, 0.928, 0.820, 0.757, 0.799),
    "crowd-kit GLAD": (0.880, 0.946, 0.878, 0.928, 0.722, 0.926, 0.822, 0.760, 0.789),
    "EBCC (published)": (0.883, 0.944, 0.912, 0.935, 0.861, 0.931, 0.769, 0.748, 0.787),
}


def section() -> str:
    return "\n".join(
        [
            "## Consensus on labels",
            "",
            "Study: `benchmarks/study_consensus.py`.",
            "",
            *_crowd_sets(),
            *_with_classifier(),
        ]
    )


def _crowd_sets() -> list[str]:
    head = ["set", "alpha [95 %]", *OURS, *PEERS]
    lines = [
        "Share of right labels where ties count as a fair draw, on nine crowd sets with gold (collected in",
        "truth-inference-at-scale); labelqa's methods first, the default in bold, then the peers. No method saw gold.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    ours: dict[str, list[float]] = {name: [] for name in OURS}
    for row, name in enumerate(SETS):
        said, gold = (pd.read_csv(DATA / "crowdlabels" / name / f"{part}.csv") for part in ("labels", "gold"))
        for method, fit in OURS.items():
            ours[method].append(consensus.expected_accuracy(fit(said), gold))
        alpha = krippendorff_alpha(said)
        cells = [f"{ours[method][-1]:.3f}" for method in OURS] + [f"{peer[row]:.3f}" for peer in PEERS.values()]
        cells = [f"**{cell}**" if head[k + 2] == "**default**" else cell for k, cell in enumerate(cells)]
        lines.append(f"| {name} | {alpha.value:.3f} [{alpha.low:.3f}, {alpha.high:.3f}] | " + " | ".join(cells) + " |")
    means = [np.mean(values) for values in (*ours.values(), *PEERS.values())]
    lines.append("| mean | | " + " | ".join(f"{mean:.4f}" for mean in means) + " |")
    lost = min(best - vote for best, vote in zip(ours["**default**"], ours["majority"], strict=True))
    lines += ["", f"The default against the majority vote, at worst: {100 * lost:+.1f} points.", ""]
    return lines


def _with_classifier() -> list[str]:
    said, gold, model = _photos()
    methods = {
        "majority": lambda prior: consensus.majority_vote(said),
        "default, votes only": lambda prior: consensus.consensus_labels(said),
        "CROWDLAB": lambda prior: consensus.crowdlab(said, prior),
        "Dawid-Skene with the prior as it is": lambda prior: consensus.dawid_skene(said, pred_probs=prior),
        "**default**": lambda prior: consensus.consensus_labels(said, pred_probs=prior),
    }
    lines = [
        "With a classifier: CIFAR-10N, 20,000 images with three labels each, out-of-fold probabilities of the built-in",
        "features; the same made too sure of itself (fourth power). Accuracy, and AUROC of the probability against the",
        "method's own errors.",
        "",
        "| method | accuracy | AUROC | accuracy, too sure | AUROC, too sure | s |",
        "|---|---|---|---|---|---|",
    ]
    sure = model**4
    sure = sure.div(sure.sum(axis=1), axis=0)
    for name, method in methods.items():
        start = time.process_time()
        found = [method(prior) for prior in (model, sure)]
        seconds = (time.process_time() - start) / 2
        cells = [number for one in found for number in (consensus.expected_accuracy(one, gold), _auroc(one, gold))]
        lines.append(f"| {name} | " + " | ".join(f"{cell:.4f}" for cell in cells) + f" | {seconds:.1f} |")
    return [*lines, ""]


def _photos() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    from PIL import Image

    from labelqa._crossval import out_of_fold
    from labelqa.features import image_features

    table = pd.read_parquet(DATA / "cifar10n" / "cifar10n.parquet")
    ids = [str(i) for i in range(len(table))]
    said = pd.concat(
        pd.DataFrame({"item_id": ids, "annotator_id": slot, "label": table[slot]})
        for slot in ("label_1", "label_2", "label_3")
    )
    pixels = {
        i: np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for i, data in zip(ids, table["image"], strict=True)
    }
    vote = consensus.majority_vote(said).table.set_index("item_id")["label"]
    model = out_of_fold(image_features(pixels), vote).probabilities
    return said, pd.DataFrame({"item_id": ids, "label": table["clean_label"]}), model


def _auroc(found: Any, gold: pd.DataFrame) -> float:
    from scipy.stats import rankdata

    table = found.table.set_index("item_id")
    right = table["label"].to_numpy() == gold.set_index("item_id").loc[table.index, "label"].to_numpy()
    rank = rankdata(table["probability"])
    return float((rank[right].mean() - (right.sum() + 1) / 2) / (~right).sum())
