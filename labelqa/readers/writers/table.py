"""Long and wide tables: the cells that were decided on change, and no other."""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labelqa._checks import ONLY_CLASS
from labelqa._codes import id_text
from labelqa._findings import Findings
from labelqa.readers._changes import Change, Place
from labelqa.readers._edits import JsonText
from labelqa.readers._frames import Reading
from labelqa.readers._headings import ALIASES, ColumnOrigin, plain, renamed_columns
from labelqa.readers._opened import Source
from labelqa.readers.formats.table import plain_cells
from labelqa.readers.writers._files import Files, moved_path


class _Cells(ABC):
    """The cells of one file, by row and by the column's name in the file."""

    def __init__(self, source: Source, files: Files) -> None:
        self.raw = source.table
        self.columns = list(self.raw.columns)

    def cell(self, row: int, column: Any) -> Any:
        """Give a cell as the file has it."""
        return self.raw[column].iloc[row]

    @abstractmethod
    def set(self, row: int, column: Any, value: Any) -> None:
        """Give a cell another value; None empties it."""

    @abstractmethod
    def remove(self, row: int) -> None:
        """Take a row out."""

    @abstractmethod
    def append(self, cells: Mapping[Any, Any]) -> None:
        """Put a row at the end; cells that are not named are empty."""

    @abstractmethod
    def finish(self, files: Files) -> None:
        """Hand on what is left to write."""


class _Delimited(_Cells):
    def __init__(self, source: Source, files: Files) -> None:
        super().__init__(source, files)
        self.text = files.delimited(source.path, source.suffix)

    def set(self, row: int, column: Any, value: Any) -> None:
        old = self.text.cell(row, self.columns.index(column))
        self.text.set(row, self.columns.index(column), _written(value, old))

    def remove(self, row: int) -> None:
        self.text.remove(row)

    def append(self, cells: Mapping[Any, Any]) -> None:
        line = [_written(cells.get(column), self._sample(column)) for column in self.columns]
        self.text.append([*line, *[""] * (self.text.n_cells - len(line))])

    def _sample(self, column: Any) -> str:
        """Give a cell of a column, in whose style another is written."""
        known = self.raw[column].dropna()
        return str(known.iloc[0]) if len(known) else ""

    def finish(self, files: Files) -> None:
        """Nothing is left: the text holds the changes."""


def _written(value: Any, old: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, float):
        return id_text(value)
    short = str(int(value)) if value.is_integer() and "." not in old and "," not in old else repr(value)
    # a decimal comma stays one
    return short.replace(".", ",") if "," in old and "." not in old else short


class _Records(_Cells):
    """JSON records: a list, or one a line."""

    def __init__(self, source: Source, files: Files) -> None:
        super().__init__(source, files)
        self.is_list = source.suffix == ".json"
        self.records: list[dict[str, Any]] = source.json if self.is_list else source.json_lines
        if self.is_list:
            self.whole = files.json(source.path)
        else:
            self.lines = files.json_lines(source.path)
            self.places = [nth for nth, line in enumerate(self.lines.lines()) if line.strip()]
            self.changed: dict[int, JsonText] = {}

    def cell(self, row: int, column: Any) -> Any:
        """Give a cell as the file has it: a number of a table is one of numpy, and may have become a float."""
        return self.records[row].get(column)

    def set(self, row: int, column: Any, value: Any) -> None:
        text = self.whole if self.is_list else self.changed.setdefault(row, JsonText(self.lines.line(self.places[row])))
        path = (row, column) if self.is_list else (column,)
        (text.set if text.has(path) else text.add_key)(path, value)

    def remove(self, row: int) -> None:
        if self.is_list:
            self.whole.remove((row,))
        else:
            self.changed.pop(row, None)
            self.lines.remove(self.places[row])

    def append(self, cells: Mapping[Any, Any]) -> None:
        if self.is_list:
            self.whole.append((), dict(cells))
        else:
            self.lines.append(json.dumps(dict(cells), ensure_ascii=False))

    def finish(self, files: Files) -> None:
        if not self.is_list:
            for row, text in self.changed.items():
                self.lines.set(self.places[row], text.result())


