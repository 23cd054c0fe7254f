"""What an audit is made from: tables, pictures, trusted labels and decisions, each with a fingerprint."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa._codes import label_text
from labelqa._files import sha256
from labelqa._findings import Findings
from labelqa._foreign import check_parquet
from labelqa._labels import label_table
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError, TableError, shown
from labelqa.readers import TABLE_SUFFIXES, read

if TYPE_CHECKING:
    from labelqa.images import ImageSource

#: The name under which trusted labels stand in tables of annotators.
GOLD = "gold"


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """Everything that was read.

    Attributes
    ----------
    name
        What the report calls the data.
    annotations
        The annotators' tables.
    images
        The pictures, or None where there are none.
    gold
        Trusted labels or boxes by one annotator called `GOLD`, or None.
    decisions
        Path of a reviewer's file, or None.
    files
        What was read: `what`, `path`, `sha256`, `bytes`.
    problems
        What could not be used, in sentences; the audit is partial if there are any.
    """

    name: str
    annotations: Annotations
    images: ImageSource | None
    gold: Annotations | None
    decisions: Path | None
    files: list[dict[str, Any]]
    problems: tuple[str, ...] = ()


def read_material(source: Any, *, images: Any, gold: list[Any], decisions: Any, reading: dict[str, Any]) -> Material:
    """Read everything that was named.

    Raises
    ------
    TableError, OptionError, OSError
        Where something cannot be read; see `labelqa.read`.
    """
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    annotations = read(path, **reading) if path is not None else as_annotations(source, repeats=reading["repeats"])
    annotations = _storable_labels(annotations)
    if not len(annotations.labels) and not len(annotations.boxes):
        raise TableError(
            f"{path or 'The given tables'} holds neither labels nor boxes; an audit needs rows of item_id, "
            "annotator_id and label, or of boxes with x_min, y_min, x_max, y_max."
        )
    files = _source_files(path) if path is not None else _table_hashes(annotations)
    problems: list[str] = []
    pictures = _images(images, path, annotations, problems)
    if pictures is not None:
        files.append(_image_hash(pictures, images))
        annotations = _with_sizes_of(pictures, annotations)
    trusted = _gold(gold, annotations, problems)
    files += [one for given in gold for one in _gold_files(given)]
    decided = None if decisions is None else Path(decisions)
    if decided is not None:
        files.append(_file("decisions", decided))
    return Material(
        name=_name(path),
        annotations=annotations,
        images=pictures,
        gold=trusted,
        decisions=decided,
        files=files,
        problems=tuple(problems),
    )


def used_reading(source: Any, reading: dict[str, Any]) -> dict[str, Any]:
    """Give the options of reading as they are used; tables in memory have been read.

    Raises
    ------
    OptionError
        For an option that cannot be used on `source`.
    """
    if isinstance(source, str | os.PathLike):
        normalise = reading["normalise"]
        return {
            **reading,
            "repeats": reading["repeats"] or "latest",
            "ground_truth": reading["ground_truth"] or "leave_out",
            "predictions": reading["predictions"] or "leave_out",
            "crowds": reading["crowds"] or "keep",
            "several_classes": reading["several_classes"] or "set",
            "normalise": normalise if normalise is None or isinstance(normalise, str) else ",".join(normalise),
        }
    given = {name: value for name, value in reading.items() if name != "repeats" and value is not None}
    if given:
        name, value = next(iter(given.items()))
        raise OptionError(
            f"{name}={value!r} says how to read a file, and the source is a table in memory; leave it out, or give the "
            "path of the file."
        )
    if not isinstance(source, Annotations):
        return {**reading, "repeats": reading["repeats"] or "latest"}
    # what was chosen when the tables were checked; without any repeat all choices are the same
    is_kept = bool(source.labels.duplicated(["item_id", "annotator_id"]).any())
    chosen = ("keep" if is_kept else "latest") if len(source.repeats) else reading["repeats"] or "latest"
    if reading["repeats"] not in (None, chosen):
        raise OptionError(
            f"repeats={reading['repeats']!r} cannot be used: these Annotations were checked with repeats={chosen!r}, "
            "and hold repeated labels; make them again with Annotations.from_frames(..., repeats=...)."
        )
    return {**reading, "repeats": chosen}


def _storable_labels(annotations: Annotations) -> Annotations:
    """Turn labels that JSON does not know (times, decimals, sets) into text, and say so."""
    tables, notes = {}, []
    for name in ("labels", "boxes", "repeats"):
        table = getattr(annotations, name)
        odd = {type(value).__name__ for value in table["label"].unique() if not _is_json(value)}
        if odd:
            tables[name] = table.assign(label=[label_text(value) for value in table["label"]])
            notes.append((name, f"labels of type {', '.join(sorted(odd))}", len(table), "read as text", ""))
    checks = pd.DataFrame(notes, columns=annotations.checks.columns)
    if not notes:
        return annotations
    return replace(annotations, checks=pd.concat([annotations.checks, checks], ignore_index=True), **tables)


def _is_json(value: Any) -> bool:
    return isinstance(value, str | bool | int | float | np.bool_ | np.integer | np.floating)


def _gold_files(one: Any) -> list[dict[str, Any]]:
    """Give the fingerprint of trusted labels in a file or in memory."""
    if isinstance(one, str | os.PathLike):
        return [_file("gold", Path(one))]
    tables = [one.labels, one.boxes] if isinstance(one, Annotations) else [_table_of_gold(one)]
    return [_hashed("gold", "table gold", table) for table in tables if len(table)]


def _table_of_gold(one: Any) -> pd.DataFrame:
    """Give trusted labels in memory as a table.

    Raises
    ------
    TableError
        Where they are of no kind that can be used.
    """
    if isinstance(one, pd.DataFrame):
        return one
    if isinstance(one, pd.Series):
        return label_table(one, "gold")
    raise TableError(
        f"Found a {type(one).__name__} as gold; give a file, a table with item_id and label (or box corners), a Series "
        "by item id, Annotations, or a list of such."
    )


def _name(path: Path | None) -> str:
    if path is None:
        return "tables in memory"
    return path.resolve().name if path.is_dir() else path.stem


def _source_files(path: Path) -> list[dict[str, Any]]:
    if path.is_file():
        return [_file("source", path)]
    return [
        _file("source", one)
        for one in sorted(path.glob("*")) + sorted(path.glob("*/*"))
        if one.is_file() and one.suffix.lower() in TABLE_SUFFIXES and "gold" not in one.stem
    ]


def _file(what: str, path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path} ({what}); give the path of a file.")
    return {"what": what, "path": path.as_posix(), "sha256": sha256(path), "bytes": path.stat().st_size}


def _table_hashes(annotations: Annotations) -> list[dict[str, Any]]:
    # repeats show how people agree with themselves
    names = ["items", "views", "labels", "boxes", *(["repeats"] if len(annotations.repeats) else [])]
    return [_hashed("source", f"table {name}", getattr(annotations, name)) for name in names]


def _hashed(what: str, name: str, table: pd.DataFrame) -> dict[str, Any]:
    text = table.to_csv(index=False)
    return {"what": what, "path": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)}


def _images(images: Any, source: Path | None, annotations: Annotations, problems: list[str]) -> ImageSource | None:
    from labelqa.images import ImageSource, as_source

    if isinstance(images, str | os.PathLike) and Path(images).suffix.lower() == ".parquet":
        check_parquet(images, images)
        table = pd.read_parquet(images, columns=["item_id", "image"])
        found = ImageSource.from_bytes(table).select(annotations.items["item_id"])
    elif images is not None:
        found = as_source(images, annotations)
    elif source is not None:
        root = source if source.is_dir() else source.parent
        folder = root / "images" if (root / "images").is_dir() else root
        if folder == root and annotations.items["path"].isna().all():
            return None
        found = ImageSource.from_folder(folder, annotations)
    else:
        return None
    if not len(found):
        if images is None:
            return None
        raise TableError(
            f"None of the {len(annotations.items):,} items has a picture in {images} (items: "
            f"{shown(annotations.items['item_id'].head(3))}); name files by item_id, or add a path column to the items."
        )
    if found.outside:
        problems.append(
            f"{len(found.outside):,} items name pictures outside the folder, which are not read "
            f"({shown(found.outside)}); allow them where the file is trusted."
        )
    if found.missing:
        problems.append(f"{len(found.missing):,} items have no picture ({shown(found.missing)}).")
    return found


def _with_sizes_of(pictures: ImageSource, annotations: Annotations) -> Annotations:
    """Fill in sizes that are unknown from the pictures, and report those that differ from what the file says."""
    from labelqa.errors import ImageError
    from labelqa.images import size_of

    items = annotations.items
    real = np.full((len(items), 2), np.nan)
    for row, item in enumerate(items["item_id"]):
        picture = pictures.pictures.get(item)
        if isinstance(picture, str | os.PathLike | bytes):
            try:
                real[row] = size_of(picture)
            except ImageError:
                continue  # the check of the pictures says why
    said = items[["width", "height"]].to_numpy(np.float64)
    differs = (np.isfinite(said) & np.isfinite(real)).all(axis=1) & (said != real).any(axis=1)
    turned = differs & (said == real[:, ::-1]).all(axis=1)
    table = items.assign(width=np.where(np.isnan(said[:, 0]), real[:, 0], said[:, 0]))
    table = table.assign(height=np.where(np.isnan(said[:, 1]), real[:, 1], said[:, 1]))
    found = Findings()
    for mask, what in ((turned, "picture that is turned against the size in the file"),
                       (differs & ~turned, "picture of another size than the file says")):  # fmt: skip
        sizes = [f"{item}: {w:g} x {h:g}, not {a:g} x {b:g}" for item, (w, h), (a, b)
                 in zip(items["item_id"][mask], real[mask], said[mask], strict=True)]  # fmt: skip
        found.add("items", what, len(sizes), "kept: boxes may lie elsewhere than they were drawn", sizes)
    checks = pd.concat([annotations.checks, found.table()], ignore_index=True)
    return replace(annotations, items=table, checks=checks)


def _image_hash(pictures: ImageSource, given: Any) -> dict[str, Any]:
    # the content decides, not names or times: the same pictures elsewhere are the same input
    hashed = hashlib.sha256()
    total = 0
    for item in pictures.item_ids:
        hashed.update(f"{item}\0{pictures.digest(item)}\n".encode())
        total += len(pictures.raw(item) or b"")
    shown_path = Path(given).as_posix() if isinstance(given, str | os.PathLike) else f"{len(pictures):,} pictures"
    return {"what": "images", "path": shown_path, "sha256": hashed.hexdigest(), "bytes": total}


def _gold(given: list[Any], annotations: Annotations, problems: list[str]) -> Annotations | None:
    if not given:
        return None
    tables = [_storable_labels(_gold_table(one)) for one in given]
    labels = pd.concat([one.labels for one in tables], ignore_index=True).assign(annotator_id=GOLD)
    boxes = pd.concat([one.boxes for one in tables], ignore_index=True).assign(annotator_id=GOLD)
    known = set(annotations.items["item_id"])
    unknown = sorted((set(labels["item_id"]) | set(boxes["item_id"])) - known)
    if unknown:
        problems.append(f"{len(unknown):,} items with trusted labels are not in the data ({shown(unknown)}); left out.")
    labels, boxes = (table.loc[table["item_id"].isin(known)] for table in (labels, boxes))
    if not len(labels) and not len(boxes):
        raise TableError(
            f"None of the {len(unknown):,} items with trusted labels is in the data (gold: {shown(unknown, 3)}; data: "
            f"{shown(annotations.items['item_id'].head(3))}); both files must use the same item_id."
        )
    # labels that were text in one file and numbers in the other are the same labels
    classes = {label_text(label): label for label in annotations.labels["label"].unique()}
    named = [classes.get(label_text(label), label) for label in labels["label"]]
    labels = labels.assign(label=pd.Series(named, index=labels.index, dtype=object))
    return Annotations.from_frames(
        labels=_agreed(labels), boxes=boxes.drop(columns="box_id"), items=annotations.items, repeats="refuse"
    )


def _gold_table(one: Any) -> Annotations:
    if isinstance(one, str | os.PathLike):
        return read(one, annotator=GOLD)
    if isinstance(one, Annotations):
        return one
    return as_annotations(_table_of_gold(one).assign(annotator_id=GOLD))


def _agreed(labels: pd.DataFrame) -> pd.DataFrame:
    """Join experts who say the same; where they differ the item has no trusted label."""
    same = labels.drop_duplicates(["item_id", "label"])
    return same.drop_duplicates("item_id", keep=False)[["item_id", "annotator_id", "label"]]
