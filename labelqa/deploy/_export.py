"""A model as one file that runs without Python's learning libraries, and everything needed to trust it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from labelqa import baseline
from labelqa._files import sha256, write_text
from labelqa._onnx import METADATA_FILE, MODEL_FILE
from labelqa._result import Result, json_safe
from labelqa.annotations import Annotations
from labelqa.deploy._card import model_card
from labelqa.deploy._graph import IR_VERSION, ML_OPSET, OPSET, build
from labelqa.deploy._parity import Parity, compare, refuse_unless_passed
from labelqa.deploy._registry import CARD_FILE, PYTHON_FILE, new_version
from labelqa.deploy._subject import Items, Subject, as_items, as_subject
from labelqa.errors import MissingExtra, ModelError, OptionError, TableError, shown

FORMAT = "labelqa model 1"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Exported(Result):
    """What was exported, and how closely it follows the model.

    Attributes
    ----------
    name, version
        Where it stands: `<path>/<name>/<version>/`.
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
        What is missing; None if nothing.
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


def export(
    model: Any,
    path: str | os.PathLike[str],
    *,
    name: str,
    items: Any,
    labels: pd.Series | pd.DataFrame | None = None,
    data: Annotations | str | os.PathLike[str] | None = None,
    fixes: str | os.PathLike[str] | None = None,
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
    path
        The folder of all models; the version gets the next number below `name`.
    name
        The model's name, a folder name.
    items
        Items not used in training, at least `n_parity`: pictures (see `labelqa.images.as_source`; `Annotations` whose
        items have a path will do), or feature rows where the graph starts from features.
    labels
        Trusted labels of (some of) these items, for the accuracy in the metadata.
    data
        The annotations, or the file or folder, the model was trained on: their hash is recorded.
    fixes
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
    if n_parity < 1:
        raise OptionError(f"n_parity={n_parity!r} compares nothing; give at least 1.")
    subject = as_subject(model, from_features=from_features)
    held_out = as_items(items, subject)
    graph = build(subject.estimator, subject.n_features, subject.recipe, subject.temperature, len(subject.classes))
    parity, said = compare(subject, graph, held_out, n_parity)
    refuse_unless_passed(parity, subject.estimator)
    measured = {**_measured(subject, held_out, said, labels), **(metrics or {})}
    origin = {"data": _data_hash(data), "fixes": _fixes_hash(fixes), "comparison": _comparison(comparison)}
    with new_version(path, name) as (number, folder):
        (folder / MODEL_FILE).write_bytes(graph.SerializeToString())
        reason = _write_python(subject, folder)
        metadata = _metadata(subject, folder, parity, measured) | origin
        metadata |= {"name": name, "version": number, "notes": notes, "python_model_missing": reason}
        metadata = json_safe(metadata)
        write_text(folder / METADATA_FILE, json.dumps(metadata, indent=2, ensure_ascii=False) + "\n")
        write_text(folder / CARD_FILE, model_card(metadata))
    return Exported(
        name=name,
        version=number,
        path=Path(path) / name / str(number),
        n_bytes=int(metadata["model"]["bytes"]),
        n_parity=parity.n_items,
        max_difference=parity.max_difference,
        n_label_changes=parity.n_label_changes,
        python_ms=parity.python_ms,
        graph_ms=parity.graph_ms,
        accuracy=float(measured.get("accuracy", np.nan)),
        reason=reason,
        metadata=metadata,
    )


def _write_python(subject: Subject, folder: Path) -> str | None:
    """Keep the Python model beside the graph, as data and not as code; say why not where that is impossible."""
    if subject.baseline is None:
        return "only models of labelqa.baseline are kept on the Python side"
    try:
        baseline.save(subject.baseline, folder / PYTHON_FILE)
    except (MissingExtra, TableError) as error:
        return str(error)
    return None


def _metadata(subject: Subject, folder: Path, parity: Parity, measured: dict[str, Any]) -> dict[str, Any]:
    """Say what the file is, what it takes and gives, and how it was checked."""
    file = folder / MODEL_FILE
    if subject.recipe is None:
        taken: dict[str, Any] = {"name": "features", "type": "float32", "shape": ["n", subject.n_features]}
        taken["columns"] = subject.feature_names
    else:
        taken = {"name": "image", "type": "uint8", "shape": ["n", "height", "width", 3], "layout": "RGB"}
        taken["features"] = {"kinds": list(subject.recipe.kinds), "size": subject.recipe.size}
    packages = ("labelqa", "numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx")
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "classes": subject.classes,
        "input": taken,
        "outputs": [
            {"name": "probabilities", "type": "float32", "shape": ["n", len(subject.classes)]},
            {"name": "class_index", "type": "int64", "shape": ["n"]},
        ],
        "model": {
            "file": MODEL_FILE,
            "sha256": sha256(file),
            "bytes": file.stat().st_size,
            "opset": {"": OPSET, "ai.onnx.ml": ML_OPSET},
            "ir_version": IR_VERSION,
        },
        "parity": parity.to_dict(),
        "metrics": measured,
        "training": subject.training,
        "versions": {package: _version(package) for package in packages},
    }


