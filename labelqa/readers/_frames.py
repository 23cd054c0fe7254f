"""What every reader gives: raw tables, and what it mapped or left out."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._checks import Findings
from labelqa.errors import TableError

TABLES = ("labels", "boxes", "views", "items")


@dataclass
class Frames:
    """Tables as read, by name, before any check; a table that the file cannot hold is absent."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    found: Findings = field(default_factory=Findings)

    def add(self, name: str, table: pd.DataFrame) -> None:
        """Append rows to a table."""
        known = self.tables.get(name)
        with warnings.catch_warnings():
            # pandas 2 will one day treat columns without any value otherwise; the checks set every type anyway
            warnings.filterwarnings("ignore", message=".*concatenation with empty or all-NA", category=FutureWarning)
            self.tables[name] = table if known is None else pd.concat([known, table], ignore_index=True)


def name_annotator(table: pd.DataFrame, annotator: str | None, where: Path) -> pd.DataFrame:
    """Give the table an annotator where the file holds none.

    Raises
    ------
    TableError
        Where the file holds none and nobody named one.
    """
    if "annotator_id" in table:
        if table["annotator_id"].isna().any() and annotator is not None:
            return table.assign(annotator_id=table["annotator_id"].astype(object).fillna(annotator))
        return table
    if annotator is None:
        raise TableError(
            f"{where} does not say who annotated; name the person with annotator='NAME', or take it "
            "from the file with annotator_from='filename' or annotator_from='parent'."
        )
    return table.assign(annotator_id=annotator)


def load_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    TableError
        Where the file is not JSON; the place is named.
    """
    return _parse(_text(path), path, first_line=1)


def load_json_lines(path: Path) -> list[Any]:
    """Read one JSON value per line; empty lines are passed over.

    Raises
    ------
    TableError
        Where a line is not JSON; the line is named.
    """
    lines = enumerate(_text(path).split("\n"), 1)
    return [_parse(line, path, first_line=number) for number, line in lines if line.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8."
        ) from error


def _parse(text: str, path: Path, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise TableError(
            f"{path} is not valid JSON ({error.msg} in line {line}, column {error.colno}); export it again."
        ) from error


def existing_path(path: Any, folder: Path) -> Any:
    """Give the path of a picture as seen from here, where it lies below the file that names it."""
    if not isinstance(path, str) or not path:
        return None
    below = folder / path
    return below.as_posix() if not Path(path).is_absolute() and below.is_file() else path
