"""The steps of an audit: one file each, one function each, from the case at hand to a room's own result.

A step takes the `Case` (what was read, the readable pictures, the seed) and what was `Found` before it, and hands on a
`Result`, or `Nothing` with the reason in a sentence. It draws and writes nothing (but for the model, which is a file).
Results are stored as they are (`labelqa.audit._storing`) and read back before the next step sees them, so that an
interrupted audit goes on where it stopped: a later step may use stored fields only.

To add a step: a file here with its function, its name in `STEPS`, a field of the same name in `Found`, and its result
in `summary.schema.json`. Sections (`labelqa.audit.sections`) show what it found.
"""

from __future__ import annotations

from collections.abc import Callable

from labelqa._result import Result
from labelqa.audit._found import Case, Found
from labelqa.audit.steps._box_agreement import box_agreement
from labelqa.audit.steps._box_consensus import box_consensus
from labelqa.audit.steps._box_conventions import box_conventions
from labelqa.audit.steps._features import features
from labelqa.audit.steps._flags import flags
from labelqa.audit.steps._label_agreement import label_agreement
from labelqa.audit.steps._label_consensus import label_consensus
from labelqa.audit.steps._model import model
from labelqa.audit.steps._pictures import pictures
from labelqa.audit.steps._retrain import retrain

Step = Callable[[Case, Found], Result]

#: In order; each sees the results of those before it. The pictures come first: what cannot be read is set aside.
STEPS: dict[str, Step] = {
    "pictures": pictures,
    "label agreement": label_agreement,
    "box agreement": box_agreement,
    "box conventions": box_conventions,
    "label consensus": label_consensus,
    "box consensus": box_consensus,
    "features": features,
    "flags": flags,
    "retrain": retrain,
    "model": model,
}

__all__ = ["STEPS", "Step"]
