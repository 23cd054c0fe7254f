"""Two annotators: which two, and the labels on the items both labelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes, id_text
from labelqa.agreement.labels._coefficient import Coefficient, estimates, wrap
from labelqa.agreement.labels._conger import NOBODY, conger
from labelqa.agreement.labels._source import Labels, Options, Source, as_source, select, source_of_codes
from labelqa.errors import TableError, shown


def two_annotators(codes: LabelCodes, wanted: Sequence[Any] | None, name: str) -> NDArray[np.int64]:
    """Give the codes of the two annotators to compare; one or none where there are not more.

    Raises
    ------
    TableError
        For more than two annotators without a choice, and for unknown ones.
    """
    if wanted is None:
        found = np.unique(codes.annotator).astype(np.int64)
        if len(found) > 2:
            raise TableError(
                f"{name} compares two annotators; found {len(found)} ({shown(codes.annotators[found])}). Choose two "
                "with annotators=(a, b), or use conger_kappa or fleiss_kappa for all of them."
            )
        return found
    known = {text: code for code, text in enumerate(codes.annotators)}
    ids = [id_text(value) for value in wanted]
    unknown = [text for text in ids if text not in known]
    if unknown or len(set(ids)) != 2:
        raise TableError(
            f"annotators={wanted!r} must name two different annotators of the table; "
            f"unknown: {shown(unknown) or 'none'}; there are {shown(codes.annotators)}."
        )
    return np.asarray([known[text] for text in ids], np.int64)


def labelled_by_both(codes: LabelCodes, pair: NDArray[np.int64]) -> LabelCodes:
    """Keep the labels by these two annotators on the items both labelled."""
    chosen = np.isin(codes.annotator, pair)
    by = [np.bincount(codes.item[codes.annotator == one], minlength=codes.n_items) > 0 for one in pair]
    both = by[0] & by[1] if len(by) == 2 else np.zeros(codes.n_items, bool)
    return select(codes, chosen & both[codes.item])


def of_two(name: str, data: Labels, wanted: Sequence[Any] | None, options: Options) -> Coefficient:
    """Compute Cohen's kappa or Scott's pi."""
    return two_of(name, as_source(data, options), wanted, options)


def two_of(name: str, everything: Source, wanted: Sequence[Any] | None, options: Options) -> Coefficient:
    """Compute a coefficient of two annotators as the case of two of a general one, on the items both labelled."""
    if everything.codes is None:
        return wrap(name, everything, options, None, NOBODY)
    pair = two_annotators(everything.codes, wanted, name)
    source = source_of_codes(labelled_by_both(everything.codes, pair), everything)
    reason = None
    if len(pair) == 1:
        reason = "There is only one annotator; agreement needs two."
    elif len(pair) == 2 and source.statistics.n_labels == 0:
        reason = "The two annotators labelled no item in common; have some items labelled by both."
    if name == "cohen_kappa":
        return conger(name, source, options, reason)
    found = None
    if reason is None and source.statistics.n_paired:
        found = estimates(["fleiss_kappa"], source, options)["fleiss_kappa"]
    return wrap(name, source, options, found, reason)
