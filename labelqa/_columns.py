"""One rule by which a table of features meets the columns a model was trained on: by name, or it is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from labelqa.errors import TableError, shown


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
        raise TableError(
            f"The columns are not the {len(columns):,} of training: {', '.join(found)}; give each of them once and no "
            f"others (first: {shown(list(columns)[:3])}): their order does not matter."
        )
    place = {name: position for position, name in enumerate(given)}
    return table.iloc[:, [place[name] for name in columns]]
