"""How well doubtful labels are found, calibrated and counted, on CIFAR-10N and the reviewed label_errors sets."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from labelqa.noise import Neighbours, ReviewQueue

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("LABELQA_REAL_DATA") or ROOT.parent / "shared" / "data")
LABELS = ("label_1", "aggregate_label", "worst_label", "label_2", "label_3")
RANKERS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
N_REVIEWS, HEAD, AUDIT = 200, 500, 200


def section() -> str:
    from labelqa.features import KINDS, image_features
    from labelqa.noise import neighbours

    table = pd.read_parquet(DATA / "cifar10n" / "cifar10n.parquet")
    table = table.assign(item_id=table["item_id"].astype(str))
    features = image_features(table[["item_id", "image"]], kinds=KINDS, seed=0)
    graph = neighbours(features)
    probs = {name: _out_of_fold(features, table, name) for name in LABELS}
    parts = [
        "## Noisy samples",
        "",
        "`python -m benchmarks.results noise`. CIFAR-10N, images 0 to 19,999; truth: CIFAR-10's labels. Built-in "
        "features, ridge regression in 5 folds, 60 neighbours, seed 0; no pretrained weights. Choices were made on "
        "label_1, aggregate and worst; label_2 and label_3 only report.",
        "",
        _ranking(table, probs, graph),
        _votes(table, probs, graph),
        _calibration(table, probs, graph),
        _duplicates(table),
        _label_errors(),
    ]
    return "\n".join(parts)


def _out_of_fold(features: pd.DataFrame, table: pd.DataFrame, name: str) -> pd.DataFrame:
    from labelqa._crossval import out_of_fold

    return out_of_fold(features, _labels(table, name)).probabilities


def _labels(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[["item_id", name]].rename(columns={name: "label"})


def _scored(is_wrong: np.ndarray, doubt: np.ndarray) -> tuple[float, float, float]:
    """AUROC, AP and precision at the true count."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    top = np.argsort(-doubt, kind="stable")[: int(is_wrong.sum())]
    return roc_auc_score(is_wrong, doubt), average_precision_score(is_wrong, doubt), float(is_wrong[top].mean())


def _ranking(table: pd.DataFrame, probs: dict[str, pd.DataFrame], graph: Neighbours) -> str:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    from labelqa.noise import label_issues

    lines = [
        "### Finding wrong labels: AUROC / AP / precision at the true count",
        "",
        "| labels | wrong | model accuracy | " + " | ".join(f"cleanlab {name}" for name in RANKERS)
        + " | **labelqa** | better than cleanlab's best by | flags: cleanlab precision / recall | labelqa |",
        "|" + "---|" * (len(RANKERS) + 7),
    ]  # fmt: skip
    for name in LABELS:
        classes = list(probs[name].columns)
        p = probs[name].loc[table["item_id"]].to_numpy()
        given = table[name].map({label: code for code, label in enumerate(classes)}).to_numpy()
        is_wrong = (table[name] != table["clean_label"]).to_numpy()
        theirs = [
            _scored(is_wrong, -get_label_quality_scores(labels=given, pred_probs=p, method=ranker))
            for ranker in RANKERS
        ]
        mask = find_label_issues(labels=given, pred_probs=p, n_jobs=1)
        found = label_issues(_labels(table, name), pred_probs=probs[name], neighbours=graph)
        ours = found.table.set_index("item_id").loc[table["item_id"]]
        own = _scored(is_wrong, ours["doubt"].to_numpy())
        best = np.max(theirs, axis=0)
        flags = [_precision_recall(is_wrong, one) for one in (mask, ours["is_flagged"].to_numpy())]
        lines.append(
            f"| {name} | {is_wrong.mean():.1%} | {found.accuracy:.3f} | "
            + " | ".join(" / ".join(f"{value:.3f}" for value in one) for one in theirs)
            + f" | **{' / '.join(f'{value:.3f}' for value in own)}**"
            + f" | {own[0] - best[0]:+.3f} / {own[1] - best[1]:+.3f}"
            + f" | {flags[0]} | {flags[1]} |"
        )
    return "\n".join([*lines, ""])