class _Parquet(_Cells):
    """A Parquet file: column types and metadata stay."""

    def __init__(self, source: Source, files: Files) -> None:
        import pyarrow.parquet as pq

        super().__init__(source, files)
        self.path = source.path
        self.table = pq.read_table(io.BytesIO(source.data))
        self._set: dict[Any, dict[int, Any]] = {}
        self._gone: set[int] = set()
        self._new: list[Mapping[Any, Any]] = []

    def set(self, row: int, column: Any, value: Any) -> None:
        self._set.setdefault(column, {})[row] = value

    def remove(self, row: int) -> None:
        self._gone.add(row)

    def append(self, cells: Mapping[Any, Any]) -> None:
        self._new.append(cells)

    def finish(self, files: Files) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not (self._set or self._gone or self._new):
            return
        schema, columns = self.table.schema, []
        for kind in schema:
            values = self.table.column(kind.name).to_pylist()
            for row, value in self._set.get(kind.name, {}).items():
                values[row] = _typed(value, kind.type)
            values = [value for row, value in enumerate(values) if row not in self._gone]
            values += [_typed(row.get(kind.name), kind.type) for row in self._new]
            columns.append(pa.array(values, kind.type))
        out = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), out)
        files.make(self.path, out.getvalue())


def _typed(value: Any, kind: Any) -> Any:
    import pyarrow as pa

    if value is None:
        return None
    while pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return id_text(value)
    return pa.scalar(value).cast(kind).as_py()


def _cells(path: Path, files: Files) -> _Cells | None:
    """Open a table, once; None where it is one of Excel."""
    source = Source(path)
    _ = source.data
    if source.suffix in (".xlsx", ".xlsm"):
        return None
    if path not in files.cells:
        is_json = source.suffix in (".json", ".jsonl", ".ndjson")
        kind = _Records if is_json else _Parquet if source.suffix == ".parquet" else _Delimited
        files.cells[path] = kind(source, files)
    found: _Cells = files.cells[path]
    return found


class _Table:
    """One file of a source, and which of its columns means what."""

    def __init__(self, path: Path, how: Reading, cells: _Cells) -> None:
        self.cells = cells
        self.n_boxes = 0
        self.origin = ColumnOrigin()
        raw = plain_cells(cells.raw, path)
        chosen = {ours: column for ours, column in how.columns.items() if column in raw.columns}
        renamed_columns(raw, path, Findings(), chosen=chosen, origin=self.origin)
        self.has_boxes = self.origin.form is not None

    def column(self, name: str) -> Any:
        """Give the column that became one of ours; None where there is none."""
        column = self.origin.of(name)
        return column if column in self.cells.columns else None

    def new_box_id(self, wanted: str | None) -> Any:
        """Give the id of a box to add: the next number where ids are numbers."""
        known = self.cells.raw[self.column("box_id")].dropna()
        if len(known) and known.map(lambda value: isinstance(value, int | np.integer)).all():
            self.n_boxes += 1
            return int(known.max()) + self.n_boxes
        return wanted

    def box(self, corners: Sequence[float]) -> dict[Any, Any]:
        """Give the cells of a box in the form of the file."""
        left, top, right, bottom = corners
        size = (right - left, bottom - top)
        whole = {
            "corners": corners,
            "corner": (left, top, *size),
            "middle": (left + size[0] / 2, top + size[1] / 2, *size),
            "xywh": (left, top, *size),
            "xyxy": corners,
        }[str(self.origin.form)]
        if len(self.origin.box) == 4:
            return dict(zip(self.origin.box, map(float, whole), strict=True))
        is_text = self.cells.raw[self.origin.box[0]].map(lambda cell: isinstance(cell, str)).any()
        return {self.origin.box[0]: json.dumps([float(side) for side in whole]) if is_text else list(whole)}


