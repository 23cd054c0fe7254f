"""A thin export of the model: versions, aliases, rollback, and predictions without the learning libraries.

Conventions
-----------
A registry is a folder, `root`; below it each model has a `name`, and below that each version a number:
`root/name/1/model.onnx` beside `metadata.json`, `MODEL_CARD.md` and, where skops is installed, `model.skops`. Triton,
KServe and MLServer read the same layout. Versions are never changed; `aliases.json` says which of them answers
("champion"), which is tried on a share of the requests ("challenger") and which answers unheard ("shadow"), and keeps
every change with its reason. Each function takes `root` first and `name=` by name. Shares lie between 0 and 1. What
answers needs onnxruntime, numpy and Pillow and nothing else.

Questions
---------
- Does the file answer as the model does? `export`: it is not written where one probability differs or a label changes.
- Which version answers now, since when and why? `aliases`; which are there? `versions`.
- May this version answer? `promote`: yes where `labelqa.compare` did not find that it hurts, else only with a reason.
- How do I go back? `rollback`.
- What does the model say of new pictures? `predict`; `load` keeps it open for many calls.

Map
---
`export` -> `Exported`; `load` -> `ExportedModel`; `predict` -> `Predictions`; `promote`, `rollback`, `aliases` ->
`Aliases`; `versions` -> numbers.

References
----------
Mitchell et al., "Model cards for model reporting", FAT* 2019; ONNX operator sets 21 and ai.onnx.ml 1.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from labelqa._lazy import load_when_used

if TYPE_CHECKING:
    from labelqa.deploy._export import Exported, export
    from labelqa.deploy._predict import ExportedModel, Predictions, load, predict
    from labelqa.deploy._registry import Aliases, aliases, promote, rollback, versions

__all__ = [
    "Aliases",
    "Exported",
    "ExportedModel",
    "Predictions",
    "aliases",
    "export",
    "load",
    "predict",
    "promote",
    "rollback",
    "versions",
]

# `predict` must load where pandas and scikit-learn are not installed
_HELD = {
    "_export": ("Exported", "export"),
    "_predict": ("ExportedModel", "Predictions", "load", "predict"),
    "_registry": ("Aliases", "aliases", "promote", "rollback", "versions"),
}
_load = load_when_used(__name__, __all__, _HELD)
#: Names of the release before.
_FORMER = {"Model": "ExportedModel", "history": "aliases"}


def __getattr__(name: str) -> Any:
    if name in _FORMER:
        warnings.warn(
            f"labelqa.deploy.{name} is called {_FORMER[name]} now; the old name goes with the next release.",
            FutureWarning,
            stacklevel=2,
        )
    return _load(_FORMER.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
