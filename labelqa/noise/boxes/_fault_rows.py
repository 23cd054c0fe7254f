"""Faults of boxes as rows of a table, with the evidence in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES
from labelqa._codes import TEXT, BoxCodes
from labelqa._kernels.arrays import Floats
from labelqa.noise.boxes._box_evidence import BoxEvidence
from labelqa.noise.boxes._detector import Detections

_EDGE_WORDS = ("left", "top", "right", "bottom")
_COLUMNS = (
    "item_id", "box_id", "annotator_id", "kind", "doubt", "label", "proposal", "proposed_label",
    *BOX_EDGES, "reason", "_view",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class JudgedBoxes:
    """All boxes (B,) in the order of the codes, with what speaks against them."""

    codes: BoxCodes
    box_id: NDArray[np.object_]
    evidence: BoxEvidence
    doubt: Floats
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


def issue_rows(judged: JudgedBoxes, min_doubt: float) -> pd.DataFrame:
    """List faults from `min_doubt` on, the worst first; `_view` is the view's number.

    A missing box is a fault where more than half of the others have it.
    """
    evidence = judged.evidence
    with np.errstate(invalid="ignore"):
        doubtful = np.flatnonzero(judged.doubt >= min_doubt)
        lacking = np.flatnonzero(evidence.missing_support > max(0.5 + 1e-9, min_doubt - 1e-9))
    rows = [_box_row(judged, box) for box in doubtful.tolist()]
    rows += [_missing_by_others(judged, k) for k in lacking.tolist()]
    if judged.detections is not None:
        rows += _unseen(judged.codes, judged.detections, min_doubt)
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    texts = dict.fromkeys(("item_id", "box_id", "annotator_id", "kind", "proposal", "reason"), TEXT)
    numbers = dict.fromkeys(("doubt", *BOX_EDGES), "float64")
    table = table.astype({**texts, **numbers, "_view": "int64"})
    return table.sort_values("doubt", ascending=False, kind="stable").reset_index(drop=True)


def _box_row(judged: JudgedBoxes, box: int) -> dict[str, Any]:
    codes, evidence, kind = judged.codes, judged.evidence, str(judged.kind[box])
    view = int(evidence.box_view[box])
    row: dict[str, Any] = {
        **_whose(codes, view),
        "box_id": judged.box_id[box],
        "kind": kind,
        "doubt": float(judged.doubt[box]),
        "label": codes.classes[codes.label[box]],
        "proposal": {"loose": "move", "wrong_class": "relabel"}.get(kind, "drop"),
        "proposed_label": codes.classes[codes.label[box]] if kind == "loose" else None,
    }
    if kind == "loose":
        row |= dict(zip(BOX_EDGES, evidence.loose_box[box].tolist(), strict=True))
    if kind == "wrong_class":
        row["proposed_label"] = codes.classes[evidence.class_against[box]]
    words = [_against(judged, box, kind)] if evidence.n_others[box] else []
    if judged.detections is not None:
        score = float(judged.detections.score_of_box[box])
        words.append(_seen_with(score) if score > 0 else "the detector does not see it")
    return row | {"reason": _sentence(*words)}


def _seen_with(score: float) -> str:
    return f"the detector sees it with score {score:.2f}"


def _sentence(*words: str) -> str:
    text = "; ".join(words)
    return f"{text[:1].upper()}{text[1:]}."


def _whose(codes: BoxCodes, view: int) -> dict[str, Any]:
    return {
        "item_id": codes.items[codes.view_item[view]],
        "annotator_id": codes.annotators[codes.view_annotator[view]],
        "_view": view,
    }


def _against(judged: JudgedBoxes, box: int, kind: str) -> str:
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


def _where_loose(judged: JudgedBoxes, box: int) -> str:
    edges, outwards, shares = judged.farthest
    edge, pixels, share = int(edges[box]), float(outwards[box]), float(shares[box])
    return (
        f"{_EDGE_WORDS[edge]} edge {abs(pixels):.0f} pixels ({100 * abs(share):.0f} % of the "
        f"{('width', 'height')[edge % 2]}) farther {'out' if pixels > 0 else 'in'} than the others' median box, "
        f"IoU {judged.evidence.loose_iou[box]:.2f}"
    )


def _missing_by_others(judged: JudgedBoxes, k: int) -> dict[str, Any]:
    codes, evidence = judged.codes, judged.evidence
    view, share = int(evidence.missing_view[k]), float(evidence.missing_support[k])
    n_others = int(np.diff(codes.item_offsets)[codes.view_item[view]]) - 1
    label = codes.classes[evidence.missing_label[k]]
    text = _sentence(f"{round(share * n_others)} of {n_others} others drew {str(label)!r} here")
    return _missing_row(codes, view, evidence.missing_box[k], label) | {"doubt": share, "reason": text}


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


def _unseen(codes: BoxCodes, detections: Detections, min_doubt: float) -> list[dict[str, Any]]:
    """List what the detector sees where a view has nothing and nobody else could tell."""
    return [
        _missing_row(codes, view, detections.xyxy[row], detections.classes[detections.label[row]])
        | {
            "doubt": float(detections.score[row]),
            "reason": _sentence(_seen_with(float(detections.score[row]))),
        }
        for view, row in detections.unseen(codes)
        if detections.score[row] >= min_doubt
    ]
