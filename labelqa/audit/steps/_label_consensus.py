"""One label per item, and how it and the annotators stand against trusted labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa._codes import label_text
from labelqa.annotations import Annotations
from labelqa.audit._found import Case, Found, Nothing, SettledLabels
from labelqa.audit.steps._label_agreement import NO_LABELS
from labelqa.consensus import consensus_labels, expected_accuracy


def label_consensus(case: Case, found: Found) -> SettledLabels | Nothing:
    """One label per item, and each annotator's expected share of right labels."""
    annotations = case.material.annotations
    if not len(annotations.labels):
        return Nothing(NO_LABELS)
    consensus = consensus_labels(annotations, seed=case.seed)
    trusted = case.material.gold
    gold = None if trusted is None or not len(trusted.labels) else trusted.labels[["item_id", "label"]]
    return SettledLabels(
        n_items=len(consensus.table),
        n_tied=int(consensus.table["is_tied"].sum()),
        n_gold=0 if gold is None else len(gold),
        accuracy=np.nan if gold is None else expected_accuracy(consensus, gold),
        consensus=consensus,
        confusion=consensus.confusion,
        against_gold=_against(annotations, gold),
    )


def _against(annotations: Annotations, gold: pd.DataFrame | None) -> pd.DataFrame:
    """Share of each annotator's labels that equal the trusted ones."""
    if gold is None:
        return pd.DataFrame(columns=["annotator_id", "n_items", "n_right", "accuracy"])
    both = annotations.labels.merge(gold.rename(columns={"label": "true"}), on="item_id")
    same = (both["label"].map(label_text) == both["true"].map(label_text)).groupby(both["annotator_id"], sort=True)
    return pd.DataFrame({"n_items": same.size(), "n_right": same.sum(), "accuracy": same.mean()}).reset_index()
