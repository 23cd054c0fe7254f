"""How often a consensus is right, where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa import _checks
from labelqa._codes import encode_ids, encode_labels, id_text
from labelqa.consensus.labels._result import TIE, LabelConsensus


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
    codes = result._problem.codes
    ids = encode_ids(gold["item_id"], "item_id")
    position = pd.Index(codes.items).get_indexer(pd.Index(ids[1]))[ids[0]]
    known = {id_text(value): place for place, value in enumerate(codes.classes)}
    label, values = encode_labels(gold["label"])
    truth = np.asarray([known.get(id_text(value), -1) for value in values] + [-1], dtype=np.int64)[label]
    use = (position >= 0) & (label >= 0)
    if not use.any():
        return float("nan")
    if codes.n_classes == 0:
        return 0.0
    fit = result._fit
    if fit.label is not None:
        return float(np.mean((fit.label[position[use]] == truth[use]) & (truth[use] >= 0)))
    posteriors = fit.posteriors[position[use]]
    with np.errstate(invalid="ignore"):
        best = posteriors >= posteriors.max(axis=1, keepdims=True) - TIE
    hit = best[np.arange(len(best)), truth[use]] & (truth[use] >= 0)
    return float(np.mean(hit / np.maximum(best.sum(axis=1), 1)))
