"""Keeping a baseline in a file that cannot run code when it is read."""

from __future__ import annotations

import dataclasses
import os
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from labelqa._extras import require
from labelqa._files import replacing
from labelqa._foreign import check_zip
from labelqa._options import check_path
from labelqa._outputs import held
from labelqa.baseline._fit import Baseline
from labelqa.errors import TableError, shown
from labelqa.features import FeatureRecipe

#: Types beyond those skops trusts by itself that a baseline may hold; files with any other are refused.
ALLOWED_TYPES = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
FORMAT = "labelqa baseline 1"
#: What skops raises for what it did not write: a schema of another shape, an unknown loader, nesting without end.
_DAMAGES = (
    BadZipFile, KeyError, ValueError, EOFError, OSError, TypeError, AttributeError, ImportError, IndexError,
    RecursionError, zlib.error,
)  # fmt: skip


def save(model: Baseline, path: str | os.PathLike[str]) -> Path:
    """Write a baseline to one file, in the skops format: it holds data, not code, unlike a pickle.

    Parameters
    ----------
    model
        What `fit` gave.
    path
        The file, by custom ending in .skops; it is replaced in one step.

    Raises
    ------
    TableError
        Where `model` is no baseline, or its classifier holds types that `load` would refuse.
    MissingExtra
        Where skops is not installed.
    OutputError
        Where another run writes the file, or it cannot be written.
    """
    if not isinstance(model, Baseline):
        raise TableError(f"Found a {type(model).__name__} as the model; give what labelqa.baseline.fit gave.")
    target = check_path("path", path)
    skops = require("skops.io", extra="skops", purpose="Keeping a baseline in a file")
    recipe = None if model.recipe is None else {**dataclasses.asdict(model.recipe), "kinds": list(model.recipe.kinds)}
    content = {
        "format": FORMAT,
        "estimator": model.estimator,
        "classes": list(model.classes),
        "feature_names": model.feature_names,
        "recipe": recipe,
        "temperature": model.temperature,
        "output_temperature": model.output_temperature,
        "metadata": model.metadata,
    }
    data = skops.dumps(content)
    unknown = sorted(set(skops.get_untrusted_types(data=data)) - set(ALLOWED_TYPES))
    if unknown:
        raise TableError(
            f"The classifier holds types that are not on the list of types trusted on reading ({shown(unknown)}); keep "
            "it by your own means, or use one of scikit-learn's own classifiers."
        )
    with held("path", target) as place, replacing(place) as temporary:
        temporary.write_bytes(data)
    return target


def load(path: str | os.PathLike[str]) -> Baseline:
    """Read a baseline that `save` wrote; nothing outside a fixed list of types is ever built.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    TableError
        Where the file is no baseline, is damaged, or holds types outside the list.
    MissingExtra
        Where skops is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from labelqa.baseline import fit
    >>> features = pd.DataFrame({"size": [1.0, 1.2, 5.0, 5.1]}, index=list("abcd"))
    >>> model = fit(features, pd.Series(["small", "small", "large", "large"], index=list("abcd")))
    >>> again = load(save(model, pathlib.Path(tempfile.mkdtemp()) / "model.skops"))
    >>> again.predict(features).tolist()
    ['small', 'small', 'large', 'large']
    """
    skops = require("skops.io", extra="skops", purpose="Reading a baseline from a file")
    if not check_path("path", path).is_file():
        raise TableError(f"There is no file {path}; give a file that labelqa.baseline.save wrote.")
    data = Path(path).read_bytes()
    try:
        check_zip(data, path)
        unknown = sorted(set(skops.get_untrusted_types(data=data)) - set(ALLOWED_TYPES))
        content = None if unknown else skops.loads(data, trusted=list(ALLOWED_TYPES))
    except TableError:
        raise
    except _DAMAGES as error:
        raise TableError(f"{path} is damaged or no baseline ({type(error).__name__}: {error}).") from error
    if unknown:
        raise TableError(f"{path} holds types that are not trusted ({shown(unknown)}); it is not read.")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise TableError(f"{path} is no baseline of this version; write it with labelqa.baseline.save.")
    try:
        return _rebuilt(content)
    except (KeyError, TypeError, ValueError) as error:
        raise TableError(f"{path} is damaged or no baseline ({type(error).__name__}: {error}).") from error


def _rebuilt(content: dict[str, Any]) -> Baseline:
    kept = content["recipe"]
    classes = np.empty(len(content["classes"]), dtype=object)
    classes[:] = content["classes"]
    return Baseline(
        estimator=content["estimator"],
        classes=classes,
        feature_names=content["feature_names"],
        recipe=None if kept is None else FeatureRecipe(**{**kept, "kinds": tuple(kept["kinds"])}),
        temperature=content["temperature"],
        output_temperature=content["output_temperature"],
        metadata=content["metadata"],
    )
