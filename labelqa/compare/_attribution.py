"""Which kind of fix the gain comes from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.paired import bootstrap_means
from labelqa.compare._paired import Settings
from labelqa.compare._problem import Problem
from labelqa.compare._refit import Refits

Floats = NDArray[np.float64]

#: 2^5 = 32 fits; more kinds than this get add-one and leave-one-out only.
MAX_KINDS = 5
COLUMNS = [
    "kind", "n_fixes", "shapley", "shapley_low", "shapley_high", "add_one", "add_one_low", "add_one_high",
    "leave_one_out", "leave_one_out_low", "leave_one_out_high",
]  # fmt: skip


def attribute(problem: Problem, refits: Refits, settings: Settings) -> pd.DataFrame:
    """Share the gain between the kinds of fix, in points.

    `shapley` is the exact Shapley value: the mean gain of adding the kind over all orders in which the kinds could be
    made; the values add up to the whole gain. `add_one` is the kind alone, `leave_one_out` what is lost without it. All
    are linear in the correctness of each test item, so one bootstrap over items gives all intervals.
    """
    n_kinds = len(problem.kinds)
    if not n_kinds:
        return pd.DataFrame(columns=COLUMNS)

    def correct(kinds: frozenset[int]) -> Floats:
        return refits.of_labels(problem.labels_with(set(kinds))).correct

    everything = frozenset(range(n_kinds))
    nothing: frozenset[int] = frozenset()
    parts = []
    for kind in range(n_kinds):
        alone = correct(frozenset({kind})) - correct(nothing)
        without = correct(everything) - correct(everything - {kind})
        parts += [_shapley(kind, n_kinds, correct) if n_kinds <= MAX_KINDS else np.full_like(alone, np.nan)]
        parts += [alone, without]
    columns = np.column_stack(parts)
    usable = ~np.isnan(columns).any(axis=0)
    ends = np.full((2, columns.shape[1]), np.nan)
    rng = np.random.default_rng(settings.seed)
    ends[:, usable] = bootstrap_means(columns[:, usable], settings.n_resamples, settings.confidence, rng)
    numbers = 100 * np.vstack([columns.mean(axis=0), ends]).T.reshape(n_kinds, 9)
    table = pd.DataFrame(numbers, columns=COLUMNS[2:])
    table.insert(0, "kind", problem.kinds)
    table.insert(1, "n_fixes", np.bincount(problem.kind[problem.kind >= 0], minlength=n_kinds))
    return table


def _shapley(kind: int, n_kinds: int, correct: Callable[[frozenset[int]], Floats]) -> Floats:
    others = [other for other in range(n_kinds) if other != kind]
    total: Floats | float = 0.0
    for size in range(n_kinds):
        weight = factorial(size) * factorial(n_kinds - size - 1) / factorial(n_kinds)
        for chosen in combinations(others, size):
            base = frozenset(chosen)
            total = total + weight * (correct(base | {kind}) - correct(base))
    return np.asarray(total)