def _precision_recall(is_wrong: np.ndarray, flagged: np.ndarray) -> str:
    return f"{is_wrong[flagged].mean():.2f} / {flagged[is_wrong].mean():.2f}"


def _votes(table: pd.DataFrame, probs: dict[str, pd.DataFrame], graph: Neighbours) -> str:
    from cleanlab.multiannotator import get_label_quality_multiannotator

    from labelqa.noise import label_issues

    slots = ["label_1", "label_2", "label_3"]
    votes = table.melt("item_id", slots, "annotator_id", "label")
    truth = table["clean_label"].to_numpy()
    lines = [
        "### With the three votes of each image",
        "",
        "The votes and one model (trained on the labels named), the same for both.",
        "",
        "| judged | who | consensus accuracy | AUROC / AP of wrong labels |",
        "|---|---|---|---|",
    ]
    for name in ("label_1", "aggregate_label"):
        found = label_issues(votes, pred_probs=probs[name], neighbours=graph, given=_labels(table, name))
        rows = found.table.set_index("item_id").loc[table["item_id"]]
        is_wrong = (table[name] != table["clean_label"]).to_numpy()
        posterior = found.probabilities.loc[table["item_id"]]
        best = np.asarray(posterior.columns)[posterior.to_numpy().argmax(axis=1)]
        own = _scored(is_wrong, rows["doubt"].to_numpy())
        classes = sorted(posterior.columns)
        code_of = {label: code for code, label in enumerate(classes)}
        codes = pd.DataFrame({slot: table[slot].map(code_of) for slot in slots})
        p = probs[name].loc[table["item_id"], classes].to_numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crowd = get_label_quality_multiannotator(codes, p, verbose=False)
        consensus = np.asarray(classes)[crowd["label_quality"]["consensus_label"].to_numpy()]
        quality = crowd["detailed_label_quality"]["quality_annotator_label_1"].to_numpy()
        # CROWDLAB scores labels that somebody gave, and its own consensus; no other
        theirs = _scored(is_wrong, -quality) if name == "label_1" else None
        for who, accuracy, values in (
            ("CROWDLAB", (consensus == truth).mean(), theirs),
            ("**labelqa**", (best == truth).mean(), own),
        ):
            score = "not offered" if values is None else f"{values[0]:.3f} / {values[1]:.3f}"
            lines.append(f"| {name} | {who} | {accuracy:.4f} | {score} |")
    return "\n".join([*lines, ""])


