"""Measure how good labels are, find the wrong ones, and show what fixing them is worth.

Conventions
-----------
- First comes `annotations`: what `read` gives, or a table with `item_id`, `annotator_id` and `label` or the edges of
  boxes. What is trusted is `gold`, what describes an item `features`. All options are keyword-only.
- Everything is joined by item id, never by position; the order of rows changes nothing; input is never changed.
- A result holds named numbers and tidy tables, says in `reason` why something is undefined (nan), and has `to_dict()`
  and, where there is something to see, `plot()`. Ends of intervals are `low` and `high`; shares are 0 to 1; `doubt` is
  higher where something is more doubtful, a `*_score` where it is better.
- Same input and `seed`, same result.

Questions and rooms
-------------------
What stands in these files, and who said it?
    `read`, which gives `Annotations`; `write`, `convert`. More: `labelqa.readers`, `labelqa.annotations`.
Do the annotators agree beyond chance, and is it the guideline or the person?
    `labelqa.agreement`.
What is most probably true?
    `labelqa.consensus`.
What should a person look at next, and how many errors are left?
    `labelqa.noise`.
What can a model learn from these labels, and was fixing them worth it?
    `labelqa.baseline`, `labelqa.compare`; copies of pictures that keep labels right: `labelqa.augment`.
How is the model shipped, and how do I go back?
    `labelqa.deploy`.
All of it in one go, and as a page?
    `labelqa.audit`, `labelqa.report`.
Where do pictures and numbers come from?
    `labelqa.images`, `labelqa.features`.

What a user can mend is a `TableError` (the data), `ImageError` (one picture), `ModelError` (an exported model),
`OptionError` (a choice) or `MissingExtra` (what to install); the message says what was found, needed, and to do.
The same from a shell: `labelqa --help`.
"""

# no `from __future__ import annotations`: it would stand in the place of the module `labelqa.annotations`
from typing import TYPE_CHECKING

from labelqa._lazy import load_when_used

if TYPE_CHECKING:
    from labelqa import (
        agreement,
        annotations,
        audit,
        augment,
        baseline,
        compare,
        consensus,
        deploy,
        features,
        images,
        noise,
        readers,
        report,
    )
    from labelqa.annotations import Annotations
    from labelqa.errors import ImageError, MissingExtra, ModelError, OptionError, TableError
    from labelqa.readers import convert, read, write

#: The only place that says it: pyproject.toml and `labelqa --version` read it here.
__version__ = "0.2.0.dev0"

_NAMES = {
    "annotations": ("Annotations",),
    "errors": ("ImageError", "MissingExtra", "ModelError", "OptionError", "TableError"),
    "readers": ("convert", "read", "write"),
}

__all__ = [
    "Annotations",
    "ImageError",
    "MissingExtra",
    "ModelError",
    "OptionError",
    "TableError",
    "__version__",
    "agreement",
    "annotations",
    "audit",
    "augment",
    "baseline",
    "compare",
    "consensus",
    "convert",
    "deploy",
    "features",
    "images",
    "noise",
    "read",
    "readers",
    "report",
    "write",
]

__getattr__ = load_when_used(__name__, __all__, _NAMES)


def __dir__() -> list[str]:
    return sorted(__all__)
