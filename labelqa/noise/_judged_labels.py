"""The label of each item that is judged, and the votes it came from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import LabelCodes
from labelqa._labels import Votes, count_votes, rows_of, votes_of
from labelqa.errors import TableError

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class JudgedLabels:
    """One label per item, and the votes it came from.

    Attributes
    ----------
    codes
        All labels; every item has at least one.
    given
        int32 (I,): the label that is judged.
    counts
        int64 (I, K): votes.
    is_tied
        bool (I,): whether the judged label shares its number of votes with another class.
    """

    codes: LabelCodes
    given: Ints
    counts: Longs
    is_tied: Bools

    @property
    def has_votes(self) -> bool:
        """Whether some item was labelled more than once."""
        return len(self.codes.label) > len(self.given)


def judged_labels(annotations: Any, *, classes: Sequence[Hashable] | None = None, given: Any = None) -> JudgedLabels:
    """Take labels in any form `labelqa._labels.votes_of` does; the most frequent is judged, or `given`.

    Of tied ones it is the more frequent over all items, see `labelqa._labels`.

    Raises
    ------
    TableError
        For other types, missing columns, or items of `given` that do not match.
    """
    codes = votes_of(annotations, classes=classes).codes
    # of items that nobody labelled there is no label to judge
    codes = codes.of_items(np.diff(codes.offsets) > 0)
    counts = count_votes(codes)
    if given is not None:
        return JudgedLabels(codes, _judged(given, codes), counts, np.zeros(codes.n_items, bool))
    most = Votes(codes, counts).majority("frequent")
    return JudgedLabels(codes, most.code.astype(np.int32), counts, most.is_tied)


def _judged(given: Any, codes: LabelCodes) -> Ints:
    own = judged_labels(given, classes=list(codes.classes))
    if own.has_votes:
        raise TableError("given= has more than one label for some items; keep the one that is to be judged.")
    return own.given[rows_of(own.codes.items, codes.items, "given=")]
