"""One label per item, also where several people labelled it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa.annotations import Annotations, as_label_codes
from labelqa.baseline._human import count_labels
from labelqa.errors import TableError, shown

Labels = pd.Series | pd.DataFrame | NDArray[Any] | Annotations


def has_annotators(labels: Labels) -> bool:
    """Tell labels by people from labels that are one per item already."""
    return isinstance(labels, Annotations) or (isinstance(labels, pd.DataFrame) and "annotator_id" in labels.columns)


def one_label_each(labels: Labels) -> tuple[pd.Series | pd.DataFrame | NDArray[Any], str | None]:
    """Give the most frequent label of every item, and which items were left out because theirs is tied.

    Labels that are one per item already come back as they are.

    Raises
    ------
    TableError
        Where `labels` is nothing of this kind.
    """
    if not isinstance(labels, Annotations | pd.DataFrame | pd.Series | np.ndarray):
        raise TableError(
            f"Found a {type(labels).__name__} as labels; give a Series by item id, a table or Annotations."
        )
    if isinstance(labels, pd.Series | np.ndarray) or not has_annotators(labels):
        return labels, None  # type: ignore[return-value]
    codes = as_label_codes(labels)
    counts = count_labels(codes)
    most = counts.max(axis=1, initial=0)
    is_labelled = most > 0
    is_tied = is_labelled & ((counts == most[:, None]).sum(axis=1) > 1)
    kept = is_labelled & ~is_tied
    values = codes.classes[counts[kept].argmax(axis=1)] if kept.any() else np.empty(0, object)
    tied = codes.items[is_tied]
    note = f"{len(tied):,} items without a most frequent label are left out ({shown(tied)})" if len(tied) else None
    return pd.Series(values, index=codes.items[kept], dtype=object), note
