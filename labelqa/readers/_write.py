"""`write`: annotations as a folder of tables, or as one COCO file."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Hashable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._files import write_text
from labelqa._options import check_choice, check_path
from labelqa._renamed import renamed
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import TableError, shown

WRITE_FORMATS = ("parquet", "csv", "coco")


@renamed(format="to")
def write(
    annotations: Annotations,
    path: str | os.PathLike[str],
    *,
    to: str | None = None,
) -> None:
    """Write annotations so that `labelqa.read` gives them back; an existing file or folder is never overwritten.

    Parameters
    ----------
    annotations
        What to write.
    path
        A folder ("parquet", "csv") or a file ("coco").
    to
        "parquet" (the default: `items.parquet`, `views.parquet`, `labels.parquet`, `boxes.parquet`), "csv" (the same as
        text: labels that are numbers come back as text), or "coco" (the default where `path` ends in .json: boxes and
        labels with `rater_id`, views as `rater_list` of the image; times, seconds and skipped views have no place
        there). Views that were derived are not written: they are derived again.

    Raises
    ------
    FileExistsError
        Where `path` exists.
    TableError
        For values that would not come back: labels that are sets, empty texts in a CSV, columns of several types in
        Parquet. Nothing is written then.
    OptionError
        For an unknown format.

    Examples
    --------
    >>> import labelqa, tempfile, pathlib
    >>> annotations = labelqa.read("sample_data/inspection")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     labelqa.write(annotations, pathlib.Path(folder) / "copy")
    ...     labelqa.read(pathlib.Path(folder) / "copy")
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    """
    annotations = as_annotations(annotations)
    target, form = check_target(path, to)
    tables = {
        name: getattr(annotations, name)
        for name in ("items", "views", "labels", "boxes")
        if name != "views" or not annotations.views_derived
    }
    for name, table in tables.items():
        _check_writable(table, name, form)
    if form == "coco":
        write_text(target, json.dumps(_coco(annotations), indent=1, ensure_ascii=False) + "\n")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for name, table in tables.items():
            _write_table(table, temporary / f"{name}.{form}")
        temporary.chmod(0o755)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_target(path: str | os.PathLike[str], to: str | None) -> tuple[Path, str]:
    """Give the path and the format to write, which the path tells where it is not given; refuse a path that exists."""
    target = check_path("path", path)
    chosen = to or ("coco" if target.suffix.lower() == ".json" else "parquet")
    check_choice("to", chosen, WRITE_FORMATS)
    if target.exists():
        raise FileExistsError(f"{target} exists and is not overwritten; choose another path or remove it first.")
    return target, chosen


#: Labels that every file can hold, if only as text.
_PLAIN = (str, bool, int, float, Decimal, date, timedelta)
_TEXTS = ("item_id", "annotator_id", "box_id", "label")


def _check_writable(table: pd.DataFrame, name: str, form: str) -> None:
    """Refuse a table that would not come back as it is.

    Raises
    ------
    TableError
        With the column and what to do.
    """
    if "label" in table and table["label"].dtype == object:
        odd = [value for value in table["label"] if not isinstance(value, _PLAIN)]
        if odd:
            raise TableError(
                f"{len(odd):,} labels of {name} are of type {type(odd[0]).__name__} ({shown(odd[:3])}), which no file "
                "holds; turn them into text first, such as '|'.join(sorted(label)) of a set."
            )
    if form == "csv":
        for column in [column for column in _TEXTS if column in table]:
            empty = table[column].astype(object).eq("")
            if empty.any():
                raise TableError(
                    f"Column {column!r} of {name} has {int(empty.sum()):,} empty texts, which a CSV cannot tell from "
                    "missing ones; name them, or write to='parquet'."
                )
    if form == "parquet":
        _check_parquet(table, name)


def _check_parquet(table: pd.DataFrame, name: str) -> None:
    import pyarrow as pa

    for column, values in table.items():
        try:
            pa.Array.from_pandas(values)
        except (pa.ArrowException, TypeError) as error:
            raise TableError(
                f"Column {column!r} of {name} holds values that Parquet cannot ({str(error).splitlines()[0]}); turn it "
                "into one type, such as text with .astype(str), or leave it out."
            ) from error


def _write_table(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        # a carriage return within a text is quoted only where all texts are
        texts = table.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
        if any(values.astype(object).map(_has_return).any() for _, values in texts.items()):
            table.to_csv(path, index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        else:
            table.to_csv(path, index=False, lineterminator="\n")


def _has_return(value: Any) -> bool:
    return isinstance(value, str) and "\r" in value


def _coco(annotations: Annotations) -> dict[str, Any]:
    classes = sorted({*annotations.labels["label"].map(str), *annotations.boxes["label"].map(str)})
    category = {name: number for number, name in enumerate(classes, 1)}
    labels = [_coco_row(row, category) for row in annotations.labels.to_dict("records")]
    rows = [*labels, *_coco_boxes(annotations.boxes, category)]
    return {
        "images": _coco_images(annotations),
        "annotations": [{"id": number, **row} for number, row in enumerate(rows, 1)],
        "categories": [{"id": number, "name": name} for name, number in category.items()],
    }


def _coco_images(annotations: Annotations) -> list[dict[str, Any]]:
    looked = annotations.views.loc[annotations.views["status"] != "skipped"]
    raters = {item: list(group) for item, group in looked.groupby("item_id")["annotator_id"]}
    return [
        {
            "id": row["item_id"],
            "file_name": row["path"] if isinstance(row["path"], str) else "",
            **({"width": row["width"], "height": row["height"]} if row["width"] == row["width"] else {}),
            **({} if annotations.views_derived else {"rater_list": raters.get(row["item_id"], [])}),
        }
        for row in annotations.items.to_dict("records")
    ]


def _coco_boxes(boxes: pd.DataFrame, category: dict[str, int]) -> list[dict[str, Any]]:
    rows = []
    for row in boxes.to_dict("records"):
        width, height = row["x_max"] - row["x_min"], row["y_max"] - row["y_min"]
        corners = {"bbox": [row["x_min"], row["y_min"], width, height], "area": width * height, "iscrowd": 0}
        rows.append(_coco_row(row, category) | corners)
    return rows


def _coco_row(row: Mapping[Hashable, Any], category: dict[str, int]) -> dict[str, Any]:
    return {"image_id": row["item_id"], "category_id": category[str(row["label"])], "rater_id": row["annotator_id"]}