def _version(package: str) -> str:
    # from the package itself, which may run from a folder without being installed
    return str(import_module("labelqa").__version__) if package == "labelqa" else installed(package)


def _measured(
    subject: Subject, items: Items, said: np.ndarray[Any, Any], labels: pd.Series | pd.DataFrame | None
) -> dict[str, Any]:
    if labels is None:
        return {}
    if isinstance(labels, pd.DataFrame):
        labels = labels.set_index("item_id")["label"]
    known = {str(item): label for item, label in labels.items()}
    unseen = sorted({str(label) for label in known.values()} - {str(value) for value in subject.classes})
    if unseen:
        raise ModelError(
            f"{len(unseen)} classes of the held-out labels are missing from training ({shown(unseen)}; trained on "
            f"{shown(subject.classes)}); the model can never name them. Train on items of these classes, or leave "
            "their items out."
        )
    place = {str(value): column for column, value in enumerate(subject.classes)}
    named = [next((name for name in _names_of(item) if name in known), None) for item in items.ids]
    mine = [row for row, name in enumerate(named) if name is not None]
    if not mine:
        raise TableError(
            f"No held-out item has a label in labels=; the ids must match (items: {shown(items.ids)}; labels: "
            f"{shown(known)})."
        )
    true = np.asarray([place[str(known[name])] for name in named if name is not None])
    right = said[mine].argmax(axis=1) == true
    p = np.clip(said[mine][np.arange(len(mine)), true], 1e-12, 1.0)
    low, high = _wilson(int(right.sum()), len(right))
    return {
        "accuracy": float(right.mean()), "accuracy_low": low, "accuracy_high": high,
        "log_loss": float(-np.log(p).mean()), "n_labelled": len(mine),
    }  # fmt: skip


def _names_of(item: str) -> tuple[str, ...]:
    """Give what labels may call an item: its id, or, where the id is a file, the file without its ending."""
    path = PurePosixPath(item)
    return item, path.with_suffix("").as_posix() if path.name else item, path.stem


def _wilson(n_right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927)."""
    z, p = 1.959964, n_right / n
    centre, spread = (p + z * z / (2 * n)), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float((centre - spread) / (1 + z * z / n)), float((centre + spread) / (1 + z * z / n))


def _data_hash(data: Annotations | str | os.PathLike[str] | None) -> dict[str, Any] | None:
    if data is None:
        return None
    if isinstance(data, Annotations):
        parts = [table.to_csv(index=False).encode() for table in (data.labels, data.boxes)]
        counts = {"n_items": len(data.items), "n_labels": len(data.labels), "n_boxes": len(data.boxes)}
        return {"sha256": hashlib.sha256(b"\0".join(parts)).hexdigest(), **counts}
    path = Path(data)
    if path.is_file():
        return {"sha256": sha256(path), "file": path.name}
    if not path.is_dir():
        raise TableError(f"There is no file or folder {path}; give what the model was trained on as data=.")
    files = sorted(found for found in path.rglob("*") if found.is_file())
    listed = "\n".join(f"{found.relative_to(path).as_posix()} {sha256(found)}" for found in files)
    return {"sha256": hashlib.sha256(listed.encode()).hexdigest(), "folder": path.name, "n_files": len(files)}


def _fixes_hash(fixes: str | os.PathLike[str] | None) -> dict[str, Any] | None:
    if fixes is None:
        return None
    path = Path(fixes)
    if not path.is_file():
        raise TableError(f"There is no file {path}; give the file of decisions as fixes=.")
    n_lines = sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {"sha256": sha256(path), "file": path.name, "n_decisions": n_lines}


def _comparison(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    kept = ("verdict", "difference", "low", "high", "p_value", "margin", "n_test", "n_fixes", "reason")
    found = given if isinstance(given, dict) else {key: getattr(given, key) for key in kept if hasattr(given, key)}
    if found.get("verdict") not in ("helps", "hurts", "equivalent", "inconclusive"):
        raise OptionError(
            f"comparison has the verdict {found.get('verdict')!r}; give what labelqa.compare.compare_fixes gave, or a "
            "dict whose verdict is 'helps', 'hurts', 'equivalent' or 'inconclusive'."
        )
    return {key: found[key] for key in kept if key in found}
