"""Agreement on boxes."""

from __future__ import annotations

from labelqa import agreement
from labelqa.audit._found import Case, Found, Nothing

NO_BOXES = "There are no boxes."


def box_agreement(case: Case, found: Found) -> agreement.BoxAgreement | Nothing:
    """All of `labelqa.agreement.box_agreement`."""
    annotations = case.material.annotations
    if not len(annotations.boxes):
        return Nothing(NO_BOXES)
    return agreement.box_agreement(annotations, seed=case.seed)
