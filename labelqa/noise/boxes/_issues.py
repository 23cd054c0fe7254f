"""Boxes that are probably wrong, with the evidence in words."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from labelqa._checks import BOX_EDGES
from labelqa._codes import BoxCodes
from labelqa._options import check_iou_threshold, check_number
from labelqa._plot import COLOURS, axes
from labelqa._renamed import renamed, renamed_fields
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_annotations
from labelqa.noise._finding import queue_rows
from labelqa.noise.boxes._box_evidence import collect_evidence, judged_faults
from labelqa.noise.boxes._detector import Detections, detector_scores, read_detections
from labelqa.noise.boxes._fault_rows import JudgedBoxes, issue_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


KINDS = ("wrong", "missing", "loose", "duplicate", "wrong_class")
#: Doubts beyond this are as good as certain in log-odds.
_CERTAIN = 0.999


@renamed_fields(queue_rows="to_queue")
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BoxIssues(Result):
    """Doubtful boxes, worst first, and a score for every box and view.

    Attributes
    ----------
    n_issues
        Number of rows of `table`.
    table
        One row per fault, the most doubtful first: `item_id`, `box_id` (missing for a missing box), `annotator_id`,
        `kind` ("wrong", "missing", "loose", "duplicate", "wrong_class"), `doubt` (0 to 1, higher is worse; a
        ranking, not a probability), `label`, `proposal` ("drop", "add", "move" or "relabel"), `proposed_label`,
        `x_min`, `y_min`, `x_max`, `y_max` of the proposed box (nan for "drop" and "relabel"), `reason` in words.
    boxes
        One row per box: `box_id`, `item_id`, `annotator_id`, `box_score` (mean IoU with the others' boxes, 0 where they
        have none, others weighted by their agreement; higher is better), `support` (weighted share of the others with a
        matching box), `doubt`, `kind`, and `detector_score` where detections were given. nan where nobody else
        looked and no detector was given.
    views
        One row per view: `item_id`, `annotator_id`, `view_score` (1 - the largest doubt, missing boxes included;
        higher is better), `n_issues`, and with detections cleanlab's ObjectLab scores `objectlab_score`,
        `overlooked_score`, `badloc_score`, `swap_score`.
    reason
        Why scores are undefined; otherwise ``None``.
    """

    n_issues: int
    table: pd.DataFrame
    boxes: pd.DataFrame
    views: pd.DataFrame
    reason: str | None

    def to_queue(self) -> pd.DataFrame:
        """Give the rows that `review_queue` takes: one per fault, the log-odds of its doubt."""
        table = self.table
        share = np.clip(table["doubt"].to_numpy(np.float64), 1.0 - _CERTAIN, _CERTAIN)
        corners = table[list(BOX_EDGES)].round(1).to_numpy(np.float64).tolist()
        words = {"drop": "drop", "relabel": None, "move": "move to", "add": "add"}
        proposals = [
            label if how == "relabel" else how if how == "drop" else f"{words[how]} {box}"
            for how, label, box in zip(table["proposal"], table["proposed_label"], corners, strict=True)
        ]
        return queue_rows(
            item_id=table["item_id"],
            box_id=table["box_id"].astype(object).where(table["box_id"].notna(), None),
            annotator_id=table["annotator_id"],
            kind=table["kind"],
            label=table["label"],
            proposal=pd.Series(proposals, dtype=object),
            doubt=logit(share),
            reason=table["reason"],
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many faults of each kind there are, by doubt."""
        ax = axes(ax)
        bins = np.linspace(0.0, 1.0, 21)
        parts = [self.table.loc[self.table["kind"] == kind, "doubt"].to_numpy(np.float64) for kind in KINDS]
        names = [f"{kind.replace('_', ' ')} ({len(part)})" for kind, part in zip(KINDS, parts, strict=True)]
        ax.hist(parts, bins=bins.tolist(), stacked=True, color=COLOURS[: len(KINDS)], label=names)
        ax.set_xlabel("doubt")
        ax.set_ylabel("faults")
        ax.legend(frameon=False, fontsize=8)
        return ax


