"""One door for tables in memory: what another library holds becomes the equal pandas table before it is looked at.

The door is the Arrow C stream (polars, pyarrow, DuckDB, any library that exports it), which needs nothing but pyarrow.
Beside it come the datasets of Hugging Face, which have no such stream, structured arrays of numpy, and lists of
dictionaries. Everything else goes through as it is, so that the functions say themselves what they need.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

#: What a function that takes a table takes, for messages.
A_TABLE = "a table (of pandas, polars, pyarrow or Hugging Face datasets, a structured array, or a list of dicts)"
#: Above it a float no longer tells neighbouring whole numbers apart.
_LARGEST_EXACT = 2**53


def takes_tables(*, lists_kept: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Let a function written for pandas take tables of every kind, alone or within a list or mapping.

    Parameters
    ----------
    lists_kept
        Arguments in which a list of dictionaries is something other than a table.
    """

    def decorate(function: Function) -> Function:
        positional = list(inspect.signature(function).parameters)

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            names = positional + positional[-1:] * max(0, len(args) - len(positional))
            given = [_opened(arg, is_kept=name in lists_kept) for name, arg in zip(names, args, strict=False)]
            return function(*given, **{n: _opened(arg, is_kept=n in lists_kept) for n, arg in options.items()})

        call.__takes_tables__ = True  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate


def _opened(given: Any, *, is_kept: bool) -> Any:
    if type(given) is dict and _is_foreign(next(iter(given.values()), None)):
        return {name: as_table(one) for name, one in given.items()}
    if type(given) in (list, tuple) and given:
        if _is_foreign(given[0]):
            return [as_table(one) for one in given]
        return given if is_kept else as_table(given)
    return as_table(given)


def as_table(given: Any) -> Any:
    """Give the pandas table that equals a table in memory; what is no table of another library comes back as it is.

    - Categories stay categories, with their order where they have one; classes of Hugging Face datasets are named.
    - Missing cells are missing; whole numbers beside them stay exact.
    - Cells that are lists or structures become lists and dictionaries; pictures of Hugging Face datasets their bytes,
      or their path.
    - Times keep their zone. One column alone (of polars or pyarrow) becomes an array.
    """
    if _is_records(given):
        import pandas as pd

        return pd.DataFrame.from_records(list(given))
    if isinstance(given, np.ndarray) and given.dtype.names:
        return _of_structured(given)
    if not _is_foreign(given):
        return given
    if _is_hugging_face(given):
        return _of_hugging_face(given)
    import pyarrow as pa

    try:
        table = pa.table(given)
    except pa.ArrowInvalid:  # no table: one column
        return _cells(pa.chunked_array(given)).to_numpy()
    return _of_arrow(table)


def _is_records(given: Any) -> bool:
    return isinstance(given, list | tuple) and len(given) > 0 and all(isinstance(row, Mapping) for row in given)


def _is_foreign(given: Any) -> bool:
    """Tell tables of other libraries from pandas' own, which export the Arrow stream too."""
    if type(given).__module__.partition(".")[0] == "pandas":
        return False
    if isinstance(given, type):
        return False
    is_structured = isinstance(given, np.ndarray) and given.dtype.names is not None
    return is_structured or hasattr(given, "__arrow_c_stream__") or _is_hugging_face(given)


def _is_hugging_face(given: Any) -> bool:
    return all(hasattr(given, name) for name in ("with_format", "column_names", "features", "__getitem__"))


def _of_arrow(table: Any) -> Any:
    frame = table.to_pandas(date_as_object=False)
    for field in table.schema:
        if table.schema.names.count(field.name) == 1 and field.name in frame.columns and _is_lossy(field.type):
            frame[field.name] = _cells(table.column(field.name)).set_axis(frame.index)
    return frame


def _is_lossy(kind: Any) -> bool:
    """Name the kinds that pyarrow's own way to pandas changes, or gives as objects that are no numbers."""
    from pyarrow import types

    return any(is_kind(kind) for is_kind in (types.is_nested, types.is_decimal, types.is_int64, types.is_uint64))


def _cells(column: Any) -> Any:
    import pandas as pd
    import pyarrow as pa

    if pa.types.is_nested(column.type):
        return pd.Series(column.to_pylist(), dtype=object)
    if pa.types.is_decimal(column.type):
        return column.cast(pa.float64()).to_pandas()
    if column.null_count and pa.types.is_integer(column.type):
        values = column.to_pylist()
        if max((abs(value) for value in values if value is not None), default=0) > _LARGEST_EXACT:
            return pd.Series(values, dtype="UInt64" if pa.types.is_uint64(column.type) else "Int64")
    return column.to_pandas()


def _of_structured(records: Any) -> Any:
    import pandas as pd

    rows = records.reshape(-1)
    columns = {}
    for name in rows.dtype.names:
        cells = rows[name]
        if cells.dtype.kind == "S":
            cells = np.char.decode(cells, "utf-8")
        columns[name] = pd.Series(cells if cells.ndim == 1 else cells.tolist())
    return pd.DataFrame(columns)


def _of_hugging_face(dataset: Any) -> Any:
    import pandas as pd

    frame = _of_arrow(dataset.with_format("arrow")[:])
    for name, feature in dataset.features.items():
        names = getattr(feature, "names", None)
        if names is not None:
            codes = frame[name].fillna(-1).to_numpy(np.int64)
            frame[name] = pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names)))
        elif type(feature).__name__ == "Image":
            frame[name] = [_picture(cell) for cell in frame[name]]
    return frame


def _picture(cell: Any) -> Any:
    if not isinstance(cell, Mapping):
        return cell
    return cell["path"] if cell.get("bytes") is None else cell["bytes"]
