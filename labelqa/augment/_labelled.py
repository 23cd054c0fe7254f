"""What `check_augmentation` works on: images with one label each, dealt into folds that no copy crosses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import need_columns
from labelqa._codes import encode_ids
from labelqa._crossval import deal_folds
from labelqa._labels import align_labels, id_texts
from labelqa.annotations import Annotations
from labelqa.augment._pictures import ids_of, read_picture, source_of
from labelqa.errors import TableError, shown
from labelqa.images import ImageSource, Pixels

Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images with one label each.

    Attributes
    ----------
    ids, label, fold
        (n,) in natural order of the ids; copies of test images are not among them.
    classes
        What the codes in `label` stand for.
    test_folds
        The folds that are predicted.
    leaks
        Training images that are copies of test images: `item_id`, `test_item_id`, `because`.
    """

    source: ImageSource
    ids: NDArray[np.object_]
    label: Longs
    classes: NDArray[np.object_]
    fold: Longs
    test_folds: Longs
    leaks: pd.DataFrame

    @property
    def majority(self) -> float:
        """Share of the most frequent class."""
        return float(np.bincount(self.label).max() / len(self.label)) if len(self.label) else float("nan")

    @property
    def reason(self) -> str | None:
        """Why nothing can be learned from these, in a sentence; None where something can."""
        if len(self.label) == 0:
            return "No image has a label."
        if len(np.unique(self.label)) < 2:
            return "All labels are of one class, so there is nothing to tell apart."
        if len(np.unique(self.fold)) < 2:
            return "There are too few images or groups to hold any of them back."
        return None


def label_images(
    images: Any,
    labels: Any,
    *,
    groups: pd.Series | Mapping[Any, Any] | Iterable[Any] | None,
    test_items: Iterable[Any] | None,
    n_folds: int,
    max_items: int,
    seed: int,
) -> LabelledImages:
    """Join images and labels by id, draw a sample, keep copies together, deal folds."""
    given = _labels_by_id(labels)
    if given is None:
        given = _in_order_of(images, labels, "labels")
    if isinstance(images, str | os.PathLike):
        source = ImageSource.from_folder(images, given["item_id"] if isinstance(given, pd.DataFrame) else given.index)
    else:
        source = source_of(images, None)
    ids = np.asarray(source.item_ids, dtype=object)
    aligned = align_labels(given, ids)
    label, classes = aligned.code, aligned.classes
    test = None if test_items is None else ids_of(test_items, "test_items")
    if test is not None and test - set(ids):
        unknown = sorted(test - set(ids))
        raise TableError(f"{len(unknown)} test items have no image ({shown(unknown)}); check the ids.")
    kept = _sample(label, max_items, seed)
    ids, label = ids[kept], label[kept]
    if groups is not None and not isinstance(groups, pd.Series | Mapping):
        groups = _in_order_of(images, groups, "groups")
    group, because = _groups(source, ids, groups)
    leaks = pd.DataFrame(columns=["item_id", "test_item_id", "because"], dtype="str")
    if test is None:
        fold = deal_folds(label, group, n_folds, seed).fold if len(ids) else np.empty(0, np.int64)
        return LabelledImages(source, ids, label, classes, fold, np.unique(fold), leaks)
    is_test = np.isin(ids, list(test))
    leaks = _leaks(ids, group, is_test, because)
    stays = ~np.isin(ids, leaks["item_id"].to_numpy(object))
    fold = np.where(is_test, 0, 1)[stays]
    return LabelledImages(source, ids[stays], label[stays], classes, fold, np.zeros(1, np.int64), leaks)


def _labels_by_id(labels: Any) -> pd.Series | pd.DataFrame | None:
    """Give labels that name their items; None where they are a list in the order of the images."""
    if isinstance(labels, Annotations):
        return labels.labels
    if isinstance(labels, pd.DataFrame):
        need_columns(labels, "labels", ["item_id", "label"])
        return labels
    if isinstance(labels, Mapping):
        return pd.Series(list(labels.values()), index=list(labels), dtype=object)
    return labels if isinstance(labels, pd.Series) else None


def _in_order_of(images: Any, values: Any, name: str) -> pd.Series:
    """Give a list in the order of the images their ids; refused where the images have no order that a user sees."""
    if not isinstance(values, Iterable) or isinstance(values, str | bytes):
        raise TableError(f"Found a {type(values).__name__} as {name}; give one for each image in its order, or by id.")
    listed = list(values)
    if isinstance(images, np.ndarray | list | tuple):
        ids = [str(place) for place in range(len(images))]
    elif isinstance(images, pd.DataFrame) and {"item_id", "image"} <= set(images.columns):
        ids = list(id_texts(images["item_id"]))
    elif isinstance(images, Mapping | pd.Series):
        ids = list(id_texts(images.keys()))
    else:
        raise TableError(
            f"Found {name} as a list and images as a {type(images).__name__}, whose order says nothing; give {name} by "
            "item id: a Series, a mapping or a table."
        )
    if len(listed) != len(ids):
        raise TableError(
            f"There are {len(ids):,} images and {len(listed):,} {name}; give one for each image, or {name} by item id."
        )
    return pd.Series(listed, index=pd.Index(ids, dtype=object), dtype=object)


def _sample(label: Longs, max_items: int, seed: int) -> Longs:
    """Choose labelled images, every class in proportion."""
    known = np.flatnonzero(label >= 0)
    if len(known) <= max_items:
        return known
    order = known[np.random.default_rng(seed).permutation(len(known))]
    order = order[np.argsort(label[order], kind="stable")]
    # evenly spaced places in a list sorted by class hold each class in proportion
    return np.sort(order[np.linspace(0, len(order) - 1, max_items).astype(np.int64)])


def _groups(
    source: ImageSource, ids: NDArray[np.object_], groups: pd.Series | Mapping[Any, Any] | None
) -> tuple[Longs, str]:
    if groups is None:
        keys = [_turned_digest(read_picture(item, source.pictures[item])) for item in ids]
        return pd.factorize(np.asarray(keys, dtype=object))[0].astype(np.int64), "the same pixels, mirrored or turned"
    given = pd.Series(groups) if isinstance(groups, Mapping) else groups
    named = id_texts(given.index)
    by_id = dict(zip(named, given, strict=True))
    torn = [item for item, value in zip(named, given, strict=True) if by_id[item] != value]
    if torn:
        raise TableError(f"{len(torn):,} items have more than one group ({shown(torn)}); give every item one.")
    absent = [item for item in ids if item not in by_id]
    if absent:
        raise TableError(f"{len(absent):,} items have no group ({shown(absent)}); give every item one.")
    if not len(ids):
        return np.empty(0, np.int64), "the same group"
    return encode_ids(pd.Series([by_id[item] for item in ids]), "groups")[0].astype(np.int64), "the same group"


def _turned_digest(image: Pixels) -> bytes:
    """Give one digest for an image and its seven mirrored and turned versions."""
    versions = [turned for k in range(4) for turned in (np.rot90(image, k), np.rot90(image, k)[:, ::-1])]
    return min(hashlib.blake2b(f"{v.shape}".encode() + v.tobytes(), digest_size=16).digest() for v in versions)


def _leaks(ids: NDArray[np.object_], group: Longs, is_test: NDArray[np.bool_], because: str) -> pd.DataFrame:
    first = dict(zip(group[is_test][::-1], ids[is_test][::-1], strict=True))
    rows = [(ids[i], first[group[i]], because) for i in np.flatnonzero(~is_test) if group[i] in first]
    return pd.DataFrame(rows, columns=["item_id", "test_item_id", "because"], dtype="str")
