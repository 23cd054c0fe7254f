"""What every further review buys, and how many new labels the fixes are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.intervals import percentiles_among
from labelqa._kernels.paired import resampled_means
from labelqa._labels import find_rows
from labelqa.compare._difference import Criteria, difference
from labelqa.compare._refit import ArmOutcome, Refits, mean_outcome

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
DATA_SHARES = (0.25, 0.5, 1.0)
CURVE_COLUMNS = ["order", "n_reviews", "n_fixes", "difference", "low", "high"]
DATA_COLUMNS = ["arm", "n_train", "accuracy"]


def review_curve(refits: Refits, reviewed: Sequence[str], criteria: Criteria, n_draws: int) -> pd.DataFrame:
    """Give the gain after the first reviews, in the order in which they were made and in random order.

    The random order is one of the same reviewed items, so both curves end in the same point; reviewing items drawn from
    all the data would find fewer faults and rise more slowly still.
    """
    experiment = refits.experiment
    seen = find_rows(experiment.ids, dict.fromkeys(reviewed))
    seen = seen[seen >= 0]
    if not len(seen) or not (experiment.kind[seen] >= 0).any():
        return pd.DataFrame(columns=CURVE_COLUMNS)
    before = refits.of_labels(experiment.before)
    rng = criteria.generator()
    shuffled = [rng.permutation(seen) for _ in range(max(n_draws, 1))]
    out = []
    for order, lists in (("ranked", [seen]), ("random", shuffled)):
        for n_reviews in np.unique([0, *(int(np.ceil(share * len(seen))) for share in SHARES)]):
            outcome, n_fixes = _after_reviews(refits, [rows[:n_reviews] for rows in lists])
            found = difference(outcome, before, criteria)
            out.append((order, int(n_reviews), n_fixes, found.difference, found.low, found.high))
    return pd.DataFrame(out, columns=CURVE_COLUMNS)


def _after_reviews(refits: Refits, lists: list[Longs]) -> tuple[ArmOutcome, float]:
    experiment, outcomes, n_fixes = refits.experiment, [], []
    for reviewed in lists:
        label = experiment.before.copy()
        label[reviewed] = experiment.after[reviewed]
        outcomes.append(refits.of_labels(label))
        n_fixes.append(int((experiment.kind[reviewed] >= 0).sum()))
    return mean_outcome(outcomes), float(np.mean(n_fixes))


@dataclass(frozen=True, eq=False)
class DataSize:
    """Accuracy by training size, and how many new labels are worth as much as the fixes, with interval."""

    table: pd.DataFrame
    worth: float = np.nan
    low: float = np.nan
    high: float = np.nan


def data_size(refits: Refits, criteria: Criteria) -> DataSize:
    """Give accuracy by training size, and how many new labels (unfixed ones) would gain as much as the fixes.

    Over the sizes tried, accuracy is taken as linear in the logarithm of the size. The number has an interval from
    the bootstrap over test items; it is infinite where more data do not help.
    """
    experiment = refits.experiment
    rows = np.flatnonzero(experiment.before >= 0)
    shuffled = criteria.generator().permutation(rows)
    sizes = np.unique([max(1, round(share * len(rows))) for share in DATA_SHARES])
    outcomes = [refits.of_rows(kept := np.sort(shuffled[:size]), experiment.before[kept]) for size in sizes]
    after = refits.of_labels(experiment.after)
    table = pd.DataFrame(
        [("before", each.n_train, float(each.correct.mean())) for each in outcomes]
        + [("after", after.n_train, float(after.correct.mean()))],
        columns=DATA_COLUMNS,
    )
    if len(sizes) < 2:
        return DataSize(table)
    centred = np.log(sizes) - np.log(sizes).mean()
    slope = np.column_stack([each.correct for each in outcomes]) @ (centred / (centred**2).sum())
    columns = np.column_stack([after.correct - outcomes[-1].correct, slope])
    drawn = resampled_means(columns, criteria.resampling.n_resamples, criteria.generator())
    low, high = percentiles_among(_worth(drawn, len(rows)), criteria.resampling.confidence)
    return DataSize(table, float(_worth(columns.mean(axis=0)[None], len(rows))[0]), low, high)


def _worth(gain_and_slope: Floats, n: int) -> Floats:
    gain, slope = gain_and_slope.T
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        needed = n * np.expm1(np.where(slope > 0, gain / slope, np.inf))
    return np.where((slope <= 0) & (gain <= 0), 0.0, needed)
