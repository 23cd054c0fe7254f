"""The habits behind the disagreement on boxes."""

from __future__ import annotations

from labelqa import agreement
from labelqa.audit._found import Case, Found, Nothing
from labelqa.audit.steps._box_agreement import NO_BOXES


def box_conventions(case: Case, found: Found) -> agreement.BoxConventions | Nothing:
    """All of `labelqa.agreement.box_conventions`."""
    annotations = case.material.annotations
    if not len(annotations.boxes):
        return Nothing(NO_BOXES)
    if annotations.boxes["annotator_id"].nunique() < 2:
        return Nothing("Only one annotator drew boxes, and habits show beside other people's.")
    return agreement.box_conventions(annotations, seed=case.seed)
