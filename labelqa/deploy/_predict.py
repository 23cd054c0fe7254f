"""Predictions from an exported model, with onnxruntime, numpy and Pillow and nothing else."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labelqa._columns import in_order_of, numbered, unnamed_rows
from labelqa._onnx import METADATA_FILE, MODEL_FILE, check_classes, check_unchanged, open_model, read_metadata, stacks
from labelqa._options import check_path
from labelqa._pixels import open_image, stack_of, suffixes
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
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
        self.input, digest = _told_of(self.metadata, folder)
        check_unchanged(folder / MODEL_FILE, digest)
        self._session = open_model(
            folder / MODEL_FILE, purpose="Running an exported model", advice="export it again", n_threads=0
        )
        self.classes = check_classes(self._session, self.metadata, folder)

    def run(self, batch: NDArray[Any]) -> Floats32:
        """Give probabilities (n, k) for images (n, h, w, 3) of uint8, or for feature rows (n, d) of float32.

        Raises
        ------
        TableError
            For a batch of another type or shape, and for features that are missing or infinite.
        """
        _check_batch(batch, self.metadata["input"])
        return np.asarray(self._session.run(["probabilities"], {self.input: batch})[0])

    @takes_tables()
    def predict(self, items: Any) -> Predictions:
        """Predict images, or feature rows where the model takes those; see `labelqa.deploy.predict`."""
        if self.input == "features":
            ids, rows = _feature_rows(items, self.metadata["input"])
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
        is_clear: Any = np.isfinite(probabilities).all(axis=1).tolist()
        unclear = [item for item, is_good in zip(ids, is_clear, strict=True) if not is_good]
        if unclear:
            raise ModelError(
                f"The model gives no finite probabilities for {len(unclear):,} of {len(ids):,} items "
                f"({shown(unclear)}); it is not fit for these inputs: leave them out, or roll back to another version."
            )
        labels = [self.classes[place] for place in probabilities.argmax(axis=1)] if len(ids) else []
        return Predictions(ids, labels, probabilities, self.classes)

    def __repr__(self) -> str:
        known = self.metadata
        what = f"{known['name']!r}, version {known['version']}, {self.input} in, classes {shown(self.classes)}"
        return f"ExportedModel({what})"


def _told_of(metadata: Mapping[str, Any], folder: Path) -> tuple[str, str]:
    """Give the name of the input and the hash of the graph."""
    taken, graph = metadata.get("input"), metadata.get("model")
    is_whole = (
        isinstance(taken, dict)
        and isinstance(graph, dict)
        and isinstance(taken.get("name"), str)
        and isinstance(taken.get("shape"), list)
        and taken.get("type") in ("uint8", "float32")
        and isinstance(graph.get("sha256"), str)
    )
    if not is_whole:
        raise ModelError(
            f"{folder / METADATA_FILE} does not say what the model takes (input) or what its file is (model); restore "
            "it, or export the model again."
        )
    return metadata["input"]["name"], metadata["model"]["sha256"]


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
    folder = check_path("root", root)
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


@takes_tables()
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
        An image file, a folder of them, a list of files or pixels, a mapping or Series id -> file or pixels, or one
        array (n, h, w, 3). Where the model was exported from the features on: a table with the columns of training in
        any order, by item id, or rows (n, d) without names in the order of training; a model trained on rows without
        names has the columns "0", "1"....
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
    TableError
        For columns that are not those of training, and features that are missing or infinite.
    ModelError
        Where the model gives no finite probabilities.
    """
    model = root if isinstance(root, ExportedModel) else load(root, name=name, alias=alias, version=version)
    return model.predict(items)


