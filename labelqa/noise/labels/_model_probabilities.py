"""What an image classifier in an ONNX file says of every picture."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from labelqa._onnx import METADATA_FILE, MODEL_FILE, check_unchanged, read_metadata, stacks
from labelqa._options import check_path
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import ImageError, ModelError, OptionError, shown
from labelqa.images import ImageSource, as_source
from labelqa.noise._joining import SUM_TOLERANCE
from labelqa.noise.labels._onnx_classifier import SCALE, OnnxClassifier, PixelScaling

Floats = NDArray[np.float64]


@takes_tables()
def model_probabilities(
    path: str | os.PathLike[str],
    images: Any,
    *,
    items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
    classes: Sequence[Hashable] | None = None,
    size: int | tuple[int, int] | None = None,
    mean: float | Sequence[float] = 0.0,
    std: float | Sequence[float] = 1.0,
    scale: float = SCALE,
) -> pd.DataFrame:
    """Ask your own image classifier for the probability of every class: a second opinion to judge labels by.

    Give the result to `label_issues` as `pred_probs=`. The model should not have learned from the labels it judges: it
    repeats the errors it was trained on, and they go unseen.

    Parameters
    ----------
    path
        A model exported by labelqa (the folder of a version, or its model.onnx), or any ONNX file with one input of
        shape (n, 3, height, width) or (n, height, width, 3), float32 or uint8, its sides fixed or free.
    images
        A folder, or any form `labelqa.images.as_source` takes.
    items
        Whose pictures; by default all.
    classes
        What the columns of the output mean, in their order; by default what the metadata of an exported model say.
    size
        A side, or (height, width), that pictures are brought to (bilinear, the whole picture); by default what the
        graph fixes, else every picture goes in as large as it is.
    mean, std, scale
        A graph of floats sees `(pixels * scale - mean) / std` of RGB pixels 0 to 255; mean and std are one number or
        three. A graph of uint8 sees the raw pixels.

    Returns
    -------
    DataFrame
        Index `item_id`, one column per class, rows sum to one. Where the rows of the graph's output are no
        probabilities (some number is below 0, or a row does not sum to one) they are taken as logits and softmax is
        applied to all; `.attrs["softmax"]` says whether it was.

    Raises
    ------
    ModelError
        For a file that is missing, damaged or no image classifier, or another number of classes than `classes`.
    OptionError
        For classes that nobody names, or a size or scaling that does not fit the graph.
    ImageError
        For items without a picture, or a picture that cannot be read in full.
    MissingExtra
        Where onnxruntime is not installed.

    Examples
    --------
    A model that scores each colour by its mean:

    >>> import tempfile
    >>> import numpy as np, onnx
    >>> from labelqa.noise import model_probabilities
    >>> graph = onnx.parser.parse_model('''
    ...     <ir_version: 10, opset_import: ["": 21]>
    ...     colours (float[n, 3, h, w] image) => (float[n, 3] scores)
    ...     { means = GlobalAveragePool(image)
    ...       scores = Flatten(means) }''')
    >>> file = tempfile.mkdtemp() + "/colours.onnx"
    >>> onnx.save(graph, file)
    >>> pictures = {"a": np.full((8, 8, 3), [255, 0, 0], np.uint8), "b": np.full((9, 6, 3), [0, 0, 255], np.uint8)}
    >>> model_probabilities(file, pictures, classes=["red", "green", "blue"])
             red  green  blue
    item_id
    a        1.0    0.0   0.0
    b        0.0    0.0   1.0
    """
    file, known = _find(check_path("path", path), classes)
    model = OnnxClassifier(file, size=size, scaling=PixelScaling(scale=scale, mean=mean, std=std))
    source = as_source(images, items)
    if source.missing:
        raise ImageError(
            f"{len(source.missing):,} items have no picture ({shown(source.missing)}); check the folder and the path "
            "column of items, or leave these items out."
        )
    said = _run(model, source, len(known))
    is_softmax = not _are_probabilities(said)
    index = pd.Index(source.item_ids, dtype="str", name="item_id")
    values = softmax(said, axis=1) if is_softmax else said
    table = pd.DataFrame(values, index=index, columns=pd.Index(known, dtype=object))
    table.attrs["softmax"] = is_softmax
    return table


def _find(path: Path, classes: Sequence[Hashable] | None) -> tuple[Path, list[Hashable]]:
    """Give the model's file and its classes, from the metadata of an export where they are not given."""
    file = path / MODEL_FILE if path.is_dir() else path
    if not file.is_file():
        raise ModelError(f"There is no model {file}; give an ONNX file, or the folder of an exported version.")
    if classes is not None:
        return file, _checked(classes)
    if file.name != MODEL_FILE or not (file.parent / METADATA_FILE).is_file():
        raise OptionError(
            f"Nothing says what the outputs of {file} mean (there is no {METADATA_FILE} of labelqa beside it); give "
            "classes=, in the order of its outputs."
        )
    try:
        metadata = read_metadata(file.parent)
    except ModelError as error:
        raise ModelError(f"{error} For a model that labelqa did not export, give classes=.") from error
    check_unchanged(file, metadata["model"]["sha256"])
    return file, list(metadata["classes"])


def _checked(classes: Sequence[Hashable]) -> list[Hashable]:
    known: list[Hashable] = [classes] if isinstance(classes, str) else list(classes)
    if len(known) < 2 or len(set(known)) < len(known):
        raise OptionError(f"classes={classes!r} is one class, none, or names one twice; give each output its own.")
    return known


def _run(model: OnnxClassifier, source: ImageSource, n_classes: int) -> Floats:
    """Run every picture: (n, k), as the graph gives them; no more than one batch is in memory."""
    out = [np.empty((0, n_classes))]
    opened = (model.fit(source.open(item)) for item in source.item_ids)
    for batch in stacks(opened, model.batch):
        said = model.run(batch)
        if said.shape[1] != n_classes:
            raise ModelError(
                f"{model.file} gives {said.shape[1]} numbers for each picture and there are {n_classes} classes; give "
                "classes= with one name for each output, in their order."
            )
        out.append(said)
    values = np.vstack(out)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        items = np.asarray(source.item_ids, dtype=object)[bad]
        raise ModelError(
            f"{model.file} gives nan or infinity for {len(items):,} items ({shown(items)}); check scale=, mean= and "
            "std=."
        )
    return values


def _are_probabilities(said: Floats) -> bool:
    return bool((said >= 0).all() and (np.abs(said.sum(axis=1) - 1) <= SUM_TOLERANCE).all())
