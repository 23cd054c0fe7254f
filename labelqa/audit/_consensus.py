"""Consensus labels and boxes, and how they and the annotators stand against trusted ones."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.annotations import Annotations
from labelqa.audit._inputs import GOLD
from labelqa.audit._job import Job
from labelqa.report._charts import chart_svg
from labelqa.report._part import Part

#: The name under which the consensus is compared with trusted boxes.
CONSENSUS = "consensus"


def label_consensus_part(job: Job) -> Part:
    """One label per item, and each annotator's expected share of right labels."""
    annotations = job.inputs.annotations
    if not len(annotations.labels):
        return Part.nothing("there are no labels of whole items")
    from labelqa.consensus import consensus_labels

    found = consensus_labels(annotations, seed=job.seed)
    facts: dict[str, Any] = {
        "method": found.method,
        "n_items": len(found.table),
        "n_tied": int(found.table["is_tied"].sum()),
        "is_converged": found.is_converged,
        "warning": found.reason,
    }
    tables = {"labels": found.table, "annotators": found.annotators, "confusion": found.confusion}
    if job.inputs.gold is not None and len(job.inputs.gold.labels):
        from labelqa.consensus import expected_accuracy

        gold = job.inputs.gold.labels[["item_id", "label"]]
        facts["n_gold"] = len(gold)
        facts["accuracy"] = expected_accuracy(found, gold)
        tables["against_gold"] = _labels_against_gold(annotations, gold)
    return Part(facts=facts, tables=tables, charts={"annotators": chart_svg(found.plot, name="label_quality")})


def _labels_against_gold(annotations: Annotations, gold: pd.DataFrame) -> pd.DataFrame:
    """Share of each annotator's labels that equal the trusted ones."""
    both = annotations.labels.merge(gold.rename(columns={"label": "true"}), on="item_id")
    same = (both["label"].astype(str) == both["true"].astype(str)).groupby(both["annotator_id"], sort=True)
    return pd.DataFrame({"n_items": same.size(), "n_right": same.sum(), "accuracy": same.mean()}).reset_index()


def box_consensus_part(job: Job) -> Part:
    """One box per object, and how each annotator's boxes stand to it."""
    annotations = job.inputs.annotations
    if not len(annotations.boxes):
        return Part.nothing("there are no boxes")
    from labelqa.consensus import consensus_boxes

    found = consensus_boxes(annotations)
    facts: dict[str, Any] = {
        "iou_threshold": found.iou_threshold,
        "quorum": found.quorum,
        "n_objects": len(found.table),
        "n_rejected": len(found.rejected),
        "warning": found.reason,
    }
    if job.inputs.gold is not None and len(job.inputs.gold.boxes):
        facts |= _boxes_against_gold(found.table, job.inputs.gold, job.seed)
    tables = {"boxes": found.table, "members": found.members, "annotators": found.annotators}
    return Part(facts=facts, tables=tables)


def _boxes_against_gold(consensus: pd.DataFrame, gold: Annotations, seed: int) -> dict[str, Any]:
    """Compare the consensus with the trusted boxes as if it were one more annotator."""
    from labelqa.agreement import box_agreement

    # only items with trusted boxes: on the others nobody knows that nothing is missing
    items = gold.boxes["item_id"].unique()
    columns = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    ours = consensus.loc[consensus["item_id"].isin(items)].assign(annotator_id=CONSENSUS)
    views = pd.DataFrame(
        [(item, who) for item in items for who in (CONSENSUS, GOLD)], columns=["item_id", "annotator_id"]
    )
    both = Annotations.from_frames(
        boxes=pd.concat([ours[columns], gold.boxes[columns]], ignore_index=True), views=views, faulty_boxes="keep"
    )
    found = box_agreement(both, seed=seed)
    return {
        "n_gold": len(items),
        **{f"gold_{name}": getattr(found, name) for name in ("f1", "f1_low", "f1_high", "mean_iou")},
    }
