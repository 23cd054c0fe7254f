"""The one question of several whose answers are the labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from labelqa._foreign import json_of
from labelqa.errors import OptionError, TableError, shown


def the_one(names: Iterable[str], *, meaning: str, what: str, path: Path, chosen: Mapping[str, str]) -> str | None:
    """Give the one that has a meaning: the only one, or the one that was chosen; None without any.

    Raises
    ------
    TableError
        Where there are several and none was chosen.
    OptionError
        Where the chosen one is not there.
    """
    found = list(dict.fromkeys(names))
    wanted = chosen.get(meaning)
    if wanted is not None:
        if wanted not in found:
            raise OptionError(f"map={{{meaning!r}: {wanted!r}}}: {path} has no such one (found: {shown(found, 12)}).")
        return wanted
    if len(found) > 1:
        raise TableError(
            f"{path} has {len(found)} {what} ({shown(found)}), whose answers cannot be mixed; say which counts: "
            f"map={{{meaning!r}: {found[0]!r}}}."
        )
    return found[0] if found else None


def json_cell(text: Any, name: str) -> Any:
    """Take JSON that stands in a cell.

    Raises
    ------
    TableError
        Where it is none.
    """
    try:
        return json_of(text, name)
    except (TypeError, ValueError):
        raise TableError(f"{name} holds no JSON") from None


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Give the rows of a table of text, None for blank cells."""
    return [
        {str(name): value if isinstance(value, str) else None for name, value in row.items()}
        for row in table.to_dict("records")
    ]
