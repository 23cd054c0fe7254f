"""Two annotators: which two, and the labels on the items both labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, id_text
from labelqa.agreement.labels._counted import CountedLabels
from labelqa.errors import TableError, shown


class TwoAnnotators(NamedTuple):
    """The labels of two annotators on the items both labelled, and why nothing can be said of them, or None."""

    counted: CountedLabels
    reason: str | None


def of_two(counted: CountedLabels, codes: LabelCodes, wanted: Sequence[Any] | None, name: str) -> TwoAnnotators:
    """Keep the labels of the two annotators to compare.

    Raises
    ------
    TableError
        For more than two annotators without a choice, and for unknown ones.
    """
    pair = _pair(codes, wanted, name)
    chosen = np.isin(codes.annotator, pair)
    by = [np.bincount(codes.item[codes.annotator == one], minlength=codes.n_items) > 0 for one in pair]
    both = by[0] & by[1] if len(by) == 2 else np.zeros(codes.n_items, bool)
    kept = counted.select(chosen & both[codes.item])
    reason = None
    if len(pair) == 1:
        reason = "There is only one annotator; agreement needs two."
    elif len(pair) == 2 and kept.statistics.n_labels == 0:
        reason = "The two annotators labelled no item in common; have some items labelled by both."
    return TwoAnnotators(kept, reason)


def _pair(codes: LabelCodes, wanted: Sequence[Any] | None, name: str) -> NDArray[np.int64]:
    """Give the codes of the two annotators; one or none where there are not more."""
    if wanted is None:
        found = np.unique(codes.annotator).astype(np.int64)
        if len(found) > 2:
            raise TableError(
                f"{name} compares two annotators; found {len(found)} ({shown(codes.annotators[found])}). Choose two "
                "with annotators=(a, b), or use conger_kappa or fleiss_kappa for all of them."
            )
        return found
    known = {text: code for code, text in enumerate(codes.annotators)}
    ids = [id_text(value) for value in wanted] if isinstance(wanted, Iterable) else []
    unknown = [text for text in ids if text not in known]
    if unknown or len(set(ids)) != 2:
        raise TableError(
            f"annotators={wanted!r} must name two different annotators of the table; "
            f"unknown: {shown(unknown) or 'none'}; there are {shown(codes.annotators)}."
        )
    return np.asarray([known[text] for text in ids], np.int64)
