"""Guideline or mistake: what annotators do differently by habit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa._codes import BoxCodes
from labelqa._options import Resampling, check_iou_threshold, check_number, check_whole
from labelqa._tables import takes_tables
from labelqa.agreement.habits import _tables as tables
from labelqa.agreement.habits._edges import edge_table, side_table
from labelqa.agreement.habits._result import BoxConventions
from labelqa.agreement.habits._search import search
from labelqa.annotations import Annotations, as_annotations


@takes_tables()
def box_conventions(
    annotations: Annotations | pd.DataFrame,
    *,
    iou_threshold: float = 0.5,
    min_effect: float = 0.1,
    n_resamples: int = 300,
    confidence: float = 0.95,
    seed: int = 0,
) -> BoxConventions:
    """Tell habits of single annotators, which a guideline can settle, from mistakes.

    Looked for are boxes longer or shorter than the others', one edge drawn elsewhere (truncation), one box round
    several objects and several boxes for one, small objects missed, and classes swapped. A finding is beyond chance
    (Holm's correction over everything tested, so that any false finding is rarer than 1 - confidence) and large
    (`min_effect` for edges; 10 points and twice the others' rate for misses and classes, twice for the rest).

    Edges that lie a constant number of pixels away from the others' (a quarter pixel or more, the same to 0.05 pixels
    in three of four matches) are found whatever the size of the boxes: nobody draws like that, a file or a tool counts
    pixels in another way, as where the last pixel belongs to the box or not. The finding says so, kind "offset".

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes. Views without boxes count, where the views table lists them.
    iou_threshold
        Overlap of a match in the agreement that `explained` recomputes.
    min_effect
        Smallest share of a side worth a finding.
    n_resamples, confidence, seed
        Bootstrap over items for all intervals.

    Raises
    ------
    OptionError
        For an option outside its range.

    Notes
    -----
    Boxes of one object are compared in pairs (IoU at least 0.3): differences of log size and of edges, clipped to
    +-0.7, are explained by one effect per annotator (least squares). Whether one box holds several objects, or an
    object is split, is settled by the majority of the views of the item, which therefore needs three.

    References
    ----------
    S. Holm (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import box_conventions
    >>> drawn = [
    ...     (item, who, "dent", 20 + item, 20, 60 + 2 * item + (12 if who == "bob" else item % 3), 50 + item)
    ...     for item in range(30)
    ...     for who in ("ann", "bob", "cy")
    ... ]
    >>> columns = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    >>> found = box_conventions(pd.DataFrame(drawn, columns=columns))
    >>> found.findings[["annotator_id", "kind", "what"]]
      annotator_id  kind   what
    0          bob  edge  x_max
    """
    iou_threshold = check_iou_threshold(iou_threshold)
    min_effect = check_number("min_effect", min_effect, 0, 1, open_high=True, hint="a share from 0 to below 1")
    n_resamples = check_whole("n_resamples", n_resamples, 20, hint="20 or more; 300 is usual")
    sampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    codes = as_annotations(annotations).box_codes
    found = search(codes, min_effect, sampling)
    edges = found.evidence.edges
    return BoxConventions(
        n_findings=len(found.habits),
        variance_explained=edges.explained,
        findings=tables.finding_table(codes, found.habits),
        explained=tables.explained_table(codes, found, iou_threshold),
        sides=side_table(codes, edges, sampling.confidence),
        edges=edge_table(codes, edges, sampling.confidence),
        rates=tables.rate_table(codes, found.rates),
        overdispersion=tables.overdispersion_table(found.rates),
        reason=_why_undefined(codes),
        min_effect=min_effect,
    )


def _why_undefined(codes: BoxCodes) -> str | None:
    if not len(codes.xyxy):
        return "Nobody drew a box."
    most = int(np.diff(codes.item_offsets).max())
    if most < 2:
        return "No item has two views: nobody can be compared."
    if most < 3:
        return "No item has three views: only sides and edges can be compared, nobody can say who is the exception."
    return None