@renamed(predictions="detections", min_suspicion="min_doubt")
@takes_tables(lists_kept=("detections",))
def box_issues(
    annotations: Annotations | pd.DataFrame,
    *,
    detections: pd.DataFrame | list[dict[str, Any]] | str | os.PathLike[str] | None = None,
    categories: Mapping[int, Hashable] | None = None,
    iou_threshold: float = 0.5,
    min_doubt: float = 0.3,
) -> BoxIssues:
    """Find boxes that are probably wrong, missing, loose, drawn twice or of the wrong class, without a model.

    Every view is held against the other views of its item: a box that few of them have is doubtful, and so is an
    object that most of them have and this one lacks. Others count by how well they agree with everybody. What an
    annotator does by habit is found by `labelqa.agreement.box_conventions`; settle that first.

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes. Views without boxes count, where the views table lists them.
    detections
        Boxes of a detector: a table with `item_id`, `label`, `x_min`, `y_min`, `x_max`, `y_max`, `score`, or COCO
        results (a list of `image_id`, `category_id`, `bbox`, `score`, or the path of a JSON file of it). Views are then
        also scored by ObjectLab, and where only one person looked, the detector stands for the others.
    categories
        For COCO results: the class of each `category_id`; by default the ids are the classes.
    iou_threshold
        Overlap from which two boxes show the same object, above 0 and at most 1.
    min_doubt
        Faults below this are not listed; scores are given for all boxes and views.

    Raises
    ------
    TableError
        For detections that cannot be read, or of unknown items only.
    OptionError
        For an option outside its range.

    Notes
    -----
    A box's doubt is the larger of 1 - support and 0.7 (1 - IoU) s, where IoU and s are the overlap with the median
    box of the others and its support; where half of the others have that box, 1 - support counts up to 1 - IoU. The
    doubt of a missing box is the share of the others who have it; a view's is the largest in it.

    References
    ----------
    Tkachenko, Thyagarajan and Mueller, "ObjectLab: Automated diagnosis of mislabeled images in object detection data",
    2023.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import box_issues
    >>> drawn = pd.DataFrame(
    ...     [("p1", who, 10, 10, 50, 40) for who in ("ann", "bob", "cy")] + [("p1", "cy", 80, 80, 99, 99)],
    ...     columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"],
    ... )
    >>> box_issues(drawn).table[["annotator_id", "kind", "doubt", "reason"]]
      annotator_id   kind  doubt                          reason
    0           cy  wrong    1.0  None of 2 others has this box.
    """
    iou_threshold = check_iou_threshold(iou_threshold)
    min_doubt = check_number("min_doubt", min_doubt, 0, 1, open_low=True, hint="a share above 0 and at most 1")
    data = as_annotations(annotations)
    codes = data.box_codes
    evidence = collect_evidence(codes, iou_threshold)
    found = None if detections is None else read_detections(detections, categories, codes, iou_threshold)
    faults = judged_faults(evidence)
    doubt = faults.doubt
    if found is not None:
        doubt = np.where(np.isnan(doubt), 1.0 - found.score_of_box, doubt)
    box_id = data.boxes["box_id"].to_numpy(object)[codes.row]
    judged = JudgedBoxes(codes, box_id, evidence, doubt, faults.kind, found)
    table = issue_rows(judged, min_doubt)
    return BoxIssues(
        n_issues=len(table),
        table=table.drop(columns="_view"),
        boxes=_box_table(judged, data.boxes),
        views=_view_table(judged, np.bincount(table["_view"], minlength=len(codes.view_item))),
        reason=_why_undefined(codes, found),
    )


def _box_table(judged: JudgedBoxes, boxes: pd.DataFrame) -> pd.DataFrame:
    """List every box in the order of the boxes table."""
    order = np.argsort(judged.codes.row, kind="stable")
    table = boxes[["box_id", "item_id", "annotator_id"]].iloc[judged.codes.row[order]].reset_index(drop=True)
    columns: dict[str, Any] = {
        "box_score": judged.evidence.peer_iou,
        "support": judged.evidence.support,
        "doubt": judged.doubt,
        "kind": judged.kind,
    }
    if judged.detections is not None:
        columns["detector_score"] = judged.detections.score_of_box
    return table.assign(**{name: values[order] for name, values in columns.items()}).astype({"kind": "str"})


def _view_table(judged: JudgedBoxes, n_issues: NDArray[np.int64]) -> pd.DataFrame:
    codes, evidence, detections = judged.codes, judged.evidence, judged.detections
    worst = np.zeros(len(codes.view_item))
    np.fmax.at(worst, evidence.box_view, judged.doubt)
    np.fmax.at(worst, evidence.missing_view, evidence.missing_support)
    if detections is None:
        worst[np.diff(codes.item_offsets)[codes.view_item] < 2] = np.nan
    else:
        for view, row in detections.unseen(codes):
            worst[view] = max(worst[view], detections.score[row])
    table = pd.DataFrame(
        {
            "item_id": pd.Series(codes.items[codes.view_item], dtype="str"),
            "annotator_id": pd.Series(codes.annotators[codes.view_annotator], dtype="str"),
            "view_score": 1.0 - worst,
            "n_issues": n_issues,
        }
    )
    return table if detections is None else table.assign(**detector_scores(codes, detections))


def _why_undefined(codes: BoxCodes, detections: Detections | None) -> str | None:
    if not len(codes.view_item):
        return "Nobody looked at any item."
    if int(np.diff(codes.item_offsets).max()) < 2 and detections is None:
        return "No item has two views and no detector was given: nothing to hold a box against."
    return None
