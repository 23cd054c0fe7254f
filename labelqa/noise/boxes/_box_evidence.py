"""What the other annotators of an item say about each box, and what they drew that is missing: arrays only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats, Ints, Longs
from labelqa._kernels.boxes.clustering import leave_one_out_boxes, own_partners, views_of_boxes
from labelqa._kernels.boxes.matching import Matches, match_views, match_within
from labelqa._kernels.boxes.votes import peer_pq

#: Overlap from which a box may be a loose drawing of an object.
LOOSE_OVERLAP = 0.3
#: A box in the wrong place is a milder fault than one too many or too few.
LOOSE_FACTOR = 0.7
#: Votes count with this power of the peer PQ.
VOTE_POWER = 2.0


@dataclass(frozen=True, eq=False)
class BoxEvidence:
    """Evidence for every box (B,) and for every object of the others (N,) that a view lacks.

    Attributes
    ----------
    box_view
        int64 (B,).
    n_others, n_supporting
        int64 (B,): other views of the item, and those with a box that matches.
    support, peer_iou
        float64 (B,): the same as a share of the weight of the others, and mean IoU with their boxes (0 where they have
        none); nan where nobody else looked.
    loose_box, loose_iou, loose_support
        float64 (B, 4), (B,), (B,): the object of the others that the box shows, if any; support 0 for none.
    duplicate_of
        int64 (B,): a better supported box of the same view that it overlaps, or -1.
    class_against, class_share, n_class_against
        int32, float64, int64 (B,): class that most of the matching others say instead (-1 for none), its share of the
        weight of all others, and how many say it.
    missing_view, missing_label, missing_support
        int64, int32, float64 (N,).
    missing_box
        float64 (N, 4).
    """

    box_view: Longs
    n_others: Longs
    n_supporting: Longs
    support: Floats
    peer_iou: Floats
    loose_box: Floats
    loose_iou: Floats
    loose_support: Floats
    duplicate_of: Longs
    class_against: Ints
    class_share: Floats
    n_class_against: Longs
    missing_view: Longs
    missing_label: Ints
    missing_support: Floats
    missing_box: Floats


def collect_evidence(codes: BoxCodes, iou_threshold: float) -> BoxEvidence:
    """Hold every view against the others of its item, who count by how well they agree with everybody."""
    box_view = views_of_boxes(codes.view_offsets)
    matches = match_within(codes.item_offsets, codes.view_offsets, codes.xyxy, codes.label, iou_threshold)
    one, other = np.concatenate([matches.box_a, matches.box_b]), np.concatenate([matches.box_b, matches.box_a])
    iou = np.concatenate([matches.iou, matches.iou])
    weight, quality = _view_weights(codes, matches)
    of_others = np.bincount(codes.view_item, weight, len(codes.items))[codes.view_item] - weight
    n_others = np.diff(codes.item_offsets)[codes.view_item] - 1
    votes = weight[box_view[other]]
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(n_others > 0, of_others, np.nan)[box_view]
        # all others in full agreement are 1, whatever rounding makes of their weights
        support, peer_iou = (
            np.minimum(np.bincount(one, votes * value, len(box_view)) / total, 1.0) for value in (1.0, iou)
        )
    partner, _ = own_partners(codes.xyxy, codes.view_offsets, iou_threshold)
    better = (partner >= 0) & (
        (support[partner] > support) | ((support[partner] == support) & (partner < np.arange(len(partner))))
    )
    against = _classes_against(codes, one, other, votes)
    return BoxEvidence(
        box_view=box_view,
        n_others=n_others[box_view],
        n_supporting=np.bincount(one, minlength=len(box_view)),
        support=support,
        peer_iou=peer_iou,
        duplicate_of=np.where(better, partner, -1),
        class_against=against.label,
        class_share=np.minimum(against.weight / total, 1.0),
        n_class_against=against.n,
        **_objects(codes, quality[box_view]),
    )


def _view_weights(codes: BoxCodes, matches: Matches) -> tuple[Floats, Floats]:
    """Give each view the weight of a vote and the quality of its annotator: (V,) each."""
    overlap = np.zeros(len(codes.xyxy))
    np.add.at(overlap, matches.box_a, matches.iou)
    np.add.at(overlap, matches.box_b, matches.iou)
    _, quality = peer_pq(
        overlap, codes.view_offsets, codes.item_offsets, codes.view_item, codes.view_annotator, len(codes.annotators)
    )
    of_view = quality[codes.view_annotator]
    return np.asarray(of_view**VOTE_POWER), of_view


@dataclass(frozen=True, eq=False)
class _ClassesAgainst:
    """The class that more of the matching boxes have than the box's own, -1 for none; its weight and number (B,)."""

    label: Ints
    weight: Floats
    n: Longs


