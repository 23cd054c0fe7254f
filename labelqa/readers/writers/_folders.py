"""Folders with files for each person: CVAT, VOC, YOLO, class folders."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from labelqa._codes import id_text
from labelqa._files import write_text
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown
from labelqa.readers._frames import is_picture_name
from labelqa.readers.writers._tables import Tables
from labelqa.readers.writers.cvat import write_cvat
from labelqa.readers.writers.voc import write_voc
from labelqa.readers.writers.yolo import write_yolo

#: What no system takes in the name of a file, and what XML has no place for.
_ODD = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*]')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cvat(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Write an export for each person."""
    people = _names(annotations.annotators, "annotators")
    _refuse_not_xml(annotations)
    for person, name in people.items():
        write_text(folder / f"{name}.xml", write_cvat(tables, person))


def voc(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Write a file per view, in a folder for each person."""
    people = _names(annotations.annotators, "annotators")
    _refuse_not_xml(annotations)
    _refuse_spaced([*annotations.items["item_id"], *annotations.boxes["label"].map(id_text)], "items or classes")
    for person, item, boxes in _views(annotations, tables):
        stem = _ODD.sub("_", item["item_id"]).replace("/", "_")[:80]
        path = folder / people[person] / "Annotations" / f"{item['number']:06}_{stem}.xml"
        write_text(path, write_voc(item, boxes))


def yolo(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Write a file per view, in a folder for each person, with the pictures and the classes."""
    people = _names(annotations.annotators, "annotators")
    classes = sorted({id_text(label) for label in annotations.boxes["label"]})
    number = {name: nth for nth, name in enumerate(classes)}
    stems = {item: _without_ending(name) for item, name in _names(annotations.items["item_id"], "items").items()}
    _refuse_equal(stems.values(), "items", "without their endings")
    for name in people.values():
        names = "".join(f"  {nth}: {json.dumps(one, ensure_ascii=False)}\n" for nth, one in enumerate(classes))
        data = f"path: .\ntrain: images\nval: images\nnc: {len(classes)}\nnames:{' []' if not classes else ''}\n{names}"
        write_text(folder / name / "data.yaml", data)
        (folder / name / "labels").mkdir()
    for person, item, boxes in _views(annotations, tables):
        if item["width"] != item["width"] or item["height"] != item["height"]:
            continue
        own, stem = folder / people[person], stems[item["item_id"]]
        write_text(own / "labels" / f"{stem}.txt", write_yolo(item, boxes, number, (item["width"], item["height"])))
        _copy(item["path"], here, own / "images", stem)


def class_folders(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Copy each picture into the folder of its class, in a folder for each person."""
    people = _names(annotations.annotators, "annotators")
    names = _names(annotations.items["item_id"], "items")
    classes = _names({id_text(label) for label in annotations.labels["label"]}, "classes")
    paths = dict(zip(annotations.items["item_id"], annotations.items["path"], strict=True))
    for row in annotations.labels.drop_duplicates(["item_id", "annotator_id"]).to_dict("records"):
        item = row["item_id"]
        there = folder / people[row["annotator_id"]] / classes[id_text(row["label"])]
        _copy(paths[item], here, there, _without_ending(names[item]))


def _views(annotations: Annotations, tables: Tables) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Give each view that was not skipped: the person, the item's row with its number, and the boxes."""
    boxes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in annotations.boxes.to_dict("records"):
        boxes.setdefault((row["item_id"], row["annotator_id"]), []).append(row)  # type: ignore[arg-type]
    items = {row["item_id"]: {**row, "number": nth} for nth, row in enumerate(tables["items"].to_dict("records"))}
    looked = annotations.views.loc[annotations.views["status"] != "skipped", ["item_id", "annotator_id"]]
    for item, person in looked.itertuples(index=False):
        yield person, items[item], boxes.get((item, person), [])  # type: ignore[misc]


def _copy(path: Any, here: Path, folder: Path, stem: str) -> None:
    """Copy a picture that is there, under another name."""
    source = here / path if isinstance(path, str) else None
    if source is not None and source.is_file():
        target = folder / f"{stem}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _without_ending(name: str) -> str:
    path = PurePosixPath(name)
    return path.with_suffix("").as_posix() if is_picture_name(name) and path.stem else name


def _names(ids: Iterable[str], what: str) -> dict[str, str]:
    """Take ids as names of files.

    Raises
    ------
    TableError
        For those that no file can have, or that only case tells apart.
    """
    texts = list(ids)
    is_item = what == "items"
    bad = [text for text in texts if not _is_name(text, may_be_path=is_item)]
    if bad:
        raise TableError(f"{len(bad):,} {what} are called as no file can be ({shown(bad)}); name them otherwise.")
    _refuse_equal(texts, what, "but for case")
    return {text: text for text in texts}


def is_file_name(text: str) -> bool:
    """Tell whether a file or folder may be called so, on any system."""
    return _is_name(text, may_be_path=False)


def _is_name(text: str, *, may_be_path: bool) -> bool:
    parts = text.split("/") if may_be_path else [text]
    plain = all(part.strip(" .") == part and part and len(part.encode()) < 200 for part in parts)
    return plain and "/" not in parts and not _ODD.search(text) and not any("/" in part for part in parts)


def _refuse_equal(names: Iterable[str], what: str, how: str) -> None:
    counts = pd.Series([name.casefold() for name in names], dtype=object).value_counts()
    twice = list(counts.index[counts > 1])
    if twice:
        raise TableError(f"{len(twice):,} names of {what} are equal {how} ({shown(twice)}); name them otherwise.")


def _refuse_not_xml(annotations: Annotations) -> None:
    tables = (annotations.items["item_id"], annotations.labels["label"], annotations.boxes["label"])
    texts = [*annotations.annotators, *(id_text(value) for column in tables for value in column.unique())]
    bad = [text for text in texts if _NOT_XML.search(text)]
    if bad:
        raise TableError(f"{len(bad):,} names hold characters that XML has no place for ({shown(bad)}); remove them.")


def _refuse_spaced(names: Iterable[str], what: str) -> None:
    bad = sorted({name for name in names if name.strip() != name or not name})
    if bad:
        told = f"{len(bad):,} {what} begin or end with space, which XML does not keep ({shown(bad)})"
        raise TableError(f"{told}; trim them.")
