"""The only module that imports cleanlab: every option by name, one process, arrays of codes in and out.

Left out on purpose: `confidence_weighted_entropy` gives its worst scores to rows that are certain and right, and
`adjust_pred_probs` makes the ranking worse.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

RANKERS = ("self_confidence", "normalized_margin")


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


def quality_scores(given: NDArray[np.int32], probs: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    """Score items with cleanlab, low is doubtful: given (n,), probs (n, K) -> (n,)."""
    from cleanlab.rank import get_label_quality_scores

    scores = get_label_quality_scores(
        labels=given.astype(np.int64), pred_probs=probs, method=method, adjust_pred_probs=False
    )
    return np.asarray(scores, dtype=np.float64)
