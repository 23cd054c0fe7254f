"""What `consensus_boxes` gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labelqa._result import Result
from labelqa.consensus.boxes._plots import plot_item

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        each edge `spread_*` (mean distance of the boxes from it, pixels) and `spread_*_share` (the same as a share of
        the box's width or height), and `missing_from` (annotators who looked and drew nothing here, joined by "; ").
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
        the consensus, `bias_*` (habit per edge as a share of the box's size; above 0: further right or down) and
        `deviation` (mean distance beyond the habit, as a share of the size).
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
        return plot_item(self.table, self.rejected, self.members, ax, item_id)
