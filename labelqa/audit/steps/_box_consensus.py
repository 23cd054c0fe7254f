"""One box per object, and how these boxes stand against trusted ones."""

from __future__ import annotations

import pandas as pd

from labelqa.agreement import BoxAgreement, box_agreement
from labelqa.annotations import Annotations
from labelqa.audit._found import Case, Found, Nothing, SettledBoxes
from labelqa.audit._reading import GOLD
from labelqa.audit.steps._box_agreement import NO_BOXES
from labelqa.consensus import consensus_boxes

#: The name under which the consensus is compared with trusted boxes.
CONSENSUS = "consensus"


def box_consensus(case: Case, found: Found) -> SettledBoxes | Nothing:
    """One box per object, and how each annotator's boxes stand to it."""
    annotations = case.material.annotations
    if not len(annotations.boxes):
        return Nothing(NO_BOXES)
    consensus = consensus_boxes(annotations)
    trusted = case.material.gold
    gold = None if trusted is None or not len(trusted.boxes) else trusted.boxes
    return SettledBoxes(
        n_objects=len(consensus.table),
        n_rejected=len(consensus.rejected),
        n_gold=0 if gold is None else gold["item_id"].nunique(),
        consensus=consensus,
        against_gold=None if gold is None else _against(consensus.table, gold, case.seed),
    )


def _against(consensus: pd.DataFrame, gold: pd.DataFrame, seed: int) -> BoxAgreement:
    """Compare the consensus with the trusted boxes as if it were one more annotator."""
    # only items with trusted boxes: on the others nobody knows that nothing is missing
    items = gold["item_id"].unique()
    columns = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
    ours = consensus.loc[consensus["item_id"].isin(items)].assign(annotator_id=CONSENSUS)
    views = pd.DataFrame(
        [(item, who) for item in items for who in (CONSENSUS, GOLD)], columns=["item_id", "annotator_id"]
    )
    boxes = pd.concat([ours[columns], gold[columns]], ignore_index=True)
    return box_agreement(Annotations.from_frames(boxes=boxes, views=views, faulty_boxes="keep"), seed=seed)
