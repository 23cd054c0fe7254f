"""Folders of long tables, and wide tables."""

from __future__ import annotations

import csv as csv_module
import os
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._files import replacing
from labelqa.annotations import Annotations
from labelqa.errors import TableError, shown

Tables = dict[str, pd.DataFrame]
#: Labels that every file can hold, if only as text.
_PLAIN = (str, bool, int, float, Decimal, date, timedelta)
_TEXTS = ("item_id", "annotator_id", "box_id", "label")


def parquet(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Write a Parquet file per table."""
    _write_tables(annotations, tables, folder, "parquet")


def csv(annotations: Annotations, tables: Tables, folder: Path, here: Path) -> None:
    """Write a CSV file per table."""
    _write_tables(annotations, tables, folder, "csv")


def wide_table(annotations: Annotations, tables: Tables, target: Path) -> None:
    """Write a row per item and a column per annotator.

    Raises
    ------
    TableError
        Where there is no label, or an empty text, or an annotator is called like a column of items.
    """
    taken = sorted({*annotations.annotators} & {"item_id", "path", "width", "height", ""})
    if taken:
        raise TableError(f"Annotators are called {shown(taken)}, as columns of a wide table are; name them otherwise.")
    if not len(annotations.labels):
        raise TableError("There is no label to write: a wide table has a column for each person who gave one.")
    said = annotations.labels.drop_duplicates(["item_id", "annotator_id"])
    wide = said.pivot(index="item_id", columns="annotator_id", values="label")  # noqa: PD010 - keeps types
    known = [column for column in ("path", "width", "height") if tables["items"][column].notna().any()]
    items = tables["items"][["item_id", *known]]
    with replacing(target) as temporary:
        _to_csv(items.merge(wide.reset_index(), on="item_id", how="left"), temporary)


def has_bare_views(annotations: Annotations) -> bool:
    """Tell whether somebody looked of whom neither a label nor a box tells."""
    keys = ["item_id", "annotator_id"]
    acted = pd.concat([annotations.labels[keys], annotations.boxes[keys]]).drop_duplicates()
    return len(acted) < len(annotations.views)


def paths_from_there(items: pd.DataFrame, here: Path, there: Path) -> pd.DataFrame:
    """Give relative paths of files that are there as seen from the folder of the output."""

    def seen(path: Any) -> Any:
        if not isinstance(path, str) or Path(path).is_absolute() or not (here / path).is_file():
            return path
        try:
            return Path(os.path.relpath(here / path, there)).as_posix()
        except ValueError:  # on another drive
            return (here / path).resolve().as_posix()

    return items.assign(path=items["path"].map(seen))


def without_derived_views(annotations: Annotations, tables: Tables) -> Tables:
    """Leave out views that follow from labels and boxes: they are derived again."""
    if annotations.views_derived and not has_bare_views(annotations):
        return {name: table for name, table in tables.items() if name != "views"}
    return tables


def check_writable(table: pd.DataFrame, name: str, form: str) -> None:
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
    if form in ("csv", "wide_table"):
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


def _write_tables(annotations: Annotations, tables: Mapping[str, pd.DataFrame], folder: Path, form: str) -> None:
    for name, table in without_derived_views(annotations, dict(tables)).items():
        path = folder / f"{name}.{form}"
        if form == "parquet":
            table.to_parquet(path, index=False)
        else:
            _to_csv(table, path)


def _to_csv(table: pd.DataFrame, path: Path) -> None:
    # a carriage return within a text is quoted only where all texts are
    texts = table.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
    if any(values.astype(object).map(_has_return).any() for _, values in texts.items()):
        table.to_csv(path, index=False, lineterminator="\n", quoting=csv_module.QUOTE_NONNUMERIC)
    else:
        table.to_csv(path, index=False, lineterminator="\n")


def _has_return(value: Any) -> bool:
    return isinstance(value, str) and "\r" in value
