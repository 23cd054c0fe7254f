"""One box per object from the boxes of several annotators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labelqa._checks import id_text
from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats
from labelqa._options import check_choice, check_iou_threshold, check_number
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_annotations
from labelqa.consensus.boxes import _tables as tables
from labelqa.consensus.boxes._fit import fit_boxes
from labelqa.consensus.boxes._result import BoxConsensus
from labelqa.errors import OptionError, shown

#: What `weights=` may be, besides a mapping.
WEIGHTS = ("agreement", "equal")


@takes_tables()
def consensus_boxes(
    annotations: Annotations | pd.DataFrame,
    *,
    iou_threshold: float = 0.5,
    quorum: float | None = None,
    remove_bias: bool = True,
    weights: str | Mapping[object, float] = "agreement",
) -> BoxConsensus:
    """Give one box for every object that enough annotators drew, and say how sure it is.

    Boxes of different annotators are joined by falling IoU unless two boxes of one annotator would meet. A cluster is
    an object where the weight of its annotators reaches the quorum. Each edge is a weighted median, after every
    annotator's habit (drawing 10 % too wide, say) is taken out; the median annotator counts as having no habit. Classes
    play no part in joining; the class is that of most votes.

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes with `item_id`, `annotator_id`, `x_min`, `y_min`, `x_max`, `y_max`, `label`.
        Whoever looked and drew nothing counts as a vote against, which only the views table can tell.
    iou_threshold
        Smallest IoU that joins two boxes, above 0 and at most 1.
    quorum
        Share of the (weighted) views that must have a box, above 0 and at most 1; 0.5 is a majority, a half included.
        By default found from the data: the share from which keeping a cluster raises the expected F1 (between 0.25
        and 0.5), 0.5 where no item has two views.
    remove_bias
        Whether habits are taken out before boxes are averaged.
    weights
        "agreement": votes count by how well an annotator agrees with the others (peer PQ, squared, drawn towards the
        mean), edges by how steadily they are drawn. "equal": all count alike. Or a mapping of annotator id to a weight
        above 0, which counts for votes and edges.

    Raises
    ------
    OptionError
        For a threshold, quorum or weight outside its range, or weights that leave out annotators.

    Notes
    -----
    The quorum is half the F1 that the consensus reaches on views held out, times the share of its objects that such a
    view has: the threshold that maximises F1. Equal votes for two classes go to the first in natural order and are
    marked in `is_tied`.

    References
    ----------
    - Z. C. Lipton, C. Elkan, B. Naryanaswamy (2014). Optimal thresholding of classifiers to maximize F1 measure. ECML
      PKDD: the quorum.
    - A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár (2019). Panoptic segmentation. CVPR: PQ.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import consensus_boxes
    >>> drawn = pd.DataFrame(
    ...     [("p1", "ann", 10, 10, 50, 40), ("p1", "bob", 12, 10, 50, 42), ("p1", "cy", 11, 10, 52, 40)],
    ...     columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"],
    ... )
    >>> found = consensus_boxes(drawn)
    >>> found.table[["item_id", "label", "x_min", "x_max", "support", "n_boxes"]]
      item_id   label  x_min  x_max  support  n_boxes
    0      p1  object   11.0   50.0      1.0        3
    """
    iou_threshold = check_iou_threshold(iou_threshold)
    if quorum is not None:
        quorum = check_number("quorum", quorum, 0, 1, open_low=True, hint="a share above 0 and at most 1, or None")
    data = as_annotations(annotations)
    codes = data.box_codes
    given = _given_weights(weights, codes)
    fit = fit_boxes(codes, iou_threshold, quorum=quorum, weights=given, remove_bias=remove_bias)
    described = tables.described(fit)
    objects = tables.clusters(described, fit.is_kept, "consensus")
    return BoxConsensus(
        iou_threshold=iou_threshold,
        quorum=fit.quorum,
        table=objects,
        rejected=tables.clusters(described, ~fit.is_kept, "rejected"),
        members=tables.members(described, data.boxes, objects["box_id"]),
        annotators=tables.annotators(fit),
        reason=_why_undefined(codes),
    )


def _given_weights(weights: str | Mapping[object, float], codes: BoxCodes) -> Floats | None:
    """Give the weights the caller chose, by annotator code; None where they are to be found from the data."""
    if isinstance(weights, str):
        check_choice("weights", weights, WEIGHTS)
        return np.ones(len(codes.annotators)) if weights == "equal" else None
    by_id = {id_text(key): float(value) for key, value in weights.items()}
    missing = [annotator for annotator in codes.annotators if annotator not in by_id]
    if missing:
        raise OptionError(
            f"weights= names no weight for {len(missing)} annotators ({shown(missing)}); give one for each."
        )
    given = np.asarray([by_id[annotator] for annotator in codes.annotators], np.float64)
    if not (np.isfinite(given) & (given > 0)).all():
        raise OptionError(f"weights= has values that are not above 0 ({shown(given[~(given > 0)])}); correct them.")
    return given


def _why_undefined(codes: BoxCodes) -> str | None:
    if not len(codes.view_item):
        return "Nobody looked at any item."
    if not len(codes.xyxy):
        return "Nobody drew a box."
    if int(np.diff(codes.item_offsets).max()) < 2:
        return "No item has two views: every box stands alone, and nobody's quality is known."
    return None
