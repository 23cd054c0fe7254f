"""Long tables: CSV, TSV, Parquet, JSONL and JSON records, with the column names people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._checks import BOX_EDGES, Findings
from labelqa.errors import TableError, shown
from labelqa.readers._frames import TABLES, Frames, existing_path, load_json, load_json_lines, name_annotator

#: Endings of the files that may hold annotations.
TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json")

#: Our name -> names met in the wild, compared without case and with spaces and hyphens as underscores.
ALIASES: dict[str, tuple[str, ...]] = {
    "item_id": ("item", "image_id", "task", "task_id", "image", "img_id", "file_name", "filename", "unit", "unit_id",
                "question", "document_id", "sample_id", "example_id"),
    "annotator_id": ("annotator", "worker", "worker_id", "rater", "rater_id", "rad_id", "labeler", "labeller", "coder",
                     "user", "user_id", "performer", "completed_by"),
    "label": ("class", "class_name", "category", "category_name", "answer", "response", "rating"),
    "x_min": ("xmin", "x1", "left", "bbox_xmin"),
    "y_min": ("ymin", "y1", "top", "bbox_ymin"),
    "x_max": ("xmax", "x2", "right", "bbox_xmax"),
    "y_max": ("ymax", "y2", "bottom", "bbox_ymax"),
    "created_at": ("created", "timestamp", "submitted_at", "labelled_at", "labeled_at", "annotated_at"),
    "seconds": ("duration", "lead_time", "seconds_spent", "time_spent"),
    "path": ("file", "image_path", "filepath", "file_path"),
    "box_id": ("bbox_id", "annotation_id"),
}  # fmt: skip
_ITEM_ALIASES = ("item_id", "path")


def read_table(path: Path, annotator: str | None) -> Frames:
    """Read one long table; its columns tell whether it holds labels, boxes, views or items."""
    out = Frames()
    table = _rename(load_table(path), path, out.found)
    if set(BOX_EDGES) <= set(table.columns):
        _add_boxes(name_annotator(table, annotator, path), out)
    elif "label" in table:
        out.add("labels", name_annotator(table, annotator, path))
    elif "annotator_id" in table or "status" in table:
        out.add("views", name_annotator(table, annotator, path))
    else:
        raise TableError(
            f"{path} has neither a label nor box corners (columns found: {shown(list(table.columns), 12)}); needed are "
            f"item_id, annotator_id and label, or the corners {', '.join(BOX_EDGES)}. Rename the columns in the file."
        )
    for sibling in sorted(path.parent.glob(path.name.replace("boxes", "views"))) if "boxes" in path.name else ():
        if "views" not in out.tables:
            out.found.add("files", f"{sibling.name} lies beside it", 1, "not read: give the folder to read both")
    return out


def table_files(folder: Path) -> dict[str, Path]:
    """Find the tables of a folder: `labels.csv`, `boxes_annotators.parquet`...; gold tables are not among them.

    Raises
    ------
    TableError
        Where two files hold the same table.
    """
    out: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.stem.removesuffix("_annotators")
        if path.suffix.lower() not in TABLE_SUFFIXES or name not in TABLES:
            continue
        if name in out:
            raise TableError(
                f"{folder} holds {out[name].name} and {path.name}, both with the {name}; remove one of them."
            )
        out[name] = path
    return out


def read_table_folder(folder: Path, files: dict[str, Path], annotator: str | None) -> Frames:
    """Read a folder of tables."""
    out = Frames()
    for name, path in files.items():
        table = _rename(load_table(path), path, out.found, only=_ITEM_ALIASES if name == "items" else tuple(ALIASES))
        if name == "items":
            if "path" in table:
                table["path"] = [existing_path(value, folder) for value in table["path"]]
            out.add("items", table)
        elif name == "boxes":
            _add_boxes(name_annotator(table, annotator, path), out)
        else:
            out.add(name, name_annotator(table, annotator, path))
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in TABLE_SUFFIXES and "gold" in path.stem.split("_"):
            out.found.add(
                "files", f"{path.name} beside the tables", 1, "not read: gold is for the tests, not a person's"
            )
    return out


def load_table(path: Path) -> pd.DataFrame:
    """Read a table as text (CSV, TSV) or as typed (Parquet, JSON).

    Raises
    ------
    TableError
        Where the file cannot be read as its suffix says.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in (".csv", ".tsv"):
            # everything as text: "007" stays an id, and "NA" or "nan" may well be a label
            return pd.read_csv(
                path, sep="\t" if suffix == ".tsv" else ",", dtype="str", keep_default_na=False, na_values=[""],
                encoding="utf-8-sig",
            )  # fmt: skip
        if suffix == ".parquet":
            return pd.read_parquet(path)
    except (ValueError, UnicodeDecodeError) as error:  # pandas' and Arrow's own errors are ValueErrors
        reason = str(error).strip().splitlines()[0]
        raise TableError(
            f"{path} cannot be read as {suffix} ({reason}); check the file, or export it again."
        ) from error
    if suffix == ".json":
        return _records(load_json(path), path)
    if suffix in (".jsonl", ".ndjson"):
        return _records(load_json_lines(path), path)
    raise TableError(f"{path} has the suffix {suffix!r}; a table needs one of {', '.join(TABLE_SUFFIXES)}.")


