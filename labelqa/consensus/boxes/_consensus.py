"""One box per object from the boxes of several annotators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._checks import id_text
from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats
from labelqa._options import check_choice
from labelqa._result import Result
from labelqa.annotations import Annotations, as_annotations
from labelqa.consensus.boxes import _model as model
from labelqa.consensus.boxes import _tables as tables
from labelqa.consensus.boxes._model import Fit
from labelqa.errors import OptionError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: What `weights=` may be, besides a mapping.
WEIGHTS = ("agreement", "equal")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BoxConsensus(Result):
    """One box per object, who drew it and who did not, and how good each annotator's boxes are.

    Attributes
    ----------
    iou_threshold, quorum
        The overlap that joins two boxes, and the support from which a cluster counts as an object.
    table
        One row per object: `item_id`, `box_id` of the consensus box, `label`, `x_min`, `y_min`, `x_max`, `y_max`
        (pixels), `support` (weight of the views with a box here, as a share of all views of the item), `n_boxes`,
        `n_views`, `is_tied` (another class has as many votes), `label_share` (votes of the class among the boxes), for
        each edge `spread_*` (mean distance of the boxes from it, pixels) and `spread_*_percent` (the same in % of the
        box's width or height), and `missing_from` (annotators who looked and drew nothing here, joined by "; ").
    rejected
        The same for clusters under the quorum, and boxes without area.
    members
        One row per box: `box_id`, `item_id`, `annotator_id`, `label`, its edges, `consensus_id` (missing for a box of a
        rejected cluster), `iou` with the consensus box (0 where there is none), `is_class_kept` (its class is the
        consensus class).
    annotators
        One row per annotator: `annotator_id`, `n_views`, `n_boxes`, `weight` of a vote (mean 1), `peer_pq` (panoptic
        quality against the other annotators, without consensus), `precision` (share of the boxes that are in the
        consensus), `recall` (share of the consensus boxes of the annotator's views that were drawn), `mean_iou` with
        the consensus, `bias_*` (habit per edge in % of the box's size; above 0: further right or down) and `deviation`
        (mean distance beyond the habit, % of size).
    reason
        Why there is no consensus or no quality; otherwise ``None``.
    """

    iou_threshold: float
    quorum: float
    table: pd.DataFrame
    rejected: pd.DataFrame
    members: pd.DataFrame
    annotators: pd.DataFrame
    reason: str | None

    def plot(self, ax: Axes | None = None, *, item_id: object = None) -> Axes:
        """Draw the consensus boxes of one item (by default the one with the most boxes missed) over all boxes drawn."""
        from labelqa.consensus.boxes._plots import plot_item

        return plot_item(self, ax, item_id)


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
    view has (after Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure", 2014).
    Equal votes for two classes go to the first in natural order and are marked in `is_tied`.

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
    _check_share("iou_threshold", iou_threshold)
    if quorum is not None:
        _check_share("quorum", quorum)
    data = as_annotations(annotations)
    codes = data.box_codes
    given = _given_weights(weights, codes)
    clusters = model.find_clusters(codes, iou_threshold)
    quality, shrunk = model.peer_quality(clusters)
    vote = shrunk**model.VOTE_POWER if given is None else given
    support = model.support_of(clusters, vote)
    chosen = model.choose_quorum(clusters, vote) if quorum is None else quorum
    is_kept = support >= (0.5 if np.isnan(chosen) else chosen) - 1e-9
    boxes, bias, deviation = model.locate(
        clusters,
        shrunk if given is None else given,
        is_kept & (clusters.size >= 3),
        remove_bias=remove_bias,
        weigh_edges=given is None,
    )
    # a click without area is no object, even where only one person looked
    is_kept &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    fit = Fit(clusters, vote, quality, support, is_kept, boxes, bias, deviation)
    objects, rejected, members = tables.clusters_and_members(fit, data.boxes)
    return BoxConsensus(
        iou_threshold=iou_threshold,
        quorum=0.5 if np.isnan(chosen) else float(chosen),
        table=objects,
        rejected=rejected,
        members=members,
        annotators=tables.annotators(fit),
        reason=_why_undefined(codes),
    )


def _check_share(name: str, value: float) -> None:
    if not 0 < value <= 1:
        raise OptionError(f"{name}={value!r} is outside its range; give a number above 0 and at most 1.")


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
