"""A thin export of the model: versions, aliases, rollback, and predictions without the learning libraries."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelqa.deploy._export import Exported, export
    from labelqa.deploy._predict import Model, Predictions, load, predict
    from labelqa.deploy._registry import Aliases, promote, rollback, versions
    from labelqa.deploy._registry import read_aliases as history

_NAMES = {
    "Aliases": ("_registry", "Aliases"),
    "Exported": ("_export", "Exported"),
    "Model": ("_predict", "Model"),
    "Predictions": ("_predict", "Predictions"),
    "export": ("_export", "export"),
    "history": ("_registry", "read_aliases"),
    "load": ("_predict", "load"),
    "predict": ("_predict", "predict"),
    "promote": ("_registry", "promote"),
    "rollback": ("_registry", "rollback"),
    "versions": ("_registry", "versions"),
}

__all__ = [
    "Aliases",
    "Exported",
    "Model",
    "Predictions",
    "export",
    "history",
    "load",
    "predict",
    "promote",
    "rollback",
    "versions",
]


def __getattr__(name: str) -> Any:
    # `predict` must load where pandas and scikit-learn are not installed
    if name in _NAMES:
        module, inside = _NAMES[name]
        return getattr(importlib.import_module(f"labelqa.deploy.{module}"), inside)
    raise AttributeError(f"module 'labelqa.deploy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
