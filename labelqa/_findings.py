"""What reading and checking found and did, one row per kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from labelqa.errors import shown


class Findings:
    """A list of what was found and done, one row per kind of finding."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def add(self, table: str, finding: str, n: int, action: str, examples: Iterable[Any] = ()) -> None:
        """Add a row unless the count is 0."""
        if n:
            self._rows.append(
                {
                    "table": table,
                    "finding": finding,
                    "n": int(n),
                    "action": action,
                    "examples": shown(list(examples)[:5]),
                }
            )

    def extend(self, other: Findings) -> None:
        """Append the rows of another list."""
        self._rows += other._rows

    def table(self) -> pd.DataFrame:
        """Give all findings in the order they were made."""
        return pd.DataFrame(self._rows, columns=["table", "finding", "n", "action", "examples"])