def _pictures(items: Any) -> dict[str, Any]:
    if isinstance(items, bytes):
        items = [items]
    if isinstance(items, str | os.PathLike):
        place = Path(items)
        if place.is_dir():
            known = suffixes()
            files = sorted(found for found in place.rglob("*") if found.suffix.lower() in known and found.is_file())
            return {found.relative_to(place).as_posix(): found for found in files}
        return {place.name: place}
    if (stack := stack_of(items)) is not None:
        return _by_id(
            (str(item) if isinstance(item, str | os.PathLike) else place for place, item in enumerate(stack)), stack
        )
    if isinstance(getattr(items, "pictures", None), Mapping):  # an ImageSource
        items = items.pictures
    if isinstance(items, Mapping):
        return _by_id(items, items.values())
    if hasattr(items, "columns") and {"item_id", "image"} <= set(items.columns):
        items = items.set_index("item_id")["image"]
    if hasattr(items, "index") and hasattr(items, "array"):  # a Series, without loading pandas
        return _by_id(items.index, items.array)
    raise TableError(f"Found a {type(items).__name__}; give image files, a folder, or pixels.")


def _by_id(ids: Iterable[Any], pictures: Iterable[Any]) -> dict[str, Any]:
    names = _names(ids)
    if len(set(names)) < len(names):
        twice = [name for place, name in enumerate(names) if name in names[:place]]
        raise TableError(f"A picture is listed twice ({shown(twice)}); name each once.")
    return dict(zip(names, pictures, strict=True))


def _names(ids: Iterable[Any]) -> list[str]:
    """Give ids as text: 7, 7.0 and "7" are one id."""
    whole = (int(i) if isinstance(i, float | np.floating) and float(i).is_integer() else i for i in ids)
    return [str(item) for item in whole]


def _feature_rows(items: Any, taken: Mapping[str, Any]) -> tuple[list[str], Floats32]:
    """Give the ids and rows of features, joined with the columns of training by the rule of `labelqa._columns`."""
    n_features = int(taken["shape"][1])
    columns = taken.get("columns") or numbered(n_features)
    if hasattr(items, "columns") and hasattr(items, "set_index"):
        if "item_id" in items.columns and items.index.name != "item_id":
            items = items.set_index("item_id")
        ids = _names(items.index)
        values = in_order_of(columns, items)
    elif isinstance(items, Mapping):
        ids, values = _names(items), unnamed_rows(list(items.values()), columns)
    elif isinstance(items, np.ndarray | list | tuple) and not any(isinstance(row, str | os.PathLike) for row in items):
        values = unnamed_rows(items, columns)
        ids = numbered(len(values))
    else:
        raise TableError(
            "This model was exported from the features on and does not know how to make them from images; give feature "
            f"rows of shape (n, {n_features})."
        )
    try:
        with np.errstate(over="ignore"):  # what is too large for float32 is refused as infinite
            rows = np.ascontiguousarray(_real(np.asarray(values)), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TableError(
            f"The features are no table of numbers ({error}); give {n_features} numbers per item."
        ) from error
    twice = [item for item, n in Counter(ids).items() if n > 1]
    if twice:
        raise TableError(f"{len(twice):,} item ids of the features occur twice ({shown(twice)}); keep one row.")
    _check_batch(rows, taken, ids)
    return ids, rows


def _real(values: NDArray[Any]) -> NDArray[Any]:
    """Refuse what numpy would turn into numbers: texts, times, and the real part of complex numbers."""
    kinds = set(values.dtype.kind) if values.dtype != object else {np.asarray(cell).dtype.kind for cell in values.flat}
    if kinds & set("USMmc"):
        raise TypeError("there are texts, times or complex numbers among them")
    return values


def _check_batch(batch: NDArray[Any], taken: Mapping[str, Any], ids: Sequence[str] | None = None) -> None:
    """Refuse what the graph would fail on, or answer in silence."""
    shape = tuple(taken["shape"])
    fits = batch.ndim == len(shape) and batch.shape[-1] == shape[-1] and batch.dtype == np.dtype(taken["type"])
    if not fits:
        raise TableError(
            f"The {taken['name']} input has shape {batch.shape} of {batch.dtype}; this model needs "
            f"({', '.join(map(str, shape))}) of {taken['type']}."
        )
    if taken["type"] == "float32" and not (is_finite := np.isfinite(batch).all(axis=1)).all():
        names = ids if ids is not None else [str(place) for place in range(len(batch))]
        bad = [name for name, is_good in zip(names, is_finite, strict=True) if not is_good]
        raise TableError(
            f"{len(bad):,} items have features that are missing or infinite ({shown(bad)}); fill them in or leave "
            "these items out."
        )