def _calibration(table: pd.DataFrame, probs: dict[str, pd.DataFrame], graph: Neighbours) -> str:
    from labelqa.noise import audit_sample, label_issues, remaining_errors, review_queue

    lines = [
        "### Probabilities and what remains",
        "",
        f"{N_REVIEWS} simulated reviews: the first {HEAD} of the queue and an audit of {AUDIT}; the wrong labels left "
        "are estimated from both, with a 95 % interval. "
        "Calibration: 15 groups of equal width over all 20,000 labels, 40 audits each.",
        "",
        "| labels | calibration error before | after 100 audits | after 300 | bias | relative RMSE | coverage |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in ("label_1", "aggregate_label"):
        queue = review_queue(label_issues(_labels(table, name), pred_probs=probs[name], neighbours=graph))
        is_wrong = pd.Series((table[name] != table["clean_label"]).to_numpy(), index=table["item_id"])
        head = _said(queue.table["item_id"].head(HEAD), is_wrong)
        errors, hits = [], []
        for seed in range(N_REVIEWS):
            drawn = audit_sample(queue, AUDIT, decisions=head, seed=seed)
            left = remaining_errors(queue, head + _said(drawn["item_id"], is_wrong))
            truth = int(is_wrong.sum()) - left.n_found
            errors.append(left.value / truth - 1)
            hits.append(left.low <= truth <= left.high)
        after = [np.mean([_audited_ece(queue, is_wrong, n, seed) for seed in range(40)]) for n in (100, 300)]
        rmse = np.sqrt(np.mean(np.square(errors)))
        lines.append(
            f"| {name} | {_ece(queue.table, is_wrong):.3f} | {after[0]:.3f} | {after[1]:.3f} "
            f"| {np.mean(errors):+.3f} | {rmse:.3f} | {np.mean(hits):.3f} |"
        )
    return "\n".join([*lines, ""])


def _said(ids: pd.Series, is_wrong: pd.Series) -> list[dict[str, str]]:
    return [{"item_id": item, "action": "drop" if is_wrong[item] else "keep"} for item in ids]


def _audited_ece(queue: ReviewQueue, is_wrong: pd.Series, n: int, seed: int) -> float:
    from labelqa.noise import audit_sample, calibrate

    drawn = audit_sample(queue, n, seed=seed)["item_id"]
    return _ece(calibrate(queue, _said(drawn, is_wrong)).table, is_wrong)


def _ece(table: pd.DataFrame, is_wrong: pd.Series, n_groups: int = 15) -> float:
    p, wrong = table["p_wrong"].to_numpy(), is_wrong.loc[table["item_id"]].to_numpy()
    group = np.minimum((p * n_groups).astype(int), n_groups - 1)
    return float(
        sum(abs(p[group == g].mean() - wrong[group == g].mean()) * np.mean(group == g) for g in np.unique(group))
    )


def _duplicates(table: pd.DataFrame) -> str:
    from labelqa.noise import duplicates, image_issues

    measured = image_issues(table[["item_id", "image"]])
    lines = [
        "### Near-duplicates whose labels conflict",
        "",
        "| labels | groups | conflicting | of these with a wrong label |",
        "|---|---|---|---|",
    ]
    for name in ("clean_label", *LABELS):
        found = duplicates(table[["item_id", "image"]], labels=_labels(table, name), measured=measured)
        wrong = set(table.loc[table[name] != table["clean_label"], "item_id"])
        rows = found.table.loc[found.table["is_conflict"]]
        n_right = sum(any(item in wrong for item in part["item_id"]) for _, part in rows.groupby("group"))
        lines.append(f"| {name} | {found.n_groups} | {found.n_conflicts} | {n_right} |")
    return "\n".join([*lines, ""])


def _label_errors() -> str:
    from labelqa.noise import confident_learning
    from labelqa.noise.labels._confident_learning import FILTERS

    lines = [
        "### Published cross-validated probabilities (label_errors): flags by filter",
        "",
        "labelqa's kernel and cleanlab through the adapter give the same masks; in brackets, how many rows differ.",
        "",
        "| set | " + " | ".join(FILTERS) + " | reviewed flags: errors (fewer than 3 of 5 confirmed) |",
        "|" + "---|" * (len(FILTERS) + 2),
    ]
    for name in ("mnist", "cifar10"):
        labels = np.load(DATA / "label_errors" / f"{name}_labels.npy")
        probs = np.load(DATA / "label_errors" / f"{name}_pred_probs.npy")
        cells = []
        for filter_by in FILTERS:
            ours, theirs = (
                confident_learning(labels, pred_probs=probs, filter_by=filter_by, engine=engine)
                for engine in ("labelqa", "cleanlab")
            )
            n_different = int((ours.table["is_flagged"] != theirs.table["is_flagged"]).sum())
            cells.append(f"{ours.n_flagged} [{n_different}]")
        said = json.loads((DATA / "label_errors" / f"{name}_reviewed.json").read_text())
        n_errors = sum(one["mturk"]["given"] < 3 for one in said)
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {n_errors} of {len(said)} |")
    return "\n".join([*lines, ""])
