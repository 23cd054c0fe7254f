"""One rule by which features meet the columns a model was trained on.

A table goes by the names of its columns, in any order; other names are refused. Rows without names (arrays, lists) go
by the order of training, and hold as many numbers as there were columns. What was trained on rows without names has the
columns "0", "1"...: a table goes with it only if its columns are called so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa.errors import TableError, shown


def numbered(n_columns: int) -> list[str]:
    """Give the names of columns that came without any: "0", "1"..."""
    return [str(place) for place in range(n_columns)]


def in_order_of(columns: Sequence[str], table: Any) -> Any:
    """Bring the columns of a table to the order of training.

    Parameters
    ----------
    columns
        Names of the columns of training, in order.
    table
        A pandas table; this module does not load pandas. Names are compared as text.

    Returns
    -------
    pandas.DataFrame
        The columns of training in their order.

    Raises
    ------
    TableError
        Where a column is missing, there twice, or unknown: a table with other columns was made in another way, and the
        numbers under equal names may then mean something else.
    """
    given = [str(column) for column in table.columns]
    known, present = set(columns), set(given)
    wrong = {
        "missing": [name for name in columns if name not in present],
        "unknown": [name for name in given if name not in known],
        "there twice": [name for name, n in Counter(given).items() if n > 1],
    }
    found = [f"{len(names):,} are {what} ({shown(names)})" for what, names in wrong.items() if names]
    if found:
        advice = "their order does not matter."
        if list(columns) == numbered(len(columns)):
            advice += " Columns without names are called 0, 1, 2...; an array goes by their order."
        raise TableError(
            f"The columns are not the {len(columns):,} of training: {', '.join(found)}; give each of them once and no "
            f"others (first: {shown(list(columns)[:3])}): {advice}"
        )
    place = {name: position for position, name in enumerate(given)}
    return table.iloc[:, [place[name] for name in columns]]


def unnamed_rows(rows: Any, columns: Sequence[str] | None = None, *, name: str = "features") -> NDArray[Any]:
    """Give rows without names as an array (n, d), in the order of training.

    Parameters
    ----------
    rows
        An array, a list or a tuple, one row per item.
    columns
        Names of the columns of training; without them any number will do.
    name
        What the rows are called in messages.

    Raises
    ------
    TableError
        Where rows do have names, which would be passed over, and where they are no table or one of another width.
    """
    is_plain = isinstance(rows, np.ndarray) and rows.dtype != object
    if rows.dtype.names if is_plain else any(_has_names(row) for row in rows):
        raise TableError(f"The rows of {name} have names of their own; give them as one table (a DataFrame).")
    try:
        values = np.asarray(rows) if len(rows) or np.ndim(rows) > 1 else np.empty((0, len(columns or ())))
    except ValueError as error:
        raise TableError(f"The rows of {name} differ in length ({error}); give as many numbers for each.") from error
    if values.ndim != 2 or (columns is not None and values.shape[1] != len(columns)):
        wanted = "d" if columns is None else len(columns)
        order = "" if columns is None else ", in the order of training"
        raise TableError(f"The rows of {name} have the shape {values.shape}; give (n, {wanted}){order}.")
    return values


def _has_names(row: Any) -> bool:
    """Tell a mapping or a Series (also of other packages than pandas) from plain numbers."""
    return isinstance(row, Mapping) or (isinstance(row, Iterable) and hasattr(row, "to_numpy"))
