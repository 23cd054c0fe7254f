"""New labels into an existing consensus, without starting again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, id_text, label_codes
from labelqa.annotations import Annotations, as_label_codes
from labelqa.consensus.labels._problem import (
    Problem,
    Start,
    Statistics,
    encode_gold,
    encode_prior,
    further_classes,
    in_natural_order,
)
from labelqa.consensus.labels._result import LabelConsensus, make_result
from labelqa.errors import TableError

Longs = NDArray[np.int64]


def update(
    result: LabelConsensus,
    labels: Annotations | pd.DataFrame,
    *,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    warm: bool = False,
) -> LabelConsensus:
    """The consensus after new labels came in: the same as that of all labels together.

    The new labels are merged into the codes and votes that `result` keeps; the old ones are not read or checked again.
    New items, annotators and (where `classes=` was not given) classes are welcome. The options are those of `result`.

    The iterations begin with the merged votes. Going on from where they ended before (``warm=True``) takes fewer steps,
    but the likelihood of such models has many maxima: with 5 % new labels the second fit ends in a lower one on about
    half of the public crowd sets, and the answer would depend on the order in which labels came.

    Parameters
    ----------
    result
        From any function of this room that gives a `LabelConsensus`.
    labels
        The new labels only; a label that is already in `result` would count twice.
    gold, pred_probs
        For new items or new knowledge of known ones, as in `dawid_skene`; what `result` was given stays in force.
    warm
        Go on from the rates of `result`: fewer steps, possibly another answer than a fit to all labels.

    Returns
    -------
    LabelConsensus
        See there.

    Raises
    ------
    TableError
        For missing columns, labels outside the `classes=` of `result`, and gold labels that contradict it.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import majority_vote, update
    >>> columns = ["item_id", "annotator_id", "label"]
    >>> monday = majority_vote(pd.DataFrame([(1, "ann", "ok"), (2, "ann", "dent")], columns=columns))
    >>> tuesday = update(monday, pd.DataFrame([(2, "bob", "ok"), (2, "eve", "ok"), (3, "eve", "ok")], columns=columns))
    >>> tuesday.table[["item_id", "label", "n_labels"]]
      item_id label  n_labels
    0       1    ok         1
    1       2    ok         3
    2       3    ok         1
    """
    before = result._problem
    problem = _merge(before, labels, gold, pred_probs)
    return make_result(result.method, problem, result._fitter, _start(result, problem) if warm else None)


def _merge(
    before: Problem, labels: Annotations | pd.DataFrame, gold: pd.DataFrame | None, pred_probs: pd.DataFrame | None
) -> Problem:
    new = as_label_codes(labels, list(before.codes.classes) if before.is_closed else None)
    classes = before.codes.classes
    if not before.is_closed:
        named = [*new.classes, *further_classes(before.codes, gold, pred_probs)]
        classes = _union(classes, named)
    codes = _join(before.codes, new, classes)
    item, of_class = _places(codes.items, before.codes.items), _places(codes.classes, before.codes.classes)
    known_gold = np.full(codes.n_items, -1, np.int32)
    known_gold[item] = np.append(of_class, -1)[before.gold]
    new_gold = encode_gold(codes, gold)
    changed = (known_gold >= 0) & (new_gold >= 0) & (known_gold != new_gold)
    if changed.any():
        raise TableError(
            f"The new gold table contradicts the gold labels of {int(changed.sum())} items (first: "
            f"{codes.items[changed][0]!r}); fit anew with the right one."
        )
    prior = encode_prior(codes, pred_probs)
    if before.has_prior:
        known = np.full((codes.n_items, codes.n_classes), -1.0)
        rows = np.where(before.prior[:, :1] >= 0, 0.0, -1.0) + np.zeros((1, codes.n_classes))
        rows[:, of_class] = before.prior
        known[item] = rows
        prior = known if len(prior) == 0 else np.where(prior[:, :1] >= 0, prior, known)
    merged = np.where(new_gold >= 0, new_gold, known_gold)
    return Problem(codes=codes, gold=merged, prior=prior, is_closed=before.is_closed)


def _join(old: LabelCodes, new: LabelCodes, classes: NDArray[np.object_]) -> LabelCodes:
    """Put the codes of both on common ids and sort them."""
    parts = []
    for values, column in (
        ((old.items, new.items, None), "item"),
        ((old.annotators, new.annotators, None), "annotator"),
        ((old.classes, new.classes, classes), "label"),
    ):
        of_old, of_new, wanted = values
        ids = _union(of_old, of_new) if wanted is None else wanted
        place = [_places(ids, known)[getattr(codes, column)] for codes, known in ((old, of_old), (new, of_new))]
        parts.append((np.concatenate(place).astype(np.int32), ids))
    return label_codes(*parts)


def _union(known: NDArray[np.object_], further: Any) -> NDArray[np.object_]:
    """Give all values in natural order; the same array where nothing is new."""
    seen = {id_text(value) for value in known}
    added = list({id_text(value): value for value in further if id_text(value) not in seen}.values())
    if not added:
        return known
    out = np.empty(len(known) + len(added), dtype=object)
    out[:] = in_natural_order([*known, *added])
    return out


def _places(values: NDArray[np.object_], wanted: NDArray[np.object_]) -> Longs:
    """Give the position in `values` of each wanted value; all are there."""
    if values is wanted:
        return np.arange(len(values))
    index = pd.Index([id_text(value) for value in values], dtype=object)
    return np.asarray(index.get_indexer(pd.Index([id_text(value) for value in wanted], dtype=object)), np.int64)


def _start(result: LabelConsensus, problem: Problem) -> Start | None:
    """Put the statistics of the earlier fit on the new codes; what is new begins with none."""
    fit, old, new = result._fit, result._problem.codes, problem.codes
    if fit.found is None:
        return None
    annotator, of_class = _places(new.annotators, old.annotators), _places(new.classes, old.classes)
    n_types = len(fit.found.sums) // max(old.n_classes, 1)
    component = (of_class[:, None] * n_types + np.arange(n_types)).ravel()
    counts = np.zeros((new.n_annotators, new.n_classes, new.n_classes * n_types))
    counts[np.ix_(annotator, of_class, component)] = fit.found.counts
    sums = np.zeros(new.n_classes * n_types)
    sums[component] = fit.found.sums
    return Start(model=fit.model, found=Statistics(counts=counts, sums=sums))
