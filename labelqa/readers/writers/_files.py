"""The files of a source that change: opened once as text, and written with the bytes that did not change."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from labelqa.readers._changes import Change
from labelqa.readers._edits import DelimitedText, JsonLinesText, JsonText, LinesText, Text, XmlText
from labelqa.readers._opened import Source
from labelqa.readers._text import delimiter_of, encoded_like

Kind = TypeVar("Kind", bound=Text)


class Files:
    """Files that are about to change.

    Attributes
    ----------
    allow_loss
        Whether fixes may go where their author's name does not.
    """

    def __init__(self, *, allow_loss: bool) -> None:
        self.allow_loss = allow_loss
        #: Tables that are opened as cells; they hand on their changes at the end.
        self.cells: dict[Path, Any] = {}
        self._open: dict[Path, Text] = {}
        self._made: dict[Path, bytes | None] = {}

    def json(self, path: Path) -> JsonText:
        """Open a JSON file."""
        return self._opened(path, JsonText)

    def xml(self, path: Path) -> XmlText:
        """Open an XML file."""
        return self._opened(path, XmlText)

    def lines(self, path: Path) -> LinesText:
        """Open a file of lines."""
        return self._opened(path, LinesText)

    def json_lines(self, path: Path) -> JsonLinesText:
        """Open a file of JSON lines."""
        return self._opened(path, JsonLinesText)

    def delimited(self, path: Path, suffix: str) -> DelimitedText:
        """Open a delimited text file."""
        if path not in self._open:
            text = Source(path).text
            self._open[path] = DelimitedText(text, *delimiter_of(text, suffix))
        return self._opened(path, DelimitedText)

    def remove(self, path: Path) -> None:
        """Leave a file out."""
        self._made[path] = None

    def make(self, path: Path, data: bytes) -> None:
        """Write a file whole."""
        self._made[path] = data

    def results(self) -> dict[Path, bytes | None]:
        """Give what differs from the source: the file -> its bytes, unpacked, or None where it goes."""
        for cells in self.cells.values():
            cells.finish(self)
        out: dict[Path, bytes | None] = {}
        for path, text in self._open.items():
            written = text.result()
            if written != text.text:
                out[path] = encoded_like(Source(path).data, written, path)
        return out | self._made

    def _opened(self, path: Path, kind: type[Kind]) -> Kind:
        if path not in self._open:
            self._open[path] = kind(Source(path).text)
        text = self._open[path]
        assert isinstance(text, kind)  # noqa: S101 - one reader read it
        return text


class Document(Protocol):
    """One file that changes by its places, and gathers what is added until the end."""

    def change(self, change: Change, place: Any) -> None:
        """Make one change at one place."""

    def finish(self) -> None:
        """Write what was gathered."""


def change_documents(changes: Sequence[Change], opened: Callable[[Path], Document]) -> None:
    """Make all changes, each in the documents that it has places in; a document is opened once."""
    documents: dict[Path, Document] = {}
    for change in changes:
        for path, place in change.places:
            if path not in documents:
                documents[path] = opened(path)
            documents[path].change(change, place)
    for document in documents.values():
        document.finish()


def settle_foreign(changes: Sequence[Change], files: Files, lost: Counter[str]) -> Iterator[Change]:
    """Give fixes by somebody who has no file to the one person whose file shows the item, where that is allowed.

    What was that person's and gave way to the fix is then changed by it, and the view stays.
    """
    taken = {change.item for change in changes if change.is_foreign}
    for change in changes:
        if change.is_foreign:
            lost[f"the name of {change.annotator} on fixes, as the file is another's"] += 1
            if files.allow_loss:
                yield replace(change, is_foreign=False)
        elif change.kind != "drop view" or change.item not in taken:
            yield change


def _is_there(path: str, here: Path) -> bool:
    try:
        return not Path(path).is_absolute() and (here / path).is_file()
    except (OSError, ValueError):  # too long, or with characters that no file name has
        return False


def moved_path(path: object, here: Path, there: Path) -> str | None:
    """Give a relative path of a picture that is there as seen from another folder; None where it stays as it is."""
    if not isinstance(path, str) or not _is_there(path, here):
        return None
    new = Path(os.path.relpath(here / path, there)).as_posix()
    return None if os.path.normpath(path) == os.path.normpath(new) else new
