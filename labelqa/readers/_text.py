"""The door for text files: encoding, delimiter, and rows that do not fit are refused with line and field count."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa.errors import TableError

_DELIMITERS = (",", ";", "\t", "|")
#: Records by which the delimiter is told.
_HEAD = 50
#: Bytes that are parsed at a time; a row may not be longer.
_BLOCK = 64 << 20


def decoded(data: bytes, path: Path) -> tuple[str, tuple[str, str] | None]:
    """Give the text, and what was assumed about its encoding.

    Raises
    ------
    TableError
        For bytes that are no text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), None
            except UnicodeDecodeError as error:
                raise TableError(
                    f"{path} begins like {encoding.upper()} and is none ({error.reason} at byte {error.start}); save "
                    "it as UTF-8."
                ) from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\x00" in data[:4096]:
            raise TableError(f"{path} is no text ({error.reason} at byte {error.start}); save it as UTF-8.") from error
        return data.decode("cp1252", errors="replace"), ("text that is not UTF-8", "read as Windows-1252")
    if "\x00" in text[:4096]:
        raise TableError(f"{path} is no text: it holds zero bytes; save it as UTF-8.")
    return text, None


def read_delimited(text: str, path: Path, suffix: str) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Read a delimited text file, all cells as text and empty ones as missing.

    Everything stays text: "007" stays an id, and "NA" or "nan" may well be a label. The delimiter is told by the first
    records; a line ``sep=;`` before the header names it.

    Returns
    -------
    table, and what was done: (finding, action)

    Raises
    ------
    TableError
        For rows with more or fewer fields than the header, with the line and both counts.
    """
    notes: list[tuple[str, str]] = []
    delimiter, start = delimiter_of(text, suffix)
    text = text[start:]
    if not text.strip():
        raise TableError(f"{path} is empty: it has no header.")
    if delimiter != _usual(suffix):
        notes.append((f"fields separated by {delimiter!r}", "read so"))
    table, trailing = _parsed(text, path, delimiter)
    if trailing:
        notes.append(("empty field after the last column", "left out"))
    return table, notes


def _usual(suffix: str) -> str:
    return "\t" if suffix in (".tsv", ".tab") else ","


def delimiter_of(text: str, suffix: str) -> tuple[str, int]:
    """Give the delimiter, and where the header begins."""
    first = text.partition("\n")[0]
    said = first.strip().strip('"')
    if said.lower().startswith("sep=") and len(said) == 5:
        return said[4], min(len(first) + 1, len(text))
    return _delimiter(text, _usual(suffix)), 0


def _delimiter(text: str, usual: str) -> str:
    """Tell the delimiter: the one by which the first records have equally many fields, most of all; else the usual."""
    head = "".join(text[: 1 << 20].splitlines(keepends=True)[: 2 * _HEAD])
    counts = {}
    for tried in (usual, *(one for one in _DELIMITERS if one != usual)):
        try:
            rows = [row for row in islice(csv.reader(io.StringIO(head), delimiter=tried), _HEAD) if row]
        except csv.Error:
            continue
        n_fields = len(rows[0]) if rows else 1
        share = sum(len(row) == n_fields for row in rows) / max(len(rows), 1)
        counts[tried] = (n_fields > 1, round(share, 1), n_fields)
    if counts.get(usual, (False,))[0] and counts[usual][1] == 1:
        return usual
    return max(counts, key=lambda one: counts[one], default=usual)


def _parsed(text: str, path: Path, delimiter: str) -> tuple[pd.DataFrame, bool]:
    """Give the table, and whether every line ended with a delimiter too many."""
    try:
        header = next(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise TableError(f"{path} cannot be read as a table (its header: {error}); check the file.") from error
    table, wrong = _arrow(text, path, delimiter, len(header))
    if not wrong:
        return _frame(table.slice(1), header), False
    if set(wrong) == {len(header) + 1}:
        wider, others = _arrow(text, path, delimiter, len(header) + 1)
        after = wider.column(len(header))
        # now the header is the one row that does not fit
        if others == [len(header)] and len(wider) == len(wrong) and after.null_count == len(after):
            return _frame(wider.remove_column(len(header)), header), True
    raise TableError(_ragged(text, path, delimiter, len(header)))


def _arrow(text: str, path: Path, delimiter: str, n_fields: int) -> tuple[Any, list[int]]:
    """Parse; give the table, header and all, and the number of fields of each row that has another one."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    wrong: list[int] = []

    def skip(row: Any) -> str:
        wrong.append(row.actual_columns)
        return "skip"

    names = [str(nth) for nth in range(n_fields)]
    try:
        table = arrow.read_csv(
            io.BytesIO(text.encode("utf-8", errors="surrogatepass")),
            read_options=arrow.ReadOptions(column_names=names, block_size=_BLOCK),
            parse_options=arrow.ParseOptions(
                delimiter=delimiter, newlines_in_values='"' in text, invalid_row_handler=skip
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} cannot be read as a table ({str(error).splitlines()[0]}); check the file.") from error
    return table, wrong


def _frame(table: Any, header: list[str]) -> pd.DataFrame:
    import pyarrow as pa

    text = pd.Series([], dtype="str").dtype
    mapper = None if text == np.dtype(object) else {pa.string(): text}.get
    return table.to_pandas(types_mapper=mapper).set_axis(header, axis=1)  # type: ignore[no-any-return]


def _ragged(text: str, path: Path, delimiter: str, n_fields: int) -> str:
    """Name the first rows whose number of fields is not that of the header."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    wrong: list[tuple[int, int]] = []
    n_wrong = 0
    before = 0
    try:
        for row in reader:
            start, before = before + 1, reader.line_num
            if row and len(row) != n_fields:
                n_wrong += 1
                wrong += [(start, len(row))] if len(wrong) < 3 else []
    except csv.Error as error:
        return f"{path} cannot be read as a table (line {reader.line_num}: {error}); check the file."
    told = "; ".join(f"line {line} has {n} fields" for line, n in wrong)
    more = "" if n_wrong <= len(wrong) else f" and {n_wrong - len(wrong):,} more"
    return (
        f"{path}: {told}{more}, the header {n_fields}; put quotes round a text that holds {delimiter!r}, or complete "
        "the row."
    )


def encoded_like(data: bytes, text: str, path: Path) -> bytes:
    """Give the bytes of a text in the encoding of the bytes it was read from.

    Raises
    ------
    TableError
        Where the encoding has no place for a character, or the bytes were not read whole.
    """
    encoding = "utf-8"
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return (mark if name != "utf-8-sig" else b"") + text.encode(name)
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        odd = text[error.start : error.end]
        raise TableError(
            f"{path} is Windows-1252, which has no place for {odd!r}; save it as UTF-8 and read it again."
        ) from error