def rewrite_table(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change cells, take rows out and put rows at the end; views that a table lists stay listed."""
    tables: dict[Path, _Table | None] = {}
    paths = [path for change in changes for path, _ in change.places]
    for path in dict.fromkeys(paths):
        cells = _cells(path, files)
        tables[path] = None if cells is None else _Table(path, how, cells)
    for change in changes:
        if any(tables[path] is None for path, _ in change.places):
            lost["changes of an Excel file"] += 1
        elif change.kind in ("add label", "add box"):
            _add(change, tables, how, lost)
        else:
            _change(change, tables, lost)


def strip_table(places: Sequence[Place], files: Files, person: str) -> list[Path]:
    """Take all rows out."""
    for path in dict.fromkeys(path for path, _ in places):
        cells = _cells(path, files)
        for row in range(len(cells.raw)) if cells is not None else ():
            cells.remove(row)  # type: ignore[union-attr]
    return []


def _change(change: Change, tables: Mapping[Path, Any], lost: Counter[str]) -> None:
    for nth, (path, row) in enumerate(change.places):
        table: _Table = tables[path]
        if change.kind in ("relabel", "relabel box") and table.column("label") is None:
            lost["classes, for which the table has no column"] += 1
        elif change.kind in ("relabel", "relabel box"):
            table.cells.set(row, table.column("label"), _value(change.new))
        elif change.kind == "move box":
            old = table.box(change.was)
            for column, value in table.box(change.corners).items():
                if value != old[column]:
                    table.cells.set(row, column, value)
        elif change.kind == "drop box" and change.is_last and nth == 0:
            # a row without corners is a view with nothing drawn
            for column in (*table.origin.box, table.column("label")):
                if column is not None:
                    table.cells.set(row, column, None)
        else:
            table.cells.remove(row)


def _value(label: Any) -> Any:
    return label if isinstance(label, str | bool | int | float) else id_text(label)


def _add(change: Change, tables: Mapping[Path, Any], how: Reading, lost: Counter[str]) -> None:
    is_box = change.kind == "add box"
    place = next(((path, row) for path, row in change.places if _holds(tables[path], is_box=is_box)), None)
    if place is None:
        lost["boxes to add without a table of boxes" if is_box else "labels to add without a table of labels"] += 1
        return
    path, row = place
    table: _Table = tables[path]
    item = table.column("item_id")
    cells = {item: table.cells.cell(row, item)}
    if is_box and table.column("box_id") is not None:
        cells[table.column("box_id")] = table.new_box_id(change.box_id)
    lost["classes, for which the table has no column"] += (
        table.column("label") is None and id_text(change.new) != ONLY_CLASS
    )
    for name, value in (("annotator_id", change.annotator), ("label", _value(change.new))):
        if table.column(name) is not None:
            cells[table.column(name)] = value
    table.cells.append(cells | (table.box(change.corners) if is_box else {}))


def _holds(table: _Table, *, is_box: bool) -> bool:
    return table.has_boxes if is_box else not table.has_boxes and table.column("label") is not None


def rewrite_wide_table(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change cells; somebody new has a column at the end."""
    new: dict[Path, dict[str, dict[int, str]]] = {}
    for change in changes:
        for path, (row, person) in change.places:
            cells = _cells(path, files)
            if "box" in change.kind:
                lost["boxes"] += 1
            elif not isinstance(cells, _Delimited):
                lost["changes of a wide table that is not CSV or TSV"] += 1
            elif change.kind == "drop item":
                cells.remove(row)
            elif change.kind == "add label" and change.annotator not in cells.columns:
                new.setdefault(path, {}).setdefault(str(change.annotator), {})[row] = id_text(change.new)
            elif change.kind != "drop view":
                column = change.annotator if change.kind == "add label" else person
                cells.set(row, column, None if change.kind == "drop label" else id_text(change.new))
    for path, people in new.items():
        cells = _cells(path, files)
        if isinstance(cells, _Delimited):
            for person, labels in people.items():
                cells.text.add_column(person, [labels.get(row, "") for row in range(len(cells.raw))])


def repath_table(paths: Sequence[Path], files: Files, there: Path) -> None:
    """Make the paths of pictures hold from another folder."""
    for path in paths:
        cells = _cells(path, files)
        names = ("path", *ALIASES["path"])
        column = next((one for one in cells.columns if plain(one) in names), None) if cells is not None else None
        if cells is None or column is None:
            continue
        for row, value in enumerate(cells.raw[column]):
            new = moved_path(value, path.parent, there)
            if new is not None:
                cells.set(row, column, new)
