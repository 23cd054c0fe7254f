"""How often a consensus is right, where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa import _checks
from labelqa._codes import encode_ids, encode_labels
from labelqa._labels import find_rows
from labelqa._tables import takes_tables
from labelqa.consensus.labels._result import TIE, LabelConsensus


@takes_tables()
def expected_accuracy(result: LabelConsensus, gold: pd.DataFrame) -> float:
    """Share of right consensus labels if every tie were settled by a fair draw.

    A tie between two labels of which one is right counts a half: the number does not depend on the tie rule, and two
    methods can be compared without luck. Items without a consensus count as wrong; gold items that `result` does not
    know are left out. Where a method settles ties itself (`crowdlab`), its labels count.

    Parameters
    ----------
    result
        From any function of this room.
    gold
        A table with `item_id`, `label`.

    Returns
    -------
    float
        Between 0 and 1; nan where `gold` and `result` have no item in common.

    Raises
    ------
    TableError
        Where `gold` lacks a column or an item id.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import expected_accuracy, majority_vote
    >>> said = pd.DataFrame(
    ...     [(1, "ann", "ok"), (1, "bob", "ok"), (2, "ann", "dent"), (2, "bob", "ok")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> expected_accuracy(majority_vote(said), pd.DataFrame({"item_id": [1, 2], "label": ["ok", "dent"]}))
    0.75
    """
    _checks.need_columns(gold, "gold", ("item_id", "label"))
    codes, fit = result.crowd.codes, result.fit
    of_item, ids = encode_ids(gold["item_id"], "item_id")
    rows = find_rows(codes.items, ids)[of_item]
    label, values = encode_labels(gold["label"])
    truth = np.append(find_rows(codes.classes, values), -1)[label]
    use = (rows >= 0) & (label >= 0)
    if not use.any():
        return float("nan")
    if codes.n_classes == 0:
        return 0.0
    rows, truth = rows[use], truth[use]
    if fit.label is not None:
        return float(np.mean((fit.label[rows] == truth) & (truth >= 0)))
    posteriors = fit.posteriors[rows]
    with np.errstate(invalid="ignore"):
        best = posteriors >= posteriors.max(axis=1, keepdims=True) - TIE
    hit = best[np.arange(len(best)), truth] & (truth >= 0)
    return float(np.mean(hit / np.maximum(best.sum(axis=1), 1)))
