"""`read`: find out the format, read, name the annotators, check."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._labels import id_texts
from labelqa._options import check_choice, check_path
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError, shown
from labelqa.readers._coco import is_coco, names_disagree, read_coco
from labelqa.readers._frames import Frames, load_json
from labelqa.readers._label_studio import is_label_studio, read_label_studio
from labelqa.readers._table import TABLE_SUFFIXES, read_table, read_table_folder, table_files

FORMATS = ("table", "coco", "label_studio")
ANNOTATOR_FROM = ("filename", "parent")


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the public name
    annotator: str | None = None,
    annotator_from: str | None = None,
    repeats: str = "latest",
    faulty_boxes: str = "fix",
) -> Annotations:
    """Read annotations from a file or a folder, check them, and say what was mapped, left out and corrected.

    What was found and done stands in `Annotations.checks`: columns that were read under another name, rows that were
    left out, boxes that were clipped.

    Parameters
    ----------
    path
        A file, or a folder that holds `labels`, `boxes`, `views`, `items` as tables, or (with `annotator_from`) one
        file per annotator.
    format
        "table" (CSV, TSV, Parquet, JSONL, JSON records), "coco" or "label_studio"; found out where it is not given.
    annotator
        The name of the person, where the file holds none. It is never guessed.
    annotator_from
        "filename" or "parent": the person's name is the file's stem, or the name of the folder it lies in.
    repeats, faulty_boxes
        As in `Annotations.from_frames`.

    Raises
    ------
    FileNotFoundError
        Where there is nothing at `path`.
    TableError
        Where the file cannot be understood, or holds no annotator and none was named.
    OptionError
        For an unknown format or `annotator_from`, or both ways of naming the annotator at once.

    Examples
    --------
    >>> import labelqa
    >>> labelqa.read("sample_data/inspection")
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    """
    if format is not None:
        check_choice("format", format, FORMATS)
    if annotator_from is not None:
        check_choice("annotator_from", annotator_from, ANNOTATOR_FROM)
        if annotator is not None:
            raise OptionError(
                f"annotator={annotator!r} and annotator_from={annotator_from!r} both name the annotator; give only one."
            )
    source = check_path("path", path)
    if not source.exists():
        raise FileNotFoundError(f"There is nothing at {source}; give the path of a file or a folder.")
    frames = _read_frames(source, format, annotator, annotator_from)
    tables = frames.tables
    checked = Annotations.from_frames(
        labels=tables.get("labels"),
        boxes=tables.get("boxes"),
        views=tables.get("views"),
        items=_one_row_per_item(tables.get("items")),
        repeats=repeats,
        faulty_boxes=faulty_boxes,
    )
    return dataclasses.replace(checked, checks=pd.concat([frames.found.table(), checked.checks], ignore_index=True))


def _read_frames(source: Path, form: str | None, annotator: str | None, annotator_from: str | None) -> Frames:
    if source.is_file():
        return _read_files([source], form, annotator, annotator_from)
    if annotator_from is None:
        files = table_files(source)
        if files and form in (None, "table"):
            return read_table_folder(source, files, annotator)
    depth = "*/*" if annotator_from == "parent" else "*"
    found = sorted(path for path in source.glob(depth) if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES)
    if not found:
        raise TableError(
            f"{source} holds no file that labelqa reads; needed is one of labels, boxes, views, items with a suffix "
            f"among {', '.join(TABLE_SUFFIXES)}, or a COCO or Label Studio JSON file."
        )
    if annotator_from is None and form in (None, "table") and any(path.suffix.lower() != ".json" for path in found):
        raise TableError(
            f"{source} holds {shown([path.name for path in found])}, none called labels, boxes, views or items; "
            "give one file, or annotator_from='filename' where each file is one annotator's."
        )
    return _read_files(found, form, annotator, annotator_from)


def _read_files(paths: list[Path], form: str | None, annotator: str | None, annotator_from: str | None) -> Frames:
    loaded = {path: load_json(path) for path in paths if path.suffix.lower() == ".json"}
    by_file_name = names_disagree([data for data in loaded.values() if is_coco(data)])
    _check_tasks(loaded)
    out = Frames()
    if by_file_name:
        out.found.add("items", "image ids that differ between files", len(loaded), "file names used as item_id")
    for path in paths:
        person = {"filename": path.stem, "parent": path.resolve().parent.name}.get(annotator_from or "", annotator)
        kind = form or _sniff(path, loaded.get(path))
        one = _read_one(path, kind, loaded.get(path), person, by_file_name)
        for name, table in one.tables.items():
            out.add(name, table)
        out.found.extend(one.found)
    return out


def _check_tasks(loaded: Mapping[Path, Any]) -> None:
    """Refuse tasks of several Label Studio files that nothing but their position could join."""
    exports = {path: data for path, data in loaded.items() if is_label_studio(data)}
    bare = [path.name for path, tasks in exports.items() if any(task.get("id") is None for task in tasks)]
    if len(exports) > 1 and bare:
        raise TableError(
            f"{shown(bare)} have tasks without an id, so nothing says which tasks of the files are the same; export "
            "with task ids."
        )


def _read_one(path: Path, kind: str, data: Any, annotator: str | None, by_file_name: bool) -> Frames:
    if kind == "coco":
        if not is_coco(data):
            raise TableError(
                f"{path} is no COCO file: it needs a JSON object with the lists 'images' and 'annotations'."
            )
        return read_coco(data, path, annotator, by_file_name=by_file_name)
    if kind == "label_studio":
        if not is_label_studio(data):
            raise TableError(f"{path} is no Label Studio export: it needs a JSON list of tasks with 'annotations'.")
        return read_label_studio(data, path, annotator)
    return read_table(path, annotator)


def _sniff(path: Path, data: Any) -> str:
    suffix = path.suffix.lower()
    if suffix != ".json":
        if suffix not in TABLE_SUFFIXES:
            raise TableError(
                f"{path} has the suffix {suffix!r}, which labelqa does not read; needed is one of "
                f"{', '.join(TABLE_SUFFIXES)}."
            )
        return "table"
    if is_coco(data):
        return "coco"
    if is_label_studio(data):
        return "label_studio"
    if isinstance(data, list):
        return "table"
    keys = shown(sorted(map(str, data))) if isinstance(data, dict) else type(data).__name__
    raise TableError(
        f"{path} is JSON of no known kind (found: {keys}); needed is COCO ('images', 'annotations'), a Label Studio "
        "export (a list of tasks) or a list of records."
    )


def _one_row_per_item(items: pd.DataFrame | None) -> pd.DataFrame | None:
    """Join what several files say of one item: the first known value of each column."""
    if items is None or "item_id" not in items or items["item_id"].isna().any():
        return items  # the checks refuse it with its rows
    items = items.assign(item_id=id_texts(items["item_id"]))
    if not items["item_id"].duplicated().any():
        return items
    sizes = items.reindex(columns=["item_id", "width", "height"]).dropna()
    unlike = sizes.groupby("item_id")[["width", "height"]].nunique().max(axis=1)
    if (unlike > 1).any():
        raise TableError(
            f"{int((unlike > 1).sum())} items have different sizes in different files "
            f"({shown(unlike.index[unlike > 1])}); their boxes cannot be compared: correct the sizes or export again."
        )
    return items.groupby("item_id", as_index=False, sort=False).first()
