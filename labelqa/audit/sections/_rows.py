"""Which rows of a table the page shows."""

from __future__ import annotations

import pandas as pd

#: Rows of a table on the page; agreement/*.csv has all.
ROWS = 12
#: Rows of a chart of annotators, or of a matrix.
CHART_ROWS = 30
#: Items from which on an annotator or a pair is listed.
_ENOUGH = 10


def drawn(n: int, *, inches: float, beside: float) -> float:
    """Give the height of a chart of so many rows, of which at most `CHART_ROWS` are drawn."""
    return beside + inches * min(n, CHART_ROWS)


def enough(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Leave out rows that rest on a handful of items, unless there are no others."""
    least: int = min(_ENOUGH, max([1, *table[column]]))
    return table.loc[table[column] >= least]
