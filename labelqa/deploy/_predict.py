"""Predictions from an exported model, with onnxruntime, numpy and Pillow and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labelqa._onnx import METADATA_FILE, MODEL_FILE, check_unchanged, open_model, read_metadata, stacks
from labelqa._pixels import SUFFIXES, open_image
from labelqa._renamed import renamed
from labelqa.deploy._registry import resolve
from labelqa.errors import ModelError, TableError, shown

if TYPE_CHECKING:
    import pandas as pd

Floats32 = NDArray[np.float32]
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the model says of each item.

    Attributes
    ----------
    item_ids
        Files by their path within the folder; arrays by their position.
    labels
        The most probable class of each.
    probabilities
        float32 (n, k), columns in the order of `classes`.
    classes
        The class of each column.
    """

    item_ids: list[str]
    labels: list[Any]
    probabilities: Floats32
    classes: list[Any]

    def rows(self) -> list[dict[str, Any]]:
        """Give one dict per item: `item_id`, `label`, `probability` of that label."""
        best = self.probabilities.max(axis=1, initial=0.0)
        return [
            {"item_id": item, "label": label, "probability": float(p)}
            for item, label, p in zip(self.item_ids, self.labels, best, strict=True)
        ]

    @property
    def table(self) -> pd.DataFrame:
        """The rows as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=["item_id", "label", "probability"])

    def __repr__(self) -> str:
        return f"Predictions({len(self.item_ids):,} items, classes {shown(self.classes)})"


class ExportedModel:
    """An exported model, loaded and checked; see `load`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata = read_metadata(folder)
        self.classes: list[Any] = list(self.metadata["classes"])
        self.input: str = self.metadata["input"]["name"]
        check_unchanged(folder / MODEL_FILE, self.metadata["model"]["sha256"])
        self._session = open_model(
            folder / MODEL_FILE, purpose="Running an exported model", advice="export it again", n_threads=0
        )

    def run(self, batch: NDArray[Any]) -> Floats32:
        """Give probabilities (n, k) for images (n, h, w, 3) of uint8, or for feature rows (n, d) of float32."""
        return np.asarray(self._session.run(["probabilities"], {self.input: batch})[0])

    def predict(self, items: Any) -> Predictions:
        """Predict images, or feature rows where the model takes those; see `labelqa.deploy.predict`."""
        if self.input == "features":
            ids, rows = _feature_rows(items, int(self.metadata["input"]["shape"][1]))
            said = [self.run(rows[start : start + 1024]) for start in range(0, len(rows), 1024)]
            return self._named(ids, said)
        pictures = _pictures(items)
        ids = list(pictures)
        return self._named(ids, list(self._run_images(pictures)))

    def _run_images(self, pictures: Mapping[str, Any]) -> Iterator[Floats32]:
        """Run images in order; neighbours of one size go together."""
        opened = (
            open_image(picture, name=f"The image of item {item!r}" if isinstance(picture, np.ndarray) else None)
            for item, picture in pictures.items()
        )
        yield from (self.run(batch) for batch in stacks(opened, _BATCH))

    def _named(self, ids: list[str], said: Sequence[Floats32]) -> Predictions:
        probabilities = np.vstack(said) if said else np.empty((0, len(self.classes)), np.float32)
        labels = [self.classes[place] for place in probabilities.argmax(axis=1)] if len(ids) else []
        return Predictions(ids, labels, probabilities, self.classes)

    def __repr__(self) -> str:
        known = self.metadata
        what = f"{known['name']!r}, version {known['version']}, {self.input} in, classes {shown(self.classes)}"
        return f"ExportedModel({what})"


@renamed(path="root")
def load(
    root: str | os.PathLike[str], *, name: str | None = None, alias: str = "champion", version: int | None = None
) -> ExportedModel:
    """Load an exported model and make sure that it is the file that was exported.

    Parameters
    ----------
    root
        The folder of all models, with `name`; or the folder of one version (it holds model.onnx), without.
    name, alias, version
        Which model of the folder; the alias counts where no version is given.

    Raises
    ------
    ModelError
        Where there is no such model, or its file is damaged or was changed.
    OptionError
        For an unknown alias.
    MissingExtra
        Where onnxruntime is not installed.
    """
    folder = Path(root)
    if name is not None:
        return ExportedModel(resolve(folder, name, alias=alias, version=version))
    if folder.name == MODEL_FILE:
        folder = folder.parent
    if not (folder / METADATA_FILE).is_file():
        inside = sorted(found.name for found in folder.iterdir() if found.is_dir()) if folder.is_dir() else []
        raise ModelError(
            f"{root} is no exported version (it has no {METADATA_FILE}); give the folder of a version, or name= one of "
            f"the models in it ({', '.join(inside[:10]) or 'none'})."
        )
    return ExportedModel(folder)


@renamed(path="root")
def predict(
    root: str | os.PathLike[str] | ExportedModel,
    items: Any,
    *,
    name: str | None = None,
    alias: str = "champion",
    version: int | None = None,
) -> Predictions:
    """Predict images or folders from an exported model, as the Python pipeline would.

    Parameters
    ----------
    root
        The folder of all models, see `load`; or what `load` gave, to load it once.
    items
        An image file, a folder of them, a list of files or pixels, a mapping id -> file or pixels, or one array
        (n, h, w, 3); feature rows (n, d) where the model was exported from the features on.
    name, alias, version
        Which model, see `load`.

    Returns
    -------
    Predictions
        Labels and probabilities, in the order of the input (of the file names for a folder).

    Raises
    ------
    ImageError
        For a file that cannot be read in full.
    """
    model = root if isinstance(root, ExportedModel) else load(root, name=name, alias=alias, version=version)
    return model.predict(items)


def _pictures(items: Any) -> dict[str, Any]:
    if isinstance(items, str | os.PathLike):
        place = Path(items)
        if place.is_dir():
            files = sorted(found for found in place.rglob("*") if found.suffix.lower() in SUFFIXES and found.is_file())
            return {found.relative_to(place).as_posix(): found for found in files}
        return {place.name: place}
    if isinstance(items, Mapping):
        return {str(item): picture for item, picture in items.items()}
    if isinstance(items, np.ndarray):
        if items.ndim not in (3, 4):
            raise TableError(f"An array of images has shape (n, height, width[, 3]); found {items.shape}.")
        return {str(place): image for place, image in enumerate(items)}
    if isinstance(items, Sequence):
        named = [str(item) if isinstance(item, str | os.PathLike) else str(n) for n, item in enumerate(items)]
        if len(set(named)) < len(named):
            raise TableError("A file is listed twice; name each once.")
        return dict(zip(named, items, strict=True))
    raise TableError(f"Found a {type(items).__name__}; give image files, a folder, or pixels.")


def _feature_rows(items: Any, n_features: int) -> tuple[list[str], Floats32]:
    ids = [str(value) for value in items.index] if hasattr(items, "index") and hasattr(items, "to_numpy") else None
    if isinstance(items, str | os.PathLike) or (ids is None and not isinstance(items, np.ndarray)):
        raise TableError(
            "This model was exported from the features on and does not know how to make them from images; give feature "
            f"rows of shape (n, {n_features})."
        )
    rows = np.ascontiguousarray(items.to_numpy(np.float32) if ids is not None else items, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != n_features:
        raise TableError(f"Features have shape {rows.shape}; this model needs (n, {n_features}).")
    return ids if ids is not None else [str(place) for place in range(len(rows))], rows
