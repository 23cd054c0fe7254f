"""One file, opened once: its bytes unpacked, its text, JSON, JSON lines and table."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from labelqa._foreign import MAX_RATIO, check_memory, check_parquet, json_of, memory_limit
from labelqa.errors import TableError, shown
from labelqa.readers._frames import is_picture_name
from labelqa.readers._text import decoded, read_delimited

#: What a packed file may hold, in bytes, and how many times its own size: more is taken for a bomb.
MAX_UNPACKED = 8 << 30
#: What unpacking raises: for a damaged file, a password that is wanted (RuntimeError), an unknown way of packing.
_NOT_UNPACKED = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError,
)  # fmt: skip
_DELIMITED = (".csv", ".tsv", ".txt", ".tab")


class Source:
    """A file that readers look into.

    Parameters
    ----------
    path
        The file; ``.gz``, and ``.zip`` with one file in it, are unpacked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.suffix = path.suffix.lower()
        #: What was done to read the text, for the checks: (finding, action).
        self.notes: list[tuple[str, str]] = []
        if self.suffix == ".gz":
            self.suffix = Path(path.stem).suffix.lower()

    @property
    def is_delimited(self) -> bool:
        """Whether its ending is that of delimited text."""
        return self.suffix in _DELIMITED

    @cached_property
    def data(self) -> bytes:
        """The bytes of the file, unpacked.

        Raises
        ------
        TableError
            Where they cannot be unpacked, or would be too many.
        """
        check_memory(self.path.stat().st_size, self.path, "read a part of it, or give it as a folder of Parquet files.")
        raw = self.path.read_bytes()
        try:
            if raw[:2] == b"\x1f\x8b":
                return self._limited(gzip.GzipFile(fileobj=io.BytesIO(raw)), len(raw))
            if self.path.suffix.lower() == ".zip":
                with zipfile.ZipFile(io.BytesIO(raw)) as packed:
                    every = [one for one in packed.namelist() if not one.endswith("/") and "__MACOSX" not in one]
                    names = [one for one in every if not is_picture_name(one)]
                    if len(names) != 1:
                        raise TableError(
                            f"{self.path} holds {len(names)} files ({shown(names)}); unpack it, and give the folder or "
                            "the file of annotations."
                        )
                    self.suffix = Path(names[0]).suffix.lower()
                    with packed.open(names[0]) as stream:
                        return self._limited(stream, len(raw))
        except _NOT_UNPACKED as error:
            raise TableError(f"{self.path} cannot be unpacked ({error}); fetch it again.") from error
        return raw

    def _limited(self, stream: Any, packed: int) -> bytes:
        most = min(MAX_UNPACKED, memory_limit(), max(MAX_RATIO * packed, 1 << 20))
        data: bytes = stream.read(most + 1)
        if len(data) > most:
            raise TableError(
                f"{self.path} unpacks to more than {most:,} bytes from {packed:,}, which looks like a bomb; unpack it "
                "yourself if you trust it."
            )
        return data

    @cached_property
    def text(self) -> str:
        """The text, whatever its encoding: UTF-8, UTF-16 with a mark, else Windows-1252, which is noted."""
        text, note = decoded(self.data, self.path)
        if note and note not in self.notes:
            self.notes.append(note)
        self._forget("data")
        return text

    @cached_property
    def json(self) -> Any:
        """The JSON value.

        Raises
        ------
        TableError
            Where the text is no JSON; the place is named.
        """
        value = json_of(self.text, self.path)
        self._forget("text")
        return value

    @cached_property
    def json_lines(self) -> list[Any]:
        """One JSON value per line; empty lines are passed over.

        Raises
        ------
        TableError
            Where a line is not JSON; the line is named.
        """
        lines = enumerate(self.text.split("\n"), 1)
        return [json_of(line, self.path, first_line=number) for number, line in lines if line.strip()]

    @cached_property
    def xml(self) -> ElementTree.Element:
        """The root of the XML document.

        Raises
        ------
        TableError
            Where the file is no XML, or declares entities, which no format needs and which can grow without end.
        """
        if b"<!ENTITY" in self.data:
            raise TableError(f"{self.path} declares entities, which are not read; export it again.")
        try:
            return ElementTree.fromstring(self.data)  # noqa: S314 - entities are refused, and expat limits them
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise TableError(f"{self.path} is not valid XML ({error}); export it again.") from error

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table: all text (CSV, TSV), or typed (Parquet, JSON, Excel).

        Raises
        ------
        TableError
            Where the file cannot be read as its suffix says.
        """
        _ = self.data if self.suffix == ".zip" else b""
        if self.is_delimited:
            table, notes = read_delimited(self.text, self.path, self.suffix)
            self.notes += notes
            self._forget("text")
            return table
        if self.suffix == ".parquet":
            return self._parquet()
        if self.suffix in (".xlsx", ".xlsm"):
            return self._excel()
        if self.suffix in (".jsonl", ".ndjson"):
            return _records(self.json_lines, self.path)
        if self.suffix == ".json":
            return _records(self.json, self.path)
        raise TableError(f"{self.path} has the suffix {self.suffix!r}, which is none of a table.")

    def _forget(self, name: str) -> None:
        """Let go of what was read into something else; who asks for it again gets it from the file."""
        vars(self).pop(name, None)

    def _parquet(self) -> pd.DataFrame:
        try:
            check_parquet(io.BytesIO(self.data), self.path)
            return pd.read_parquet(io.BytesIO(self.data))
        except TableError:
            raise
        except (ValueError, OSError) as error:  # Arrow's own errors are ValueErrors
            reason = str(error).strip().splitlines()[0]
            raise TableError(
                f"{self.path} cannot be read as .parquet ({reason}); check the file, or export it again."
            ) from error

    def _excel(self) -> pd.DataFrame:
        from labelqa._extras import require

        require("openpyxl", extra="excel", purpose="Reading an Excel file")
        try:
            sheets = pd.read_excel(io.BytesIO(self.data), sheet_name=None, dtype=object)
        except (ValueError, OSError, KeyError, zipfile.BadZipFile) as error:
            raise TableError(f"{self.path} cannot be read as Excel ({error}); save it as CSV.") from error
        filled = {name: sheet for name, sheet in sheets.items() if len(sheet)}
        if len(filled) != 1:
            raise TableError(
                f"{self.path} has {len(filled)} sheets with rows ({shown(filled)}); keep the one with the answers."
            )
        return next(iter(filled.values()))


def _records(data: Any, path: Path) -> pd.DataFrame:
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        return pd.DataFrame(data)
    if data == []:
        raise TableError(f"{path} is an empty list: it holds no answers.")
    raise TableError(f"{path} is no list of records; write one object per row, or use JSONL.")
