"""Drawing the rows whose review tells how many errors are left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from labelqa._options import check_seed, check_whole
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.noise.queue._queue import ReviewQueue
from labelqa.noise.queue._strata import N_STRATA, strata
from labelqa.noise.queue._verdicts import verdicts_of


@renamed(n="n_rows")
@takes_tables(lists_kept=("decisions",))
def audit_sample(queue: ReviewQueue, n_rows: int, *, decisions: Any = (), seed: int = 0) -> pd.DataFrame:
    """Draw rows to review so that `remaining_errors` and `calibrate` are honest.

    The top of a queue is where errors are found, but says nothing of the rest. What was not yet reviewed is cut into
    strata by doubt, and each gets an equal part of the sample.

    Parameters
    ----------
    queue
        The result of `review_queue`.
    n_rows
        Rows to draw; fewer where not as many are left.
    decisions
        What was reviewed already, see `read_decisions`.
    seed
        Same queue, decisions and seed, same sample.

    Returns
    -------
    DataFrame
        Rows of the queue in random order (so that a reviewer does not learn to expect errors), with `stratum` and
        `n_stratum` (rows not yet reviewed there).

    Raises
    ------
    OptionError
        For a number of rows below 0, and a seed that is no whole number from 0 on.
    TableError
        For decisions that cannot be understood.

    References
    ----------
    W. G. Cochran (1977). Sampling techniques, 3rd edition, chapter 5: stratified random sampling. Wiley.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import audit_sample, label_issues, review_queue
    >>> p = np.linspace(0.05, 0.95, 40)
    >>> queue = review_queue(label_issues([0] * 40, pred_probs=np.column_stack([p, 1 - p])))
    >>> len(audit_sample(queue, 16))
    16
    """
    n_rows = check_whole("n_rows", n_rows, 0)
    known = verdicts_of(queue, decisions)
    table = queue.table
    stratum = np.full(len(table), -1, np.int64)
    stratum[known.n_head :] = strata(table["doubt"].to_numpy(np.float64)[known.n_head :])
    rng = np.random.default_rng(check_seed(seed))
    free = [rng.permutation(np.flatnonzero((stratum == s) & (known.verdict < 0))) for s in range(N_STRATA)]
    chosen = [rows[:k] for rows, k in zip(free, _equal_parts([len(rows) for rows in free], n_rows), strict=True)]
    rows = rng.permutation(np.concatenate(chosen).astype(np.int64))
    sizes = np.bincount(stratum[stratum >= 0], minlength=N_STRATA)
    return table.iloc[rows].assign(stratum=stratum[rows] + 1, n_stratum=sizes[stratum[rows]]).reset_index(drop=True)


def _equal_parts(sizes: list[int], n: int) -> list[int]:
    """Share n out equally; what small strata cannot give, the others do."""
    parts = [0] * len(sizes)
    left = min(n, sum(sizes))
    while left:
        open_ones = [s for s in range(len(sizes)) if parts[s] < sizes[s]]
        for s in open_ones[: left if left < len(open_ones) else None]:
            take = min(max(left // len(open_ones), 1), sizes[s] - parts[s])
            parts[s] += take
        left = min(n, sum(sizes)) - sum(parts)
    return parts
