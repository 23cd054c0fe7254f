"""What every result can do: a one-line repr, a small HTML view, a JSON-safe dict."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd


def json_safe(value: Any) -> Any:
    """Turn numbers, arrays, tables and results into what JSON can hold; undefined numbers become ``None``."""
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, pd.DataFrame):
        return [json_safe(record) for record in with_index(value).to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [json_safe(item) for item in sorted(value, key=str)]
    if isinstance(value, list | tuple | pd.Series | pd.Index | np.ndarray):
        return [json_safe(item) for item in value]
    return _scalar(value)


def with_index(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table whose index is among its columns, first, where it says something: it has a name, or is no numbering.

    An index without a name becomes the column "index"; so does one whose name is a column's already (a class may be
    called item_id).
    """
    index = table.index
    has_names = any(name is not None for name in index.names)
    if not has_names and index.nlevels == 1 and (not len(index) or pd.api.types.is_integer_dtype(index.dtype)):
        return table
    taken = {str(column) for column in table.columns}
    names = ["index" if name is None or str(name) in taken else str(name) for name in index.names]
    if len({*names, *taken}) < len(names) + len(taken):
        names = [f"index_{level}" for level in range(index.nlevels)]
    columns = pd.Index([*names, *table.columns], dtype=object)
    # put side by side, not inserted: columns may have names of any type
    return pd.concat([index.to_frame(index=False), table.reset_index(drop=True)], axis=1).set_axis(columns, axis=1)


def _scalar(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return str(value.value if isinstance(value, Enum) else value) if not isinstance(value, Path) else value.as_posix()


def unstored(**options: Any) -> Any:
    """Declare a field of a result that only serves its methods, such as a fitted model.

    It is left out of `to_dict`, of what a notebook shows and of what is stored; a result that was stored and read back
    has the field's default there, or None.

    Parameters
    ----------
    **options
        As in `dataclasses.field`: `default`, `default_factory`.
    """
    return dataclasses.field(metadata={"stored": False}, **options)


class Result:
    """Base of all result classes: frozen dataclasses of named scalars, tidy tables and other results.

    All fields count but those declared by `unstored`.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Give every scalar and table as JSON-safe values; ``nan`` becomes ``None``, a table a list of records.

        An index that names the rows, such as item ids, is part of each record.
        """
        return {name: json_safe(value) for name, value in stored_fields(self).items()}

    def _scalars(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in stored_fields(self).items()
            if value is None or isinstance(value, bool | int | float | str | np.generic)
        }

    def __repr__(self) -> str:
        scalars = {name: value for name, value in self._scalars().items() if value is not None}
        parts = [
            f"{name}={_short(value)}{self._interval(scalars, name)}"
            for name, value in scalars.items()
            if not _is_end(name, scalars)
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

    @staticmethod
    def _interval(scalars: dict[str, Any], name: str) -> str:
        low, high = (scalars.get(f"{name}_{end}", scalars.get(end) if name == "value" else None) for end in _ENDS)
        return "" if low is None or high is None or math.isnan(low) else f" [{_short(low)}, {_short(high)}]"

    def _repr_html_(self) -> str:
        """Give the scalars and the first rows of each table; values are escaped, there is no script."""
        scalars = {name: _short(value) for name, value in self._scalars().items() if value is not None}
        parts = [f"<p><b>{type(self).__name__}</b></p>", _html(pd.DataFrame({"value": scalars}, dtype=object))]
        for name, value in tables_of(self).items():
            parts += [f"<p>{name}: {len(value):,} rows</p>", _html(value.head(5))]
        return "".join(parts)


def stored_fields(result: Result) -> dict[str, Any]:
    """Give the fields that are shown and stored, by name."""
    stored = (field.name for field in dataclasses.fields(result) if field.metadata.get("stored", True))
    return {name: getattr(result, name) for name in stored}


def tables_of(result: Result) -> dict[str, pd.DataFrame]:
    """Give a result's own tables, by name."""
    return {name: value for name, value in stored_fields(result).items() if isinstance(value, pd.DataFrame)}


def facts_of(result: Result) -> dict[str, Any]:
    """Give all but the tables, of results within it too, as JSON-safe values."""
    return {
        name: _without_tables(value)
        for name, value in stored_fields(result).items()
        if not isinstance(value, pd.DataFrame)
    }


def _without_tables(value: Any) -> Any:
    if isinstance(value, Result):
        return facts_of(value)
    if isinstance(value, Mapping):
        return {str(key): _without_tables(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_tables(item) for item in value]
    return json_safe(value)


_ENDS = ("low", "high")


def _is_end(name: str, scalars: dict[str, Any]) -> bool:
    """Tell the ends of an interval, which stand behind their number."""
    return (name in _ENDS and "value" in scalars) or any(
        name.endswith(f"_{end}") and name.removesuffix(f"_{end}") in scalars for end in _ENDS
    )


def _html(frame: pd.DataFrame) -> str:
    text = frame.to_html(border=0, float_format=lambda number: f"{number:.4g}", na_rep="")
    return str(text)


def _short(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    return str(value)
