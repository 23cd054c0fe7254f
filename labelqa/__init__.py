"""Measure how good labels are, find the wrong ones, and show what fixing them is worth."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelqa import agreement, audit, augment, baseline, compare, consensus, deploy, noise, readers, report
    from labelqa.annotations import Annotations
    from labelqa.errors import MissingExtra, OptionError, TableError
    from labelqa.readers import read, write

__version__ = "0.1.0"

_ROOMS = ("agreement", "audit", "augment", "baseline", "compare", "consensus", "deploy", "noise", "readers", "report")
_NAMES = {
    "Annotations": "labelqa.annotations",
    "MissingExtra": "labelqa.errors",
    "OptionError": "labelqa.errors",
    "TableError": "labelqa.errors",
    "read": "labelqa.readers",
    "write": "labelqa.readers",
}

__all__ = [
    "Annotations",
    "MissingExtra",
    "OptionError",
    "TableError",
    "__version__",
    "agreement",
    "audit",
    "augment",
    "baseline",
    "compare",
    "consensus",
    "deploy",
    "noise",
    "read",
    "readers",
    "report",
    "write",
]


def __getattr__(name: str) -> Any:
    # PEP 562: `import labelqa` stays free of third-party packages until a name is used
    if name in _ROOMS:
        return importlib.import_module(f"labelqa.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'labelqa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
