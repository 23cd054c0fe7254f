"""The only module that imports cleanlab: every option by name, one process, arrays of codes in and out."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray


def find_issues(given: NDArray[np.int32], probs: NDArray[np.float64], filter_by: str) -> NDArray[np.bool_]:
    """Flag items with cleanlab: given (n,), probs (n, K) -> mask (n,)."""
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        # cleanlab warns of classes with a single item, which our own results explain
        warnings.filterwarnings("ignore", message="May not flag all label issues", category=UserWarning)
        mask = find_label_issues(
            labels=given.astype(np.int64),
            pred_probs=probs,
            return_indices_ranked_by=None,
            rank_by_kwargs={},
            filter_by=filter_by,
            frac_noise=1.0,
            num_to_remove_per_class=None,
            min_examples_per_class=1,
            confident_joint=None,
            n_jobs=1,
            verbose=False,
            multi_label=False,
        )
    return np.asarray(mask, dtype=bool)


def objectlab_scores(
    boxes: list[NDArray[np.float64]], labels: list[NDArray[np.int64]], predictions: list[list[NDArray[np.float64]]]
) -> dict[str, NDArray[np.float64]]:
    """Score sets of boxes against a detector with ObjectLab (Tkachenko et al., 2023), low is doubtful.

    Parameters
    ----------
    boxes, labels
        For each of n sets: float64 (b, 4) corners and int64 (b,) class codes.
    predictions
        For each set and class: float64 (p, 5) corners and score.

    Returns
    -------
    dict
        "objectlab", "overlooked", "badloc", "swap": float64 (n,); 1 where a set has nothing to judge.
    """
    from cleanlab.object_detection import rank

    given = [{"bboxes": corners, "labels": codes} for corners, codes in zip(boxes, labels, strict=True)]
    predicted = [_ragged(by_class) for by_class in predictions]
    out = {"objectlab": rank.get_label_quality_scores(given, predicted, verbose=False)}
    for name in ("overlooked", "badloc", "swap"):
        compute = getattr(rank, f"compute_{name}_box_scores")
        by_box = compute(labels=given, predictions=predicted)
        out[name] = np.asarray(rank.pool_box_scores_per_image(by_box))
    return {name: np.asarray(scores, np.float64) for name, scores in out.items()}


def _ragged(by_class: list[NDArray[np.float64]]) -> NDArray[np.object_]:
    out = np.empty(len(by_class), dtype=object)
    out[:] = by_class
    return out