def _classes_against(codes: BoxCodes, one: Longs, other: Longs, votes: Floats) -> _ClassesAgainst:
    n_boxes, n_classes = len(codes.xyxy), max(len(codes.classes), 1)
    keys, at = np.unique(one * n_classes + codes.label[other], return_inverse=True)
    weight, count = np.bincount(at, votes, len(keys)), np.bincount(at, minlength=len(keys))
    box, label = np.divmod(keys, n_classes)
    own, n_own = np.zeros(n_boxes), np.zeros(n_boxes, np.int64)
    is_own = label == codes.label[box]
    own[box[is_own]], n_own[box[is_own]] = weight[is_own], count[is_own]
    winner, most, number = np.full(n_boxes, -1, np.int32), np.zeros(n_boxes), np.zeros(n_boxes, np.int64)
    # keys rise, so that of equal classes the first in order stays
    rival = np.flatnonzero(~is_own)
    best = rival[np.argsort(-weight[rival], kind="stable")]
    best = best[np.unique(box[best], return_index=True)[1]]
    # by weight and by number: one good annotator alone does not overrule another
    best = best[(weight[best] > own[box[best]]) & (count[best] > n_own[box[best]])]
    winner[box[best]], most[box[best]], number[box[best]] = label[best], weight[best], count[best]
    return _ClassesAgainst(winner, most, number)


def _objects(codes: BoxCodes, box_weight: Floats) -> dict[str, Any]:
    """Match every view with the consensus of its others: what a box shows loosely, and what no box shows."""
    offsets, boxes, label, share = leave_one_out_boxes(
        codes.xyxy, codes.label, box_weight, codes.view_offsets, codes.item_offsets, 0.5
    )
    own, theirs, iou = match_views(codes.xyxy, codes.view_offsets, codes.label, boxes, offsets, label, LOOSE_OVERLAP)
    loose_box, loose_iou = np.full(codes.xyxy.shape, np.nan), np.zeros(len(codes.xyxy))
    loose_support, is_missing = np.zeros(len(codes.xyxy)), np.ones(len(boxes), bool)
    loose_box[own], loose_iou[own], loose_support[own] = boxes[theirs], iou, share[theirs]
    is_missing[theirs] = False
    # a click without area is nobody else's missing object
    is_missing &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    view = views_of_boxes(offsets)
    return {
        "loose_box": loose_box,
        "loose_iou": loose_iou,
        "loose_support": loose_support,
        "missing_view": view[is_missing],
        "missing_label": label[is_missing],
        "missing_support": share[is_missing],
        "missing_box": boxes[is_missing],
    }


@dataclass(frozen=True, eq=False)
class JudgedFaults:
    """The doubt about each box, 0 to 1 (nan where nobody else looked), and the kind of fault it would be (B,)."""

    doubt: Floats
    kind: NDArray[np.object_]


def judged_faults(evidence: BoxEvidence) -> JudgedFaults:
    """Weigh for each box what it most probably is: wrong, loose, drawn twice, or of the wrong class."""
    unsupported = 1.0 - evidence.support
    misplaced = LOOSE_FACTOR * (1.0 - evidence.loose_iou) * evidence.loose_support
    # most others have the object: the box is a bad drawing of it, not an invention
    is_drawing = evidence.loose_support >= 0.5
    doubt = np.where(
        is_drawing,
        np.fmax(misplaced, np.minimum(unsupported, 1.0 - evidence.loose_iou)),
        np.maximum(unsupported, misplaced),
    )
    doubt[np.isnan(unsupported)] = np.nan
    kind = np.where(is_drawing | (misplaced >= unsupported), "loose", "wrong").astype(object)
    is_twin = (evidence.duplicate_of >= 0) & (unsupported >= misplaced)
    kind[is_twin], doubt[is_twin] = "duplicate", unsupported[is_twin]
    swapped = evidence.class_share > doubt
    kind[swapped], doubt[swapped] = "wrong_class", evidence.class_share[swapped]
    return JudgedFaults(doubt, kind)
