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
from labelqa._plot import COLOURS, axes
from labelqa._result import Result
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError
from labelqa.noise._finding import queue_rows
from labelqa.noise.boxes._detector import Detections, detector_scores, read_predictions
from labelqa.noise.boxes._evidence import collect_evidence, suspicions
from labelqa.noise.boxes._words import Judged, issue_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

KINDS = ("wrong", "missing", "loose", "duplicate", "wrong_class")
#: Suspicions beyond this are as good as certain in log-odds.
_CERTAIN = 0.999


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BoxIssues(Result):
    """Doubtful boxes, worst first, and a score for every box and view.

    Attributes
    ----------
    n_issues
        Number of rows of `table`.
    table
        One row per fault, the most suspicious first: `item_id`, `box_id` (missing for a missing box), `annotator_id`,
        `kind` ("wrong", "missing", "loose", "duplicate", "wrong_class"), `suspicion` (0 to 1, higher is worse; a
        ranking, not a probability), `label`, `proposal` ("drop", "add", "move" or "relabel"), `proposed_label`,
        `x_min`, `y_min`, `x_max`, `y_max` of the proposed box (nan for "drop" and "relabel"), `reason` in words.
    boxes
        One row per box: `box_id`, `item_id`, `annotator_id`, `box_score` (mean IoU with the others' boxes, 0 where they
        have none, others weighted by their agreement; higher is better), `support` (weighted share of the others with a
        matching box), `suspicion`, `kind`, and `detector_score` where predictions were given. nan where nobody else
        looked and no detector was given.
    views
        One row per view: `item_id`, `annotator_id`, `view_score` (1 - the largest suspicion, missing boxes included;
        higher is better), `n_issues`, and with predictions cleanlab's ObjectLab scores `objectlab_score`,
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
        """Give the rows that `review_queue` takes: one per fault, `doubt` the log-odds of its suspicion."""
        table = self.table
        share = np.clip(table["suspicion"].to_numpy(np.float64), 1.0 - _CERTAIN, _CERTAIN)
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
        """Draw how many faults of each kind there are, by suspicion."""
        ax = axes(ax)
        bins = np.linspace(0.0, 1.0, 21)
        parts = [self.table.loc[self.table["kind"] == kind, "suspicion"].to_numpy(np.float64) for kind in KINDS]
        names = [f"{kind.replace('_', ' ')} ({len(part)})" for kind, part in zip(KINDS, parts, strict=True)]
        ax.hist(parts, bins=bins.tolist(), stacked=True, color=COLOURS[: len(KINDS)], label=names)
        ax.set_xlabel("suspicion")
        ax.set_ylabel("faults")
        ax.legend(frameon=False, fontsize=8)
        return ax


def box_issues(
    annotations: Annotations | pd.DataFrame,
    *,
    predictions: pd.DataFrame | list[dict[str, Any]] | str | os.PathLike[str] | None = None,
    categories: Mapping[int, Hashable] | None = None,
    iou_threshold: float = 0.5,
    min_suspicion: float = 0.3,
) -> BoxIssues:
    """Find boxes that are probably wrong, missing, loose, drawn twice or of the wrong class, without a model.

    Every view is held against the other views of its item: a box that few of them have is suspicious, and so is an
    object that most of them have and this one lacks. Others count by how well they agree with everybody. What an
    annotator does by habit is found by `labelqa.agreement.box_conventions`; settle that first.

    Parameters
    ----------
    annotations
        `Annotations`, or a table of boxes. Views without boxes count, where the views table lists them.
    predictions
        Boxes of a detector: a table with `item_id`, `label`, `x_min`, `y_min`, `x_max`, `y_max`, `score`, or COCO
        results (a list of `image_id`, `category_id`, `bbox`, `score`, or the path of a JSON file of it). Views are then
        also scored by ObjectLab, and where only one person looked, the detector stands for the others.
    categories
        For COCO results: the class of each `category_id`; by default the ids are the classes.
    iou_threshold
        Overlap from which two boxes show the same object, above 0 and at most 1.
    min_suspicion
        Faults below this are not listed; scores are given for all boxes and views.

    Raises
    ------
    TableError
        For predictions that cannot be read, or of unknown items only.
    OptionError
        For an option outside its range.

    Notes
    -----
    A box's suspicion is the larger of 1 - support and 0.7 (1 - IoU) s, where IoU and s are the overlap with the median
    box of the others and its support; where half of the others have that box, 1 - support counts up to 1 - IoU. The
    suspicion of a missing box is the share of the others who have it; a view's is the largest in it.

    ObjectLab: Tkachenko, Thyagarajan and Mueller, "ObjectLab: Automated diagnosis of mislabeled images in object
    detection data", 2023.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import box_issues
    >>> drawn = pd.DataFrame(
    ...     [("p1", who, 10, 10, 50, 40) for who in ("ann", "bob", "cy")] + [("p1", "cy", 80, 80, 99, 99)],
    ...     columns=["item_id", "annotator_id", "x_min", "y_min", "x_max", "y_max"],
    ... )
    >>> box_issues(drawn).table[["annotator_id", "kind", "suspicion", "reason"]]
      annotator_id   kind  suspicion                         reason
    0           cy  wrong        1.0  none of 2 others has this box
    """
    for name, value in (("iou_threshold", iou_threshold), ("min_suspicion", min_suspicion)):
        if not 0 < value <= 1:
            raise OptionError(f"{name}={value!r} is outside its range; give a number above 0 and at most 1.")
    data = as_annotations(annotations)
    codes = data.box_codes
    evidence = collect_evidence(codes, iou_threshold)
    detections = None if predictions is None else read_predictions(predictions, categories, codes, iou_threshold)
    suspicion, kind = suspicions(evidence)
    if detections is not None:
        alone = np.isnan(suspicion)
        suspicion = np.where(alone, 1.0 - detections.score_of_box, suspicion)
    box_id = data.boxes["box_id"].to_numpy(object)[codes.row]
    judged = Judged(codes, box_id, evidence, suspicion, kind, detections)
    table = issue_rows(judged, min_suspicion)
    return BoxIssues(
        n_issues=len(table),
        table=table.drop(columns="_view"),
        boxes=_box_table(judged, data.boxes),
        views=_view_table(judged, np.bincount(table["_view"], minlength=len(codes.view_item))),
        reason=_why_undefined(codes, detections),
    )


def _box_table(judged: Judged, boxes: pd.DataFrame) -> pd.DataFrame:
    """List every box in the order of the boxes table."""
    order = np.argsort(judged.codes.row, kind="stable")
    table = boxes[["box_id", "item_id", "annotator_id"]].iloc[judged.codes.row[order]].reset_index(drop=True)
    columns: dict[str, Any] = {
        "box_score": judged.evidence.peer_iou,
        "support": judged.evidence.support,
        "suspicion": judged.suspicion,
        "kind": judged.kind,
    }
    if judged.detections is not None:
        columns["detector_score"] = judged.detections.score_of_box
    return table.assign(**{name: values[order] for name, values in columns.items()}).astype({"kind": "str"})


def _view_table(judged: Judged, n_issues: NDArray[np.int64]) -> pd.DataFrame:
    codes, evidence, detections = judged.codes, judged.evidence, judged.detections
    worst = np.zeros(len(codes.view_item))
    np.fmax.at(worst, evidence.box_view, judged.suspicion)
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
