"""Results on disk: every stored field of a result, and of the results within it, exactly as it was.

A folder holds `result.json`, a tree of the fields' values, and beside it a Parquet file for each table. What JSON does
not know by itself is an object with one key that says what it is: "table", "result", "tuple" or "dict". Fields declared
by `labelqa._result.unstored` are left out; a result that was read back has their default there, or None, so no later
step may need them.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import TEXT, label_text
from labelqa._files import replacing, write_text
from labelqa._result import Result, stored_fields

#: A folder without it holds no finished result.
TREE = "result.json"


def write_result(result: Result, folder: Path) -> None:
    """Write a result into a folder of its own, which may hold a half-written one.

    Raises
    ------
    TypeError
        Where a field holds what cannot be stored.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tree = _written(result, folder, "result")
    # the tree comes last: a folder without it is not finished
    write_text(folder / TREE, json.dumps(tree, indent=1))


def read_result(folder: Path) -> Result:
    """Read back what `write_result` wrote, as an object of the same class.

    Raises
    ------
    ValueError
        Where it is no result of this package.
    """
    result = _read(json.loads((folder / TREE).read_text(encoding="utf-8")), folder)
    if isinstance(result, Result):
        return result
    raise ValueError(f"{folder / TREE} holds no result.")


def _written(value: Any, folder: Path, name: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, pd.DataFrame):
        return {"table": _write_table(value, folder, name)}
    if isinstance(value, Result):
        fields = {key: _written(item, folder, f"{name}-{key}") for key, item in stored_fields(value).items()}
        return {"result": [type(value).__module__, type(value).__qualname__, fields]}
    if isinstance(value, list | tuple):
        items = [_written(item, folder, f"{name}-{position}") for position, item in enumerate(value)]
        return {"tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: _written(item, folder, f"{name}-{key}") for key, item in value.items()}}
    raise TypeError(f"{name} is a {type(value).__name__}, which cannot be stored; declare the field with unstored().")


def _read(tree: Any, folder: Path) -> Any:
    if isinstance(tree, list):
        return [_read(item, folder) for item in tree]
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "table":
        return _read_table(folder, *content)
    if kind == "tuple":
        return tuple(_read(item, folder) for item in content)
    if kind == "dict":
        return {key: _read(item, folder) for key, item in content.items()}
    module, name, fields = content
    return _made_again(_class(module, name), {key: _read(item, folder) for key, item in fields.items()})


def _class(module: str, name: str) -> type[Result]:
    found = getattr(importlib.import_module(module), name, None) if module.startswith("labelqa.") else None
    if isinstance(found, type) and issubclass(found, Result):
        return found
    raise ValueError(f"{module}.{name} is no result of this package.")


def _made_again(kind: type[Result], stored: dict[str, Any]) -> Result:
    """Make a result from its stored fields; others get their default, or None where they have none."""
    needed = {
        field.name: None
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    return kind(**{**needed, **stored})


def _write_table(table: pd.DataFrame, folder: Path, name: str) -> tuple[str, list[Any] | None]:
    """Write a table; Parquet knows columns by text alone, so others are numbered there and named in the tree."""
    file = f"{name}.parquet"
    names = None if all(isinstance(column, str) for column in table.columns) else _plain(table.columns)
    if names is not None:
        table = table.set_axis([str(position) for position in range(len(names))], axis="columns")
    with replacing(folder / file) as path:
        storable(table).to_parquet(path)
    return file, names


def _plain(names: pd.Index) -> list[Any]:
    return [name.item() if isinstance(name, np.generic) else name for name in names]


def _read_table(folder: Path, file: str, names: list[Any] | None) -> pd.DataFrame:
    table = pd.read_parquet(folder / file)
    return table if names is None else table.set_axis(names, axis="columns")


def storable(table: pd.DataFrame) -> pd.DataFrame:
    """Turn columns that mix types (labels 1 and "one") into text, which Parquet can hold.

    Truth values stay what they are; numbers with gaps become text too, for Parquet gives them back as 1.0.
    """
    mixed = {
        column: values.map(label_text, na_action="ignore").astype(TEXT)
        for column, values in table.items()
        if values.dtype == object
        and pd.api.types.infer_dtype(values, skipna=True) not in {"string", "bytes", "boolean", "empty"}
        and not values.dropna().map(lambda value: isinstance(value, list | tuple)).any()
    }
    return table.assign(**{str(column): values for column, values in mixed.items()})
