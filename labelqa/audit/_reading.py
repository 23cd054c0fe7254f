"""What an audit is made from: tables, pictures, trusted labels and decisions, each with a fingerprint."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labelqa._files import sha256
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import TableError, shown
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
    annotations = read(path, **reading) if path is not None else as_annotations(source)
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
    trusted = _gold(gold, annotations, problems)
    files += [_file("gold", Path(one)) for one in gold if not isinstance(one, pd.DataFrame)]
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
    rows = []
    for name in ("items", "views", "labels", "boxes"):
        text = getattr(annotations, name).to_csv(index=False)
        rows.append(
            {
                "what": "source",
                "path": f"table {name}",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "bytes": len(text),
            }
        )
    return rows


def _images(images: Any, source: Path | None, annotations: Annotations, problems: list[str]) -> ImageSource | None:
    from labelqa.images import ImageSource, as_source

    if isinstance(images, str | os.PathLike) and Path(images).suffix.lower() == ".parquet":
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
    if found.missing:
        problems.append(f"{len(found.missing):,} items have no picture ({shown(found.missing)}).")
    return found


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
    parts = [one if isinstance(one, pd.DataFrame) else None for one in given]
    tables = [
        as_annotations(part.assign(annotator_id=GOLD)) if part is not None else read(one, annotator=GOLD)
        for part, one in zip(parts, given, strict=True)
    ]
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
    classes = {str(label): label for label in annotations.labels["label"].unique()}
    labels = labels.assign(label=labels["label"].map(lambda label: classes.get(str(label), label)))
    return Annotations.from_frames(
        labels=_agreed(labels), boxes=boxes.drop(columns="box_id"), items=annotations.items, repeats="refuse"
    )


def _agreed(labels: pd.DataFrame) -> pd.DataFrame:
    """Join experts who say the same; where they differ the item has no trusted label."""
    same = labels.drop_duplicates(["item_id", "label"])
    return same.drop_duplicates("item_id", keep=False)[["item_id", "annotator_id", "label"]]
