"""Wide tables: a row per item, a column per annotator, the class in the cell."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labelqa.errors import OptionError, TableError, shown
from labelqa.readers._frames import PLACE, PLACES, Frames, Reading
from labelqa.readers._headings import renamed_columns
from labelqa.readers._opened import Source
from labelqa.readers.formats.table import is_table, plain_cells

_NOBODY = ("item_id", "path", "width", "height")


def is_wide_table(source: Source) -> bool:
    """Tell none: any table has columns, so that the format has to be named."""
    return False


def read_wide_table(source: Source, how: Reading) -> Frames:
    """Read a wide table; a blank cell is no view, as it cannot be told from an item never opened.

    Annotators are the columns that ``map={"annotators": "ann,bob"}`` names, or all but the item's.

    Raises
    ------
    TableError
        Where the file is no table or has no column of items.
    OptionError
        For an annotator that is no column.
    """
    if not is_table(source):
        raise TableError(f"{source.path} is no table; a wide table is CSV, TSV, Parquet, JSON records or Excel.")
    out, path = Frames(), source.path
    chosen = {name: column for name, column in how.columns.items() if name != "annotators"}
    table = renamed_columns(plain_cells(source.table, path), path, out.found, chosen=chosen, only=("item_id", "path"))
    if "item_id" not in table:
        raise TableError(f"{path} has no column of items (found: {shown(table.columns, 12)}); call it item_id.")
    people = _people(table, how.columns.get("annotators"), path.name)
    unused = [column for column in table.columns if column not in (*people, *_NOBODY)]
    out.found.add("columns", f"column in {path.name} that is no annotator's", len(unused), "left out", unused)
    long = table.melt(id_vars=["item_id"], value_vars=people, var_name="annotator_id", value_name="label")
    if how.with_places:
        rows = [(path, (row, person)) for person in people for row in range(len(table))]
        long[PLACE] = pd.Series(rows, dtype=object)
        places = pd.Series([(path, (row, None)) for row in range(len(table))], index=table.index, dtype=object)
        out.add(PLACES, table[["item_id"]].assign(annotator_id=None, **{PLACE: places}))
    blank = long["label"].isna()
    out.found.add(
        "labels", f"cell without a label in {path.name}", int(blank.sum()), "no view", long.loc[blank, "item_id"]
    )
    out.add("labels", long.loc[~blank].reset_index(drop=True))
    known = [column for column in _NOBODY if column in table]
    out.add("items", table[known].drop_duplicates("item_id"))
    return out


def _people(table: pd.DataFrame, named: Any, where: str) -> list[str]:
    if named is None:
        people = [column for column in table.columns if column not in _NOBODY]
        if not people:
            raise TableError(f"{where} has no column of an annotator (found: {shown(table.columns, 12)}).")
        return people
    people = [name.strip() for name in named.split(",")] if isinstance(named, str) else list(named)
    absent = [name for name in people if name not in table.columns]
    if absent:
        raise OptionError(
            f"map={{'annotators': ...}} names {shown(absent)}, which {where} has no column for (found: "
            f"{shown(table.columns, 12)})."
        )
    return people
