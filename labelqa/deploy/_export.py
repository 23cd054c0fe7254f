"""A model as one file that runs without Python's learning libraries, and everything needed to trust it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa import baseline
from labelqa._files import sha256, write_text
from labelqa._kernels.intervals import wilson
from labelqa._labels import id_texts, label_table
from labelqa._onnx import METADATA_FILE, MODEL_FILE
from labelqa._options import check_path, check_whole
from labelqa._renamed import renamed
from labelqa._result import Result, json_safe
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.deploy._card import model_card
from labelqa.deploy._classifier import Classifier, HeldOut, as_classifier, as_held_out
from labelqa.deploy._graph import IR_VERSION, ML_OPSET, OPSET, build
from labelqa.deploy._origin import origin_of
from labelqa.deploy._parity import Parity, compare_answers, refuse_unless_passed
from labelqa.deploy._registry import CARD_FILE, PYTHON_FILE, new_version
from labelqa.errors import MissingExtra, ModelError, TableError, shown

FORMAT = "labelqa model 1"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Exported(Result):
    """What was exported, and how closely it follows the model.

    Attributes
    ----------
    name, version
        Where it stands: `<root>/<name>/<version>/`.
    path
        That folder; it holds model.onnx, metadata.json, MODEL_CARD.md and, where skops is installed, model.skops.
    n_bytes
        Size of model.onnx.
    n_parity, max_difference, n_label_changes
        Items compared, the largest difference of a probability, and labels that changed (always 0).
    python_ms, graph_ms
        Median milliseconds per item, one at a time.
    accuracy
        On the items whose labels were given; nan without.
    reason
        What is missing, in a sentence; None if nothing.
    metadata
        What stands in metadata.json.
    """

    name: str
    version: int
    path: Path
    n_bytes: int
    n_parity: int
    max_difference: float
    n_label_changes: int
    python_ms: float
    graph_ms: float
    accuracy: float
    reason: str | None
    metadata: dict[str, Any]


@takes_tables()
@renamed(path="root", labels="gold", data="annotations", fixes="decisions")
def export(
    model: Any,
    root: str | os.PathLike[str],
    *,
    name: str,
    items: Any,
    gold: pd.Series | pd.DataFrame | Mapping[Any, Any] | NDArray[Any] | Sequence[Any] | None = None,
    annotations: Annotations | str | os.PathLike[str] | None = None,
    decisions: str | os.PathLike[str] | None = None,
    comparison: Any = None,
    metrics: dict[str, Any] | None = None,
    notes: str = "",
    from_features: bool = False,
    n_parity: int = 500,
) -> Exported:
    """Write a model as ONNX, after making sure that the file answers as the model does.

    A model fitted on pictures becomes one graph from raw pixels to probabilities: whoever runs it cannot get the
    preprocessing wrong. The graph is compared with the model on held-out items, and not written if it differs.

    Parameters
    ----------
    model
        What `labelqa.baseline.fit` gave, or any fitted scikit-learn classifier with probabilities (from features on).
    root
        The folder of all models; the version gets the next number below `name`.
    name
        The model's name, a folder name.
    items
        Items not used in training, at least `n_parity`: pictures (see `labelqa.images.as_source`; `Annotations` whose
        items have a path will do), or feature rows where the graph starts from features.
    gold
        Trusted labels of (some of) these items, for the accuracy in the metadata.
    annotations
        What the model was trained on, or the file or folder of it: its hash is recorded.
    decisions
        The file of decisions that corrected them: its hash and number of lines are recorded.
    comparison
        What `labelqa.compare.compare_fixes` gave, or a dict with `verdict`; `promote` reads it.
    metrics
        Further numbers to record.
    notes
        A sentence for the model card: what it is for, what it must not be used for.
    from_features
        Start from the feature vector even where the features are known.
    n_parity
        Items needed for the comparison.

    Returns
    -------
    Exported

    Raises
    ------
    ModelError
        Where the graph differs from the model, there are too few items, a class is missing from training, or
        the classifier cannot be written as a graph.
    MissingExtra
        Where onnx, onnxruntime or skl2onnx is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np, pandas as pd
    >>> from labelqa import baseline, deploy
    >>> random = np.random.default_rng(0)
    >>> features = pd.DataFrame({"size": random.normal(size=600)})
    >>> model = baseline.fit(features[:100], (features["size"] > 0)[:100])
    >>> done = deploy.export(model, tempfile.mkdtemp(), name="sizes", items=features[100:])
    >>> done.version, done.n_parity, done.max_difference < 1e-5
    (1, 500, True)
    """
    check_whole("n_parity", n_parity, 1)
    classifier = as_classifier(model, from_features=from_features)
    held_out = as_held_out(items, classifier)
    graph = build(classifier)
    parity, said = compare_answers(classifier, graph, held_out, n_parity)
    refuse_unless_passed(parity, classifier.estimator)
    facts = {
        "parity": parity.to_dict(),
        "metrics": {**_measured(classifier, held_out, said, _gold_by_id(gold, items)), **(metrics or {})},
        "notes": notes,
        **origin_of(annotations, decisions, comparison),
    }
    with new_version(root, name) as (number, folder):
        facts |= {"name": name, "version": number}
        metadata = _write(folder, classifier, graph.SerializeToString(), facts)
    return _as_result(check_path("root", root) / name / str(number), parity, metadata)


def _as_result(path: Path, parity: Parity, metadata: dict[str, Any]) -> Exported:
    accuracy = metadata["metrics"].get("accuracy")
    return Exported(
        name=metadata["name"],
        version=metadata["version"],
        path=path,
        n_bytes=int(metadata["model"]["bytes"]),
        n_parity=parity.n_items,
        max_difference=parity.max_difference,
        n_label_changes=parity.n_label_changes,
        python_ms=parity.python_ms,
        graph_ms=parity.graph_ms,
        accuracy=np.nan if accuracy is None else float(accuracy),
        reason=metadata["python_model_missing"],
        metadata=metadata,
    )


def _write(folder: Path, classifier: Classifier, graph: bytes, facts: dict[str, Any]) -> dict[str, Any]:
    """Write the graph, the Python model, the metadata and the card; give the metadata."""
    (folder / MODEL_FILE).write_bytes(graph)
    reason = _write_python(classifier, folder)
    metadata: dict[str, Any] = json_safe(_metadata(classifier, folder) | facts | {"python_model_missing": reason})
    write_text(folder / METADATA_FILE, json.dumps(metadata, indent=2, ensure_ascii=False) + "\n")
    write_text(folder / CARD_FILE, model_card(metadata))
    return metadata


def _write_python(classifier: Classifier, folder: Path) -> str | None:
    """Keep the Python model beside the graph, as data and not as code; say why not where that is impossible."""
    if classifier.baseline is None:
        return "Only models of labelqa.baseline are kept on the Python side."
    try:
        baseline.save(classifier.baseline, folder / PYTHON_FILE)
    except (MissingExtra, TableError) as error:
        return str(error)
    return None


def _metadata(classifier: Classifier, folder: Path) -> dict[str, Any]:
    """Say what the file is, what it takes and gives, and how it was checked."""
    file = folder / MODEL_FILE
    if classifier.recipe is None:
        taken: dict[str, Any] = {"name": "features", "type": "float32", "shape": ["n", classifier.n_features]}
        taken["columns"] = classifier.feature_names
    else:
        taken = {"name": "image", "type": "uint8", "shape": ["n", "height", "width", 3], "layout": "RGB"}
        taken["features"] = {"kinds": list(classifier.recipe.kinds), "size": classifier.recipe.size}
    packages = ("labelqa", "numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx")
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "classes": classifier.classes,
        "input": taken,
        "outputs": [
            {"name": "probabilities", "type": "float32", "shape": ["n", len(classifier.classes)]},
            {"name": "class_index", "type": "int64", "shape": ["n"]},
        ],
        "model": {
            "file": MODEL_FILE,
            "sha256": sha256(file),
            "bytes": file.stat().st_size,
            "opset": {"": OPSET, "ai.onnx.ml": ML_OPSET},
            "ir_version": IR_VERSION,
        },
        "training": classifier.training,
        "versions": {package: _version(package) for package in packages},
    }


def _version(package: str) -> str:
    # from the package itself, which may run from a folder without being installed
    return str(import_module("labelqa").__version__) if package == "labelqa" else installed(package)


def _gold_by_id(gold: Any, items: Any) -> dict[str, Any] | None:
    """Give the trusted label of each id; a list of them goes by position only where the items do."""
    if gold is None:
        return None
    if isinstance(gold, Mapping):
        gold = pd.Series(list(gold.values()), index=pd.Index(list(gold), dtype=object), dtype=object)
    by_position = isinstance(gold, np.ndarray | list | tuple)
    if by_position and not (isinstance(items, np.ndarray | list | tuple) and len(items) == len(gold)):
        n_items = (
            f"a list of {len(items)}" if isinstance(items, np.ndarray | list | tuple) else f"a {type(items).__name__}"
        )
        raise TableError(
            f"Found a list of {len(gold)} labels as gold and {n_items} as items; give gold by item id, or one label "
            "for each item of an array or list."
        )
    table = label_table(gold, "gold")
    ids = id_texts(table["item_id"])
    twice = pd.Series(ids)[pd.Series(ids).duplicated()].unique()
    if len(twice):
        raise TableError(f"{len(twice)} items have more than one label in gold ({shown(twice)}); keep one per item.")
    return {item: label for item, label in zip(ids, table["label"], strict=True) if not pd.isna(label)}


def _measured(
    classifier: Classifier, items: HeldOut, said: np.ndarray[Any, Any], known: dict[str, Any] | None
) -> dict[str, Any]:
    if known is None:
        return {}
    unseen = sorted({str(label) for label in known.values()} - {str(value) for value in classifier.classes})
    if unseen:
        raise ModelError(
            f"{len(unseen)} classes of the held-out labels are missing from training ({shown(unseen)}; trained on "
            f"{shown(classifier.classes)}); the model can never name them. Train on items of these classes, or leave "
            "their items out."
        )
    place = {str(value): column for column, value in enumerate(classifier.classes)}
    named = [next((name for name in _names_of(item) if name in known), None) for item in items.ids]
    mine = [row for row, name in enumerate(named) if name is not None]
    if not mine:
        raise TableError(
            f"No held-out item has a label in gold=; the ids must match (items: {shown(items.ids)}; labels: "
            f"{shown(known)})."
        )
    fits = pd.Series([name for name in named if name is not None])
    if fits.duplicated().any():
        shared = fits[fits.duplicated()].unique()
        raise TableError(
            f"{len(shared)} labels of gold fit more than one held-out item ({shown(shared)}); name each item by its "
            f"whole id (items: {shown(items.ids)})."
        )
    true = np.asarray([place[str(known[name])] for name in named if name is not None])
    right = said[mine].argmax(axis=1) == true
    p = np.clip(said[mine][np.arange(len(mine)), true], 1e-12, 1.0)
    low, high = wilson(int(right.sum()), len(right))
    return {
        "accuracy": float(right.mean()), "accuracy_low": low, "accuracy_high": high,
        "log_loss": float(-np.log(p).mean()), "n_labelled": len(mine),
    }  # fmt: skip


def _names_of(item: str) -> tuple[str, ...]:
    """Give what labels may call an item: its id, or, where the id is a file, the file without its ending."""
    path = PurePosixPath(item)
    return item, path.with_suffix("").as_posix() if path.name else item, path.stem
