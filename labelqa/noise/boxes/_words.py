"""Faults of boxes as rows with the evidence in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES
from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Floats
from labelqa.noise.boxes._detector import Detections
from labelqa.noise.boxes._evidence import BoxEvidence

_EDGE_WORDS = ("left", "top", "right", "bottom")
_COLUMNS = (
    "item_id", "box_id", "annotator_id", "kind", "suspicion", "label", "proposal", "proposed_label",
    *BOX_EDGES, "reason", "_view",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Judged:
    """All boxes (B,) in the order of the codes, with what speaks against them."""

    codes: BoxCodes
    box_id: NDArray[np.object_]
    evidence: BoxEvidence
    suspicion: Floats
    kind: NDArray[np.object_]
    detections: Detections | None

    @cached_property
    def farthest(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        """The edge of each box that is farthest from the others' median: its number, pixels outwards, share (B,)."""
        median = self.evidence.loose_box
        outwards = np.array([-1.0, -1.0, 1.0, 1.0]) * np.nan_to_num(self.codes.xyxy - median)
        side = np.tile(median[:, 2:] - median[:, :2], 2)
        share = outwards / np.where(side > 0, side, np.inf)
        edge = np.abs(share).argmax(axis=1)
        every = np.arange(len(edge))
        return edge, outwards[every, edge], share[every, edge]


def issue_rows(judged: Judged, min_suspicion: float) -> pd.DataFrame:
    """List faults from `min_suspicion` on, the worst first; `_view` is the view's number.

    A missing box is a fault where more than half of the others have it.
    """
    evidence = judged.evidence
    with np.errstate(invalid="ignore"):
        doubtful = np.flatnonzero(judged.suspicion >= min_suspicion)
        lacking = np.flatnonzero(evidence.missing_support > max(0.5 + 1e-9, min_suspicion - 1e-9))
    rows = [_box_row(judged, box) for box in doubtful.tolist()]
    rows += [_missing_by_others(judged, k) for k in lacking.tolist()]
    if judged.detections is not None:
        rows += _unseen(judged.codes, judged.detections, min_suspicion)
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    texts = dict.fromkeys(("item_id", "box_id", "annotator_id", "kind", "proposal", "reason"), "str")
    numbers = dict.fromkeys(("suspicion", *BOX_EDGES), "float64")
    table = table.astype({**texts, **numbers, "_view": "int64"})
    return table.sort_values("suspicion", ascending=False, kind="stable").reset_index(drop=True)


def _box_row(judged: Judged, box: int) -> dict[str, Any]:
    codes, evidence, kind = judged.codes, judged.evidence, str(judged.kind[box])
    view = int(evidence.box_view[box])
    row: dict[str, Any] = {
        **_whose(codes, view),
        "box_id": judged.box_id[box],
        "kind": kind,
        "suspicion": float(judged.suspicion[box]),
        "label": codes.classes[codes.label[box]],
        "proposal": {"loose": "move", "wrong_class": "relabel"}.get(kind, "drop"),
        "proposed_label": codes.classes[codes.label[box]] if kind == "loose" else None,
    }
    if kind == "loose":
        row |= dict(zip(BOX_EDGES, evidence.loose_box[box].tolist(), strict=True))
    if kind == "wrong_class":
        row["proposed_label"] = codes.classes[evidence.class_against[box]]
    words = [_words(judged, box, kind)] if evidence.n_others[box] else []
    if judged.detections is not None:
        score = float(judged.detections.score_of_box[box])
        words.append(f"the detector sees it with score {score:.2f}" if score > 0 else "the detector does not see it")
    return row | {"reason": "; ".join(words)}


def _whose(codes: BoxCodes, view: int) -> dict[str, Any]:
    return {
        "item_id": codes.items[codes.view_item[view]],
        "annotator_id": codes.annotators[codes.view_annotator[view]],
        "_view": view,
    }


def _words(judged: Judged, box: int, kind: str) -> str:
    codes, evidence = judged.codes, judged.evidence
    n, n_others = int(evidence.n_supporting[box]), int(evidence.n_others[box])
    have = f"{n or 'none'} of {n_others} others {'have' if n > 1 else 'has'} this box"
    if kind == "duplicate":
        return f"drawn on top of {judged.box_id[evidence.duplicate_of[box]]} by the same annotator; {have}"
    if kind == "wrong_class":
        said = codes.classes[evidence.class_against[box]]
        return f"{evidence.n_class_against[box]} of {n_others} others call it {str(said)!r}"
    if kind == "loose":
        return _where_loose(judged, box)
    return have


def _where_loose(judged: Judged, box: int) -> str:
    edges, outwards, shares = judged.farthest
    edge, pixels, share = int(edges[box]), float(outwards[box]), float(shares[box])
    return (
        f"{_EDGE_WORDS[edge]} edge {abs(pixels):.0f} pixels ({100 * abs(share):.0f} % of the "
        f"{('width', 'height')[edge % 2]}) farther {'out' if pixels > 0 else 'in'} than the others' median box, "
        f"IoU {judged.evidence.loose_iou[box]:.2f}"
    )


def _missing_by_others(judged: Judged, k: int) -> dict[str, Any]:
    codes, evidence = judged.codes, judged.evidence
    view, share = int(evidence.missing_view[k]), float(evidence.missing_support[k])
    n_others = int(np.diff(codes.item_offsets)[codes.view_item[view]]) - 1
    label = codes.classes[evidence.missing_label[k]]
    text = f"{round(share * n_others)} of {n_others} others drew {str(label)!r} here"
    return _missing_row(codes, view, evidence.missing_box[k], label) | {"suspicion": share, "reason": text}


def _missing_row(codes: BoxCodes, view: int, box: Floats, label: Any) -> dict[str, Any]:
    corners = dict(zip(BOX_EDGES, box.tolist(), strict=True))
    return {
        **_whose(codes, view),
        "box_id": None,
        "kind": "missing",
        "label": None,
        "proposal": "add",
        "proposed_label": label,
        **corners,
    }


def _unseen(codes: BoxCodes, detections: Detections, min_suspicion: float) -> list[dict[str, Any]]:
    """List what the detector sees where a view has nothing and nobody else could tell."""
    return [
        _missing_row(codes, view, detections.xyxy[row], detections.classes[detections.label[row]])
        | {
            "suspicion": float(detections.score[row]),
            "reason": f"the detector sees it with score {detections.score[row]:.2f}",
        }
        for view, row in detections.unseen(codes)
        if detections.score[row] >= min_suspicion
    ]
