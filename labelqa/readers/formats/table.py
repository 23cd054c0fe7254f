"""Long tables: CSV, TSV, Parquet, JSONL, JSON records and Excel, with the column names people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES, STATUSES, need_columns
from labelqa.errors import OptionError, TableError, shown
from labelqa.readers._frames import PLACE, PLACES, TABLES, Frames, Reading, existing_path, name_annotator
from labelqa.readers._headings import ALIASES, renamed_columns
from labelqa.readers._opened import Source
from labelqa.readers._record import record

#: Endings of the files that may hold annotations.
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".ndjson", ".json", ".xlsx", ".gz", ".zip")
_ITEM_NAMES = ("item_id", "path")
_IDS = ("item_id", "annotator_id")


def is_table(source: Source) -> bool:
    """Tell a table by its suffix; JSON by a list of records that hold no lists of objects."""
    _ = source.data if source.suffix == ".zip" else b""
    if source.suffix != ".json":
        return source.suffix in TABLE_SUFFIXES
    data = source.json
    return isinstance(data, list) and all(isinstance(row, dict) and not _is_nested(row) for row in data)


def _is_nested(row: dict[str, Any]) -> bool:
    """Tell a record with a list of answers in it, which one row of a table cannot hold."""
    return any(
        isinstance(value, list) and value and all(isinstance(each, dict) for each in value) for value in row.values()
    )


def read_table(source: Source, how: Reading) -> Frames:
    """Read one long table; its columns tell whether it holds labels, boxes, views or items.

    Raises
    ------
    TableError
        Where no column holds an answer, or cells hold objects.
    """
    out = Frames()
    path = source.path
    raw = plain_cells(source.table, path)
    if {"Input", "Answer"} <= {str(column).partition(".")[0] for column in raw.columns}:
        raise TableError(
            f"{path} looks like results of Mechanical Turk without HITId, AssignmentId, WorkerId or AssignmentStatus; "
            "give the file as it was downloaded, or write its columns as item_id, annotator_id and label."
        )
    table = renamed_columns(raw, path, out.found, chosen=how.columns)
    if "item_id" not in table and ("label" in table or set(BOX_EDGES) <= set(table.columns)):
        need_columns(table, path.name, ["item_id"])
    placed = _placed(table, path, how, out)
    if set(BOX_EDGES) <= set(table.columns):
        _add_boxes(name_annotator(placed, how.annotator, path), out)
    elif "label" in table:
        _add_labels(name_annotator(placed, how.annotator, path), out)
    elif "status" in table or ({"annotator_id", "item_id"} <= set(table.columns) and _has_only_known(table)):
        out.add("views", name_annotator(placed, how.annotator, path))
    else:
        raise TableError(
            f"{path} has no column that holds an answer: neither a label nor box corners (columns found: "
            f"{shown(list(table.columns), 12)}); needed are item_id, annotator_id and label, or the corners "
            f"{', '.join(BOX_EDGES)}. Say which column it is: map={{'label': NAME}}; where each column is "
            "one annotator's, give format='wide_table'."
        )
    for sibling in sorted(path.parent.glob(path.name.replace("boxes", "views"))) if "boxes" in path.name else ():
        if "views" not in out.tables:
            out.found.add("files", f"{sibling.name} lies beside it", 1, "not read: give the folder to read both")
    return out


def _placed(table: pd.DataFrame, path: Path, how: Reading, out: Frames) -> pd.DataFrame:
    """Number the rows, where their places are asked for."""
    if not how.with_places or "item_id" not in table:
        return table
    table = table.assign(**{PLACE: pd.Series([(path, row) for row in range(len(table))], index=table.index)})
    person = None if "annotator_id" in table else how.annotator
    out.add(PLACES, table[["item_id"]].assign(annotator_id=person, **{PLACE: table[PLACE]}))
    return table


def _has_only_known(table: pd.DataFrame) -> bool:
    return set(table.columns) <= {"item_id", "annotator_id", "status", "seconds", "created_at", "unread"}


def _note(source: Source, out: Frames) -> None:
    for what, action in source.notes:
        out.found.add("files", f"{what} in {source.path.name}", 1, action)


def plain_cells(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Refuse a name that stands for two columns; leave out columns without a name and without content."""
    doubled = table.columns[table.columns.duplicated() & (table.columns.map(str) != "")]
    if len(doubled):
        raise TableError(f"{path} has the column {shown(doubled.unique())} more than once; keep one of them.")
    nameless = [place for place, column in enumerate(table.columns) if str(column).strip() == ""]
    blank = [place for place in nameless if table.iloc[:, place].isna().all()]
    kept = [place for place in range(table.shape[1]) if place not in blank]
    return table.iloc[:, kept]


def _refuse_objects(table: pd.DataFrame) -> None:
    for column in (*_IDS, "label"):
        if column in table and table[column].dtype == object:
            odd = [value for value in table[column] if isinstance(value, dict | list | np.ndarray)]
            # a list of classes may be a label, but nobody's name
            if odd and (column != "label" or any(isinstance(value, dict) for value in odd)):
                raise TableError(f"{column} holds objects ({shown(odd[:2])}); give one text or number per row.")


