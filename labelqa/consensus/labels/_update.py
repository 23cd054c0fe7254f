"""New labels into an existing consensus, without starting again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, id_text, label_codes
from labelqa._labels import find_rows, trusted_codes
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_label_codes
from labelqa.consensus.labels._crowd import (
    Crowd,
    Statistics,
    WarmStart,
    encode_prior,
    further_classes,
    in_natural_order,
)
from labelqa.consensus.labels._result import LabelConsensus, make_result
from labelqa.errors import TableError

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


@takes_tables()
@renamed(labels="annotations")
def update(
    result: LabelConsensus,
    annotations: Annotations | pd.DataFrame,
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
    annotations
        The new labels only, as for the method; a label that is already in `result` would count twice.
    gold, pred_probs
        For new items or new knowledge of known ones, as in `dawid_skene`; what `result` was given stays in force.
    warm
        Go on from the rates of `result`: fewer steps, possibly another answer than a fit to all labels. Methods of
        one model only: `consensus_labels` always begins with the votes.

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
    crowd = _merge(result.crowd, annotations, gold, pred_probs)
    return make_result(result.method, crowd, result.refit, _start(result, crowd) if warm else None)


def _merge(
    before: Crowd, annotations: Annotations | pd.DataFrame, gold: pd.DataFrame | None, pred_probs: pd.DataFrame | None
) -> Crowd:
    new = as_label_codes(annotations, list(before.codes.classes) if before.is_closed else None)
    classes = before.codes.classes
    if not before.is_closed:
        classes = _union(classes, [*new.classes, *further_classes(before.codes, gold, pred_probs)])
    codes = _join(before.codes, new, classes)
    item, of_class = _places(codes.items, before.codes.items), _places(codes.classes, before.codes.classes)
    return Crowd(
        codes=codes,
        gold=_merged_gold(before, codes, gold, item, of_class),
        prior=_merged_prior(before, codes, pred_probs, item, of_class),
        is_closed=before.is_closed,
    )


def _merged_gold(before: Crowd, codes: LabelCodes, gold: pd.DataFrame | None, item: Longs, of_class: Longs) -> Ints:
    """Join old and new gold on the new codes; `item` and `of_class` are the places of the old ones."""
    known = np.full(codes.n_items, -1, np.int32)
    known[item] = np.append(of_class, -1)[before.gold]
    new = trusted_codes(gold, codes)
    changed = (known >= 0) & (new >= 0) & (known != new)
    if changed.any():
        raise TableError(
            f"The new gold table contradicts the gold labels of {int(changed.sum())} items (first: "
            f"{codes.items[changed][0]!r}); fit anew with the right one."
        )
    return np.where(new >= 0, new, known)


def _merged_prior(
    before: Crowd, codes: LabelCodes, pred_probs: pd.DataFrame | None, item: Longs, of_class: Longs
) -> Floats:
    """Join the old prior and the new one, which counts where both name an item, on the new codes."""
    prior = encode_prior(codes, pred_probs)
    if not before.has_prior:
        return prior
    known = np.full((codes.n_items, codes.n_classes), -1.0)
    rows = np.where(before.prior[:, :1] >= 0, 0.0, -1.0) + np.zeros((1, codes.n_classes))
    rows[:, of_class] = before.prior
    known[item] = rows
    return known if len(prior) == 0 else np.where(prior[:, :1] >= 0, prior, known)


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
    return np.arange(len(values)) if values is wanted else find_rows(values, wanted)


def _start(result: LabelConsensus, crowd: Crowd) -> WarmStart | None:
    """Put the statistics of the earlier fit on the new codes; what is new begins with none."""
    fit, old, new = result.fit, result.crowd.codes, crowd.codes
    if fit.found is None:
        return None
    annotator, of_class = _places(new.annotators, old.annotators), _places(new.classes, old.classes)
    counts = np.zeros((new.n_annotators, new.n_classes, new.n_classes))
    counts[np.ix_(annotator, of_class, of_class)] = fit.found.counts
    sums = np.zeros(new.n_classes)
    sums[of_class] = fit.found.sums
    return WarmStart(model=fit.model, found=Statistics(counts=counts, sums=sums))
