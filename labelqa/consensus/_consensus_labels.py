"""The consensus to use when nothing else is known."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from labelqa.annotations import Annotations
from labelqa.consensus._dawid_skene import finish_full
from labelqa.consensus._expectation_maximisation import iterate
from labelqa.consensus._problem import check_number, make_problem
from labelqa.consensus._result import LabelConsensus, make_result


def consensus_labels(
    data: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    n_iterations: int = 1000,
    tolerance: float = 1e-9,
    seed: int = 0,
) -> LabelConsensus:
    """One label per item with its probability, by the method that needs no choice: start here.

    Parameters
    ----------
    data, classes, gold, pred_probs, n_iterations, tolerance
        See `dawid_skene`.
    seed
        Of everything random.

    Returns
    -------
    LabelConsensus
        See there.

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import consensus_labels
    >>> said = pd.DataFrame(
    ...     [(i, who, "dent" if i < 5 or who == "eve" else "ok") for i in range(10) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> consensus_labels(said).table["label"].tolist()
    ['dent', 'dent', 'dent', 'dent', 'dent', 'ok', 'ok', 'ok', 'ok', 'ok']
    """
    check_number("tolerance", tolerance, 0)
    check_number("seed", seed, 0, whole=True)
    check_number("n_iterations", n_iterations, 1, whole=True)
    problem = make_problem(data, classes=classes, gold=gold, prior=pred_probs)
    fit = iterate(problem, finish_full(5.0, 0.0), n_iterations=n_iterations, tolerance=tolerance)
    options = {"n_iterations": n_iterations, "tolerance": tolerance, "seed": seed}
    return make_result("consensus_labels", problem, fit, options)
