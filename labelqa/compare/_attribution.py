"""Which kind of fix the gain comes from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.paired import bootstrap_means
from labelqa.compare._difference import Criteria
from labelqa.compare._refit import Refits

Floats = NDArray[np.float64]

#: 2^5 = 32 fits; more kinds than this get add-one and leave-one-out only.
MAX_KINDS = 5
COLUMNS = [
    "kind", "n_fixes", "shapley", "shapley_low", "shapley_high", "add_one", "add_one_low", "add_one_high",
    "leave_one_out", "leave_one_out_low", "leave_one_out_high",
]  # fmt: skip


def attribute(refits: Refits, criteria: Criteria) -> pd.DataFrame:
    """Share the gain in accuracy between the kinds of fix.

    `shapley` is the exact Shapley value: the mean gain of adding the kind over all orders in which the kinds could be
    made; the values add up to the whole gain. `add_one` is the kind alone, `leave_one_out` what is lost without it. All
    are linear in the correctness of each test item, so one bootstrap over items gives all intervals.
    """
    experiment = refits.experiment
    n_kinds = len(experiment.kinds)
    if not n_kinds:
        return pd.DataFrame(columns=COLUMNS)

    def correct(kinds: frozenset[int]) -> Floats:
        return refits.of_labels(experiment.labels_with(set(kinds))).correct

    columns = np.column_stack([gain for kind in range(n_kinds) for gain in _gains(kind, n_kinds, correct)])
    usable = ~np.isnan(columns).any(axis=0)
    ends = np.full((2, columns.shape[1]), np.nan)
    how = criteria.resampling
    ends[:, usable] = bootstrap_means(columns[:, usable], how.n_resamples, how.confidence, how.generator())
    numbers = np.vstack([columns.mean(axis=0), ends]).T.reshape(n_kinds, 9)
    table = pd.DataFrame(numbers, columns=COLUMNS[2:])
    table.insert(0, "kind", experiment.kinds)
    table.insert(1, "n_fixes", np.bincount(experiment.kind[experiment.kind >= 0], minlength=n_kinds))
    return table


def _gains(kind: int, n_kinds: int, correct: Callable[[frozenset[int]], Floats]) -> list[Floats]:
    """Give what a kind of fix gains on every test item: its Shapley value, alone, and as the last one."""
    everything = frozenset(range(n_kinds))
    alone = correct(frozenset({kind})) - correct(frozenset())
    last = correct(everything) - correct(everything - {kind})
    return [_shapley(kind, n_kinds, correct) if n_kinds <= MAX_KINDS else np.full_like(alone, np.nan), alone, last]


def _shapley(kind: int, n_kinds: int, correct: Callable[[frozenset[int]], Floats]) -> Floats:
    others = [other for other in range(n_kinds) if other != kind]
    total: Floats | float = 0.0
    for size in range(n_kinds):
        weight = factorial(size) * factorial(n_kinds - size - 1) / factorial(n_kinds)
        for chosen in combinations(others, size):
            base = frozenset(chosen)
            total = total + weight * (correct(base | {kind}) - correct(base))
    return np.asarray(total)
