"""Opening and running ONNX files; needs onnxruntime and numpy and nothing else.

Serving an exported model and judging labels by a model both go through this module.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._extras import require
from labelqa._files import sha256
from labelqa._foreign import json_of, utf8_of
from labelqa.errors import ModelError

MODEL_FILE, METADATA_FILE = "model.onnx", "metadata.json"
#: Where the graph holds its classes, as `classes_text` writes them.
CLASSES_KEY = "labelqa.classes"


def read_metadata(folder: Path) -> dict[str, Any]:
    """Read metadata.json of an exported version.

    Raises
    ------
    ModelError
        Where it is missing or damaged.
    """
    path = folder / METADATA_FILE
    try:
        data = json_of(utf8_of(path.read_bytes(), path), path)
    except FileNotFoundError as error:
        raise ModelError(f"There is no {path}; the version is not complete: export it again.") from error
    except ValueError as error:
        raise ModelError(f"{path} is damaged ({error}); restore it or export the model again.") from error
    if not isinstance(data, dict) or not str(data.get("format", "")).startswith("labelqa model"):
        raise ModelError(f"{path} was not written by labelqa; export the model with labelqa.deploy.export.")
    return data


def classes_text(classes: Iterable[Any]) -> str:
    """Write classes as one text, to tell whether two lists are the same in values, types and order."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in classes]
    text: str = json.dumps(plain, ensure_ascii=True, default=str)
    return text


def check_classes(session: Any, metadata: dict[str, Any], folder: Path) -> list[Any]:
    """Give the classes of an exported version, whose columns the graph names as well.

    Raises
    ------
    ModelError
        Where metadata.json has other classes, in another order, or none.
    """
    classes = metadata.get("classes")
    said = session.get_modelmeta().custom_metadata_map.get(CLASSES_KEY)
    n = next((one.shape[-1] for one in session.get_outputs() if one.name == "probabilities"), None)
    is_same = isinstance(classes, list) and len(classes) == n and said in (None, classes_text(classes))
    if not is_same:
        raise ModelError(
            f"{folder / METADATA_FILE} names other classes than {MODEL_FILE}, or in another order; restore it, or "
            "export the model again."
        )
    return list(classes or ())


def check_unchanged(file: Path, expected: str) -> None:
    """Refuse a file that is not the one that was exported.

    Raises
    ------
    ModelError
        Where it is missing or its SHA-256 is another.
    """
    if not file.is_file():
        raise ModelError(f"There is no {file}; export the model again.")
    if sha256(file) != expected:
        raise ModelError(
            f"{file} is not the file that was exported (its SHA-256 differs from metadata.json): it is damaged or was "
            "changed. Restore it, or roll back to another version."
        )


def open_model(model: Path | bytes, *, purpose: str, advice: str, n_threads: int = 1) -> Any:
    """Open a file, or a graph in memory, as an onnxruntime session on the CPU.

    Parameters
    ----------
    model
        The file, or the bytes of one.
    purpose, advice
        For messages: what needs onnxruntime, and what to do about a graph that it does not take.
    n_threads
        One thread adds up in one order, so that the same input gives the same digits; 0 leaves it to onnxruntime.

    Raises
    ------
    ModelError
        Where onnxruntime does not take the graph.
    MissingExtra
        Where onnxruntime is not installed.
    """
    runtime = require("onnxruntime", extra="onnx", purpose=purpose)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.log_severity_level = 3
    called = model if isinstance(model, Path) else "The graph"
    given = str(model) if isinstance(model, Path) else model
    try:
        return runtime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if not is_runtime_error(error):
            raise
        raise ModelError(f"{called} cannot be loaded by onnxruntime ({str(error)[:300]}); {advice}.") from error


def is_runtime_error(error: Exception) -> bool:
    """Tell onnxruntime's own errors, which share no base class, from all others."""
    return "onnxruntime" in type(error).__module__


def stacks(images: Iterable[NDArray[Any]], size: int) -> Iterator[NDArray[Any]]:
    """Put neighbours of one shape together, (n, ...) with n up to `size`; the order stays."""
    waiting: list[NDArray[Any]] = []
    for image in images:
        if waiting and (waiting[0].shape != image.shape or len(waiting) == size):
            yield np.stack(waiting)
            waiting = []
        waiting.append(image)
    if waiting:
        yield np.stack(waiting)