def table_files(folder: Path) -> dict[str, Path]:
    """Find the tables of a folder: `labels.csv`, `boxes_annotators.parquet`...; gold tables are not among them.

    Raises
    ------
    TableError
        Where two files hold the same table.
    """
    out: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = _table_name(path)
        if path.suffix.lower() not in TABLE_SUFFIXES or name not in TABLES:
            continue
        if name in out:
            raise TableError(
                f"{folder} holds {out[name].name} and {path.name}, both with the {name}; remove one of them."
            )
        out[name] = path
    return out


def _table_name(path: Path) -> str:
    stem = path.name.removesuffix(".gz").removesuffix(".zip")
    return Path(stem).stem.removesuffix("_annotators")


def read_table_folder(folder: Path, files: dict[str, Path], how: Reading) -> Frames:
    """Read a folder of tables."""
    out = Frames()
    used: set[str] = set()
    for name, path in files.items():
        source = Source(path)
        with record(path):
            raw = plain_cells(source.table, path)
        only = _ITEM_NAMES if name == "items" else tuple(ALIASES)
        chosen = {ours: column for ours, column in how.columns.items() if column in raw.columns and name != "items"}
        used |= set(chosen)
        table = renamed_columns(raw, path, out.found, chosen=chosen, only=only)
        _note(source, out)
        table = _placed(table, path, how, out)
        if name == "items":
            if "path" in table:
                table["path"] = [existing_path(value, folder) for value in table["path"]]
            out.add("items", table)
        elif name == "boxes":
            need_columns(table, path.name, ["item_id", *BOX_EDGES])
            _add_boxes(name_annotator(table, how.annotator, path), out)
        elif name == "labels" and "label" in table:
            _add_labels(name_annotator(table, how.annotator, path), out)
        else:
            need_columns(table, path.name, ["item_id"])
            out.add(name, name_annotator(table, how.annotator, path))
    unknown = [f"{ours!r}: {column!r}" for ours, column in how.columns.items() if ours not in used]
    if unknown:
        raise OptionError(f"map={{{', '.join(unknown)}}}: no table of {folder} has such a column.")
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in TABLE_SUFFIXES and "gold" in path.stem.split("_"):
            out.found.add(
                "files", f"{path.name} beside the tables", 1, "not read: gold is for the tests, not a person's"
            )
    return out


def _add_labels(table: pd.DataFrame, out: Frames) -> None:
    _refuse_objects(table)
    if _has_statuses(table):
        _add_views(table, out)
        bare = table["label"].isna()
        out.found.add("labels", "row without a label", int(bare.sum()), "read as a view", table.loc[bare, "item_id"])
        table = table.loc[~bare].drop(columns="status").reset_index(drop=True)
    out.add("labels", table)


def _has_statuses(table: pd.DataFrame) -> bool:
    """Tell a column of statuses of views, whose words are ours, from another column of that name."""
    if not {"status", "item_id", "annotator_id"} <= set(table.columns):
        return False
    return bool(table["status"].dropna().map(lambda word: str(word).strip().lower()).isin(STATUSES).all())


def _add_views(table: pd.DataFrame, out: Frames) -> None:
    """Take one view per item and annotator from rows of answers, its status where a row says it."""
    kept = [column for column in ("item_id", "annotator_id", "status", "seconds", "created_at") if column in table]
    views = table[kept]
    if "status" in kept:
        views = views.assign(status=views["status"].map(lambda word: str(word).strip().lower(), na_action="ignore"))
    out.add("views", views.groupby(["item_id", "annotator_id"], as_index=False, sort=False).first())


def _add_boxes(table: pd.DataFrame, out: Frames) -> None:
    """Rows without any corner say that somebody looked and drew nothing."""
    _refuse_objects(table)
    if "item_id" in table and {"width", "height"} <= set(table.columns):
        table = _sizes_apart(table, out)
    bare = table[list(BOX_EDGES)].isna().all(axis=1)
    has_statuses = _has_statuses(table)
    if has_statuses:
        _add_views(table, out)
        table = table.drop(columns="status")
    if bare.any():
        out.found.add("boxes", "row without corners", int(bare.sum()), "read as a view with nothing drawn",
                      table.loc[bare, "item_id"] if "item_id" in table else ())  # fmt: skip
        if not has_statuses:
            keep = [column for column in ("item_id", "annotator_id", "seconds", "created_at") if column in table]
            out.add("views", table.loc[:, keep].drop_duplicates(["item_id", "annotator_id"]))
    boxes = table.loc[~bare].reset_index(drop=True)
    if "box_id" in boxes and boxes["box_id"].duplicated().any():
        out.found.add("columns", "box_id that several boxes share", int(boxes["box_id"].duplicated(keep=False).sum()),
                      "not used: boxes are numbered anew")  # fmt: skip
        boxes = boxes.rename(columns={"box_id": "box_id (not used)"})
    out.add("boxes", boxes)


def _sizes_apart(boxes: pd.DataFrame, out: Frames) -> pd.DataFrame:
    """Take the size of the picture from the table of boxes, where it says one for each item."""
    sizes = boxes[["item_id", "width", "height"]].dropna().drop_duplicates()
    if sizes["item_id"].duplicated().any():
        out.found.add("boxes", "width and height that differ within an item", int(sizes["item_id"].duplicated().sum()),
                      "kept, not used as the size of the picture")  # fmt: skip
        return boxes
    out.found.add("columns", "width and height beside corners", len(sizes), "read as the size of the picture")
    if len(sizes):
        out.add("items", sizes.reset_index(drop=True))
    return boxes.drop(columns=["width", "height"])
