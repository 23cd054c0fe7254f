"""Measure how good labels are, find the wrong ones, and show what fixing them is worth."""

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
    from labelqa.errors import MissingExtra, OptionError, TableError
    from labelqa.readers import convert, read, write

#: The only place that says it: pyproject.toml and `labelqa --version` read it here.
__version__ = "0.1.0"

_NAMES = {
    "annotations": ("Annotations",),
    "errors": ("MissingExtra", "OptionError", "TableError"),
    "readers": ("convert", "read", "write"),
}

__all__ = [
    "Annotations",
    "MissingExtra",
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
