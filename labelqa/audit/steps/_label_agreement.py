"""Agreement on labels of whole items."""

from __future__ import annotations

from labelqa import agreement
from labelqa.audit._found import Case, Found, Nothing

NO_LABELS = "There are no labels of whole items."


def label_agreement(case: Case, found: Found) -> agreement.LabelAgreement | Nothing:
    """All of `labelqa.agreement.label_agreement`."""
    annotations = case.material.annotations
    if not len(annotations.labels):
        return Nothing(NO_LABELS)
    return agreement.label_agreement(annotations, seed=case.seed)
