"""Consensus on labels against crowd-kit and cleanlab: five labels per item, ten classes, a pool of 100 annotators."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Case

HERE = "benchmarks.speed_consensus"
N_CLASSES, N_ANNOTATORS, N_EACH = 10, 100, 5


def cases() -> tuple[str, list[Case]]:
    once = {"repeats": 1}
    return (
        "Consensus on labels",
        [
            Case(
                "Dawid-Skene, 20 iterations, from a table of strings",
                f"{HERE}:dawid_skene",
                {"crowd-kit": f"{HERE}:crowdkit_dawid_skene"},
                100_000,
                **once,
            ),
            Case("the same", f"{HERE}:dawid_skene", {}, 1_000_000, **once),
            Case(
                "Dawid-Skene, 20 iterations, labels encoded before (crowd-kit: its table)",
                f"{HERE}:dawid_skene_codes",
                {"crowd-kit": f"{HERE}:crowdkit_dawid_skene"},
                100_000,
                **once,
            ),
            Case("the same", f"{HERE}:dawid_skene_codes", {}, 1_000_000),
            Case(
                "MACE, 50 iterations, one start",
                f"{HERE}:mace",
                {"crowd-kit": f"{HERE}:crowdkit_mace"},
                10_000,
                **once,
            ),
            Case("GLAD, 10 iterations", f"{HERE}:glad", {"crowd-kit": f"{HERE}:crowdkit_glad"}, 2_000, **once),
            Case(
                "with a classifier (the default; CROWDLAB)",
                f"{HERE}:with_classifier",
                {"cleanlab": f"{HERE}:cleanlab_crowdlab"},
                100_000,
                **once,
            ),
            Case("the default, choice of model included", f"{HERE}:default", {}, 100_000, **once),
            Case("majority vote", f"{HERE}:majority", {"crowd-kit": f"{HERE}:crowdkit_majority"}, 100_000, **once),
            Case("Dawid-Skene after 1 % new labels (update)", f"{HERE}:updated", {}, 100_000, **once),
        ],
    )


def arrays(n: int) -> tuple[Any, Any, Any, Any]:
    """Items, annotators, labels and truth; people are right in 50 to 90 of 100 cases."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, N_CLASSES, n)
    item = np.repeat(np.arange(n), N_EACH)
    first = rng.integers(0, N_ANNOTATORS, (n, 1))
    annotator = ((first + np.arange(N_EACH) * 17) % N_ANNOTATORS).ravel()
    right = rng.random(len(item)) < 0.5 + 0.4 * annotator / N_ANNOTATORS
    label = np.where(right, truth[item], rng.integers(0, N_CLASSES, len(item)))
    return item, annotator, label, truth


def strings(n: int) -> pd.DataFrame:
    item, annotator, label, _ = arrays(n)
    names = np.char.add("image_", np.arange(n).astype(str))
    return pd.DataFrame(
        {
            "item_id": names[item],
            "annotator_id": np.char.add("w", np.arange(N_ANNOTATORS).astype(str))[annotator],
            "label": np.char.add("class_", np.arange(N_CLASSES).astype(str))[label],
        }
    )


def crowdkit_table(n: int) -> pd.DataFrame:
    return strings(n).rename(columns={"item_id": "task", "annotator_id": "worker"})


def classifier(n: int) -> Any:
    truth = arrays(n)[3]
    return 0.6 * np.eye(N_CLASSES)[truth] + 0.4 * np.random.default_rng(1).dirichlet(np.ones(N_CLASSES), n)


def dawid_skene(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    return lambda: consensus.dawid_skene(table, shrinkage=0, n_iterations=20, tolerance=0)


def dawid_skene_codes(n: int) -> Callable[[], Any]:
    from labelqa._codes import LabelCodes
    from labelqa.consensus.labels._crowd import Crowd, StoppingRule
    from labelqa.consensus.labels._error_models import FullMatrix
    from labelqa.consensus.labels._expectation_maximisation import iterate

    item, annotator, label, _ = arrays(n)
    codes = LabelCodes(
        items=np.arange(n).astype(object),
        annotators=np.arange(N_ANNOTATORS).astype(object),
        classes=np.arange(N_CLASSES).astype(object),
        item=item.astype(np.int32),
        annotator=annotator.astype(np.int32),
        label=label.astype(np.int32),
        row=np.arange(len(item)),
    )
    crowd = Crowd(codes=codes, gold=np.full(n, -1, np.int32), prior=np.empty((0, N_CLASSES)))
    model, until = FullMatrix(shrinkage=0, smoothing=0), StoppingRule(n_iterations=20, tolerance=0)
    return lambda: iterate(crowd, None, model=model, until=until)


def crowdkit_dawid_skene(n: int) -> Callable[[], Any]:
    from crowdkit.aggregation import DawidSkene

    table = crowdkit_table(n)
    warnings.simplefilter("ignore")
    return lambda: DawidSkene(n_iter=20, tol=-np.inf).fit(table)


def mace(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    return lambda: consensus.mace(table, n_iterations=50, tolerance=0)


def crowdkit_mace(n: int) -> Callable[[], Any]:
    from crowdkit.aggregation import MACE

    table = crowdkit_table(n)
    warnings.simplefilter("ignore")
    return lambda: MACE(n_restarts=1, n_iter=50).fit(table)


def glad(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    return lambda: consensus.glad(table, n_iterations=10, tolerance=0)


def crowdkit_glad(n: int) -> Callable[[], Any]:
    from crowdkit.aggregation import GLAD

    table = crowdkit_table(n)
    warnings.simplefilter("ignore")
    return lambda: GLAD(n_iter=10, tol=-np.inf).fit(table)


def majority(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    return lambda: consensus.majority_vote(table)


def crowdkit_majority(n: int) -> Callable[[], Any]:
    from crowdkit.aggregation import MajorityVote

    table = crowdkit_table(n)
    warnings.simplefilter("ignore")
    return lambda: MajorityVote().fit_predict_proba(table)


def default(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    return lambda: consensus.consensus_labels(table)


def with_classifier(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n)
    ids = pd.Index(table["item_id"].drop_duplicates(), name="item_id")
    classes = [f"class_{k}" for k in range(N_CLASSES)]
    prior = pd.DataFrame(classifier(n), index=ids, columns=classes)
    return lambda: consensus.consensus_labels(table, pred_probs=prior)


def cleanlab_crowdlab(n: int) -> Callable[[], Any]:
    from cleanlab.multiannotator import get_label_quality_multiannotator

    item, annotator, label, _ = arrays(n)
    wide = np.full((n, N_ANNOTATORS), np.nan)
    wide[item, annotator] = label
    prior = classifier(n)
    warnings.simplefilter("ignore")
    return lambda: get_label_quality_multiannotator(wide, prior, verbose=False)


def updated(n: int) -> Callable[[], Any]:
    from labelqa import consensus

    table = strings(n).sample(frac=1, random_state=0)
    cut = int(0.99 * len(table))
    before = consensus.dawid_skene(table[:cut], shrinkage=0, n_iterations=20, tolerance=0)
    return lambda: consensus.update(before, table[cut:])
