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

from labelqa._checks import BOX_EDGES
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
    allow_loss: bool = False,
    paths_from: str | os.PathLike[str] = ".",
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
        labels with `rater_id`, views as `rater_list` of the image, classes of pictures as `image_labels`; images have
        whole numbers as ids, and `item_id` where that is none). Views that follow from labels and boxes are not
        written: they are derived again.
    allow_loss
        Whether to write though the format has no place for something that is there; what it is stands in the error.
    paths_from
        Where the relative paths of pictures are seen from. They are written as seen from where the output lies.

    Raises
    ------
    FileExistsError
        Where `path` exists.
    TableError
        For values that would not come back: labels that are sets, empty texts in a CSV, columns of several types in
        Parquet; and for what the format has no place for, unless `allow_loss`. Nothing is written then.
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
    lost = losses(annotations, form)
    if lost and not allow_loss:
        told = "; ".join(f"{what} ({n:,})" for what, n in lost.items())
        raise TableError(f"{form} has no place for: {told}. Choose another format, or go on with allow_loss=True.")
    there = target.parent if form == "coco" else target
    tables = {name: getattr(annotations, name) for name in ("items", "views", "labels", "boxes")}
    tables["items"] = _paths_from_there(annotations.items, Path(paths_from), there)
    if annotations.views_derived and not _has_bare_views(annotations):
        del tables["views"]
    for name, table in tables.items():
        _check_writable(table, name, form)
    if form == "coco":
        write_text(target, json.dumps(_coco(annotations, tables), indent=1, ensure_ascii=False) + "\n")
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


def losses(annotations: Annotations, to: str) -> dict[str, int]:
    """Give what a format has no place for: what it is -> how often."""
    if to != "coco":
        return {}
    views, out = annotations.views, {}
    out["skipped views"] = int((views["status"] == "skipped").sum())
    out["views whose answer is not read"] = int(views["unread"].sum()) if "unread" in views else 0
    for column, word in (("created_at", "times of views"), ("seconds", "seconds of views")):
        out[word] = int(views[column].notna().sum())
    for name, known in _IN_COCO.items():
        table = getattr(annotations, name)
        for column in [column for column in table.columns if column not in known]:
            out[f"column {column!r} of {name}"] = int(table[column].notna().sum())
    return {what: n for what, n in out.items() if n}


def _has_bare_views(annotations: Annotations) -> bool:
    """Tell whether somebody looked of whom neither a label nor a box tells."""
    keys = ["item_id", "annotator_id"]
    acted = pd.concat([annotations.labels[keys], annotations.boxes[keys]]).drop_duplicates()
    return len(acted) < len(annotations.views)


def _paths_from_there(items: pd.DataFrame, here: Path, there: Path) -> pd.DataFrame:
    """Give relative paths of files that are there as seen from the folder of the output."""

    def seen(path: Any) -> Any:
        if not isinstance(path, str) or Path(path).is_absolute() or not (here / path).is_file():
            return path
        try:
            return Path(os.path.relpath(here / path, there)).as_posix()
        except ValueError:  # on another drive
            return (here / path).resolve().as_posix()

    return items.assign(path=items["path"].map(seen))


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


#: The columns that COCO has a place for.
_IN_COCO = {
    "items": ("item_id", "path", "width", "height"),
    "views": ("item_id", "annotator_id", "status", "seconds", "created_at", "unread"),
    "labels": ("item_id", "annotator_id", "label"),
    "boxes": ("box_id", "item_id", "annotator_id", "label", *BOX_EDGES),
}


def _coco(annotations: Annotations, tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    classes = sorted({*annotations.labels["label"].map(str), *annotations.boxes["label"].map(str)})
    category = {name: number for number, name in enumerate(classes, 1)}
    numbers = _numbers(annotations.items["item_id"])
    labels = [_coco_row(row, category, numbers) for row in annotations.labels.to_dict("records")]
    boxes = _coco_boxes(annotations.boxes, category, numbers)
    return {
        "images": _coco_images(annotations, tables, numbers),
        "annotations": [{"id": number, **row} for number, row in enumerate(boxes, 1)],
        "categories": [{"id": number, "name": name} for name, number in category.items()],
        **({"image_labels": labels} if labels else {}),
    }


def _numbers(items: pd.Series) -> dict[str, int]:
    """Number the items: by their ids where all are whole numbers, else in their order."""
    if items.str.fullmatch(r"0|[1-9][0-9]{0,14}").all():
        return {item: int(item) for item in items}
    return {item: number for number, item in enumerate(items, 1)}


def _coco_images(
    annotations: Annotations, tables: Mapping[str, pd.DataFrame], numbers: Mapping[str, int]
) -> list[dict[str, Any]]:
    looked = annotations.views.loc[annotations.views["status"] != "skipped"]
    raters = {item: list(group) for item, group in looked.groupby("item_id")["annotator_id"]}
    return [
        {
            "id": numbers[row["item_id"]],
            **({} if str(numbers[row["item_id"]]) == row["item_id"] else {"item_id": row["item_id"]}),
            "file_name": row["path"] if isinstance(row["path"], str) else "",
            **({"width": row["width"], "height": row["height"]} if row["width"] == row["width"] else {}),
            **({"rater_list": raters.get(row["item_id"], [])} if "views" in tables else {}),
        }
        for row in tables["items"].to_dict("records")
    ]


def _coco_boxes(boxes: pd.DataFrame, category: dict[str, int], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = []
    for row in boxes.to_dict("records"):
        width, height = row["x_max"] - row["x_min"], row["y_max"] - row["y_min"]
        corners = {"bbox": [row["x_min"], row["y_min"], width, height], "area": width * height, "iscrowd": 0}
        rows.append(_coco_row(row, category, numbers) | {"box_id": row["box_id"]} | corners)
    return rows


def _coco_row(row: Mapping[Hashable, Any], category: dict[str, int], numbers: Mapping[str, int]) -> dict[str, Any]:
    image, kind = numbers[row["item_id"]], category[str(row["label"])]
    return {"image_id": image, "category_id": kind, "rater_id": row["annotator_id"]}