def _records(data: Any, path: Path) -> pd.DataFrame:
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        return pd.DataFrame(data)
    raise TableError(f"{path} is no list of records; write one object per row, or use JSONL.")


def _rename(table: pd.DataFrame, path: Path, found: Findings, only: tuple[str, ...] = tuple(ALIASES)) -> pd.DataFrame:
    plain = {column: str(column).strip().lower().replace(" ", "_").replace("-", "_") for column in table.columns}
    mapping: dict[Any, str] = {}
    for name in only:
        if name in table.columns:
            continue
        met = [column for column in table.columns if plain[column] in (name, *ALIASES[name])]
        if len(met) > 1:
            raise TableError(
                f"{path} has the columns {shown(met)}, and each could be {name}; rename the right one to {name!r}."
            )
        if met:
            mapping[met[0]] = name
    table = table.rename(columns=mapping)
    for old, new in mapping.items():
        found.add("columns", f"column {old!r} in {path.name}", len(table), f"read as {new!r}")
    return _corners(table, path, found)


def _corners(table: pd.DataFrame, path: Path, found: Findings) -> pd.DataFrame:
    """Turn a corner and a size (x, y, w, h) into two corners."""
    if "x_max" in table.columns or "y_max" in table.columns:
        return table
    start = [pair for pair in (("x_min", "y_min"), ("x", "y")) if set(pair) <= set(table.columns)]
    size = [pair for pair in (("w", "h"), ("width", "height")) if set(pair) <= set(table.columns)]
    if not start or not size:
        return table
    (x, y), (w, h) = start[0], size[0]
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in (x, y, w, h)}
    found.add("columns", f"corner {x!r}, {y!r} and size {w!r}, {h!r} in {path.name}", len(table), "read as two corners")
    table = table.drop(columns=[x, y, w, h])
    return table.assign(
        x_min=numbers[x], y_min=numbers[y], x_max=numbers[x] + numbers[w], y_max=numbers[y] + numbers[h]
    )


def _add_boxes(table: pd.DataFrame, out: Frames) -> None:
    """Rows without any corner say that somebody looked and drew nothing."""
    bare = table[list(BOX_EDGES)].isna().all(axis=1)
    if bare.any():
        out.found.add("boxes", "row without corners", int(bare.sum()), "read as a view with nothing drawn",
                      table.loc[bare, "item_id"] if "item_id" in table else ())  # fmt: skip
        keep = [column for column in ("item_id", "annotator_id", "seconds", "created_at") if column in table]
        out.add("views", table[keep].drop_duplicates(["item_id", "annotator_id"]))
    out.add("boxes", table.loc[~bare].reset_index(drop=True))
