"""The model that the labels of this audit teach, kept for later use."""

from __future__ import annotations

import json

import pandas as pd

from labelqa import baseline
from labelqa._files import write_text
from labelqa._result import facts_of, json_safe
from labelqa.audit._found import Case, Found, KeptModel, Nothing
from labelqa.audit.steps._fixes import labels_by_item
from labelqa.errors import MissingExtra
from labelqa.features import FeatureRecipe


def model(case: Case, found: Found) -> KeptModel | Nothing:
    """Fit the baseline on the best labels there are and write it to `model/`."""
    if found.features is None or found.label_consensus is None:
        return Nothing("Without pictures and labels of whole items there is no model.")
    consensus = found.label_consensus.consensus.table
    labels, source = _best_labels(found, consensus, found.features.features.index)
    if labels.nunique() < 2:
        return Nothing("The labels hold a single class, so there is nothing for a model to tell apart.")
    fitted = baseline.fit(found.features.exportable.loc[labels.index], labels, recipe=FeatureRecipe(), seed=case.seed)
    folder = case.folder / "model"
    file: str | None = "model/baseline.skops"
    reason = None
    try:
        baseline.save(fitted, folder / "baseline.skops")
    except MissingExtra as error:
        file, reason = None, str(error)
    kept = KeptModel(n_items=len(labels), labels=source, classes=tuple(fitted.classes), file=file, reason=reason)
    write_text(folder / "metadata.json", json.dumps(json_safe({**fitted.metadata, **facts_of(kept)}), indent=1))
    return kept


def _best_labels(found: Found, consensus: pd.DataFrame, known: pd.Index) -> tuple[pd.Series, str]:
    """Give the fixed training labels, or the labels as given where nothing was fixed, and say which."""
    if found.retrain is not None:
        return labels_by_item(found.retrain.labels), "the fixed labels, without the test items"
    return labels_by_item(consensus, known), "the labels as given"
