"""Accuracy of every consensus method on the public crowd sets, beside the published and measured peers."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa import consensus
from labelqa.agreement import krippendorff_alpha

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("LABELQA_REAL_DATA") or ROOT.parent / "shared" / "data")
SETS = ("cf", "sp_amt", "zencrowd_us", "product", "bluebird", "rte", "web", "adult", "music", "relevance", "fact_eval")
#: Sets whose peers are known; the other two were added later.
N_WITH_PEERS = 9
N_SEEDS = 20
#: Labels per item that are kept; 0 for all.
FEW = (1, 2, 3, 5, 0)
#: Random draws of the few labels: more where a set has few items with gold.
DRAWS = {"bluebird": 12, "cf": 6, "music": 6, "relevance": 1, "fact_eval": 1}
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
            *_over_seeds(),
            *_few_labels(),
            *_with_classifier(),
        ]
    )


def _crowd_sets() -> list[str]:
    head = ["set", "alpha [95 %]", *OURS, *PEERS]
    lines = [
        "Share of right labels where ties count as a fair draw, on eleven crowd sets with gold (collected in",
        "truth-inference-at-scale); labelqa's methods first, the default in bold, then the peers. No method saw gold.",
        "The means are over the nine sets whose peers are known.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    ours: dict[str, list[float]] = {name: [] for name in OURS}
    for row, name in enumerate(SETS):
        said, gold = _read(name)
        for method, fit in OURS.items():
            ours[method].append(consensus.expected_accuracy(fit(said), gold))
        alpha = krippendorff_alpha(said)
        cells = [f"{ours[method][-1]:.3f}" for method in OURS] + [
            f"{peer[row]:.3f}" if row < len(peer) else "" for peer in PEERS.values()
        ]
        cells = [f"**{cell}**" if head[k + 2] == "**default**" else cell for k, cell in enumerate(cells)]
        lines.append(f"| {name} | {alpha.value:.3f} [{alpha.low:.3f}, {alpha.high:.3f}] | " + " | ".join(cells) + " |")
    means = [np.mean(values[:N_WITH_PEERS]) for values in (*ours.values(), *PEERS.values())]
    lines.append("| mean | | " + " | ".join(f"{mean:.4f}" for mean in means) + " |")
    lost = min(best - vote for best, vote in zip(ours["**default**"], ours["majority"], strict=True))
    lines += ["", f"The default against the majority vote, at worst: {100 * lost:+.1f} points.", ""]
    return lines


def _over_seeds() -> list[str]:
    lines = [
        f"The default over {N_SEEDS} seeds of the folds that weigh the models.",
        "",
        "| set | vote | mean | least | most | spread |",
        "|---|---|---|---|---|---|",
    ]
    for name in SETS:
        said, gold = _read(name)
        vote = consensus.expected_accuracy(consensus.majority_vote(said), gold)
        right = [
            consensus.expected_accuracy(consensus.consensus_labels(said, seed=seed), gold) for seed in range(N_SEEDS)
        ]
        cells = [vote, np.mean(right), min(right), max(right), max(right) - min(right)]
        lines.append(f"| {name} | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    return [*lines, ""]


def _few_labels() -> list[str]:
    methods = {"vote": consensus.majority_vote, "Dawid-Skene": consensus.dawid_skene, "default": OURS["**default**"]}
    per_set = {}
    head = [f"{name}: accuracy | log loss | calibration" for name in methods]
    lines = [
        "With few labels per item, drawn at random: means over the eleven sets of accuracy, log loss and calibration",
        "error (ten bins), the vote's probabilities being the item's labels and one more spread over all classes.",
        "Worst: the set that loses most against the vote, in points.",
        "",
        "| labels per item | " + " | ".join(head) + " | worst |",
        "|---" * (3 * len(methods) + 2) + "|",
    ]
    for n_labels in FEW:
        rows = {
            name: np.mean([_scores(said, gold, methods) for said, gold in _drawn(name, n_labels)], 0) for name in SETS
        }
        per_set[n_labels] = {name: 100 * (scores[-1, 0] - scores[0, 0]) for name, scores in rows.items()}
        worst = min(per_set[n_labels], key=lambda name: per_set[n_labels][name])
        cells = [f"{cell:.4f}" for cell in np.mean(list(rows.values()), 0).ravel()]
        lines.append(
            f"| {n_labels or 'all'} | " + " | ".join(cells) + f" | {per_set[n_labels][worst]:+.2f} ({worst}) |"
        )
    lines += ["", "The default against the vote, points:", "", "| labels per item | " + " | ".join(SETS) + " |"]
    lines.append("|---" * (len(SETS) + 1) + "|")
    for n_labels, points in per_set.items():
        lines.append(f"| {n_labels or 'all'} | " + " | ".join(f"{points[name]:+.2f}" for name in SETS) + " |")
    return [*lines, ""]


def _read(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    said, gold = (pd.read_csv(DATA / "crowdlabels" / name / f"{part}.csv") for part in ("labels", "gold"))
    return said, gold


def _drawn(name: str, n_labels: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    said, gold = _read(name)
    for seed in range(DRAWS.get(name, 3) if n_labels else 1):
        shuffled = said.sample(frac=1, random_state=seed)
        yield (shuffled.groupby("item_id").head(n_labels) if n_labels else said), gold


def _scores(said: pd.DataFrame, gold: pd.DataFrame, methods: dict[str, Any]) -> Any:
    """Give accuracy, log loss and calibration error (M, 3) on the items with gold."""
    classes = pd.unique(pd.concat([said["label"], gold["label"]])).tolist()
    gold = gold[gold["item_id"].isin(said["item_id"])]
    truth = np.asarray([classes.index(label) for label in gold["label"]])
    n = said["item_id"].astype(str).value_counts().reindex(gold["item_id"].astype(str)).to_numpy()[:, None]
    out = []
    for name, method in methods.items():
        found = method(said, classes=classes)
        p = found.wide().loc[gold["item_id"].astype(str)].to_numpy()
        if name == "vote":
            p = (p * n + 1 / len(classes)) / (n + 1)
        best = np.isclose(p, p.max(axis=1, keepdims=True), atol=1e-9, rtol=0)
        right = best[np.arange(len(p)), truth] / best.sum(axis=1)
        within = np.minimum((10 * p.max(axis=1)).astype(int), 9)
        gaps = np.abs(np.bincount(within, weights=right - p.max(axis=1))).sum() / len(p)
        loss = -np.log(np.maximum(p[np.arange(len(p)), truth], 1e-12)).mean()
        out.append([right.mean(), loss, gaps])
    return np.asarray(out)


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
