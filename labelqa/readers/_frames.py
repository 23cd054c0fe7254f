"""What every reader is told and what it gives: raw tables, and what it mapped or left out."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._findings import Findings
from labelqa.errors import TableError

TABLES = ("labels", "boxes", "views", "items")
#: The column of where in the source a row comes from, (file, place within it), and the table of all that is said of an
#: item; only where writing back asks for them. No column of a file is called so.
PLACE, PLACES = "\0place", "\0places"
_PICTURES = (
    ".jpg",
    ".jpeg",
    ".jfif",
    ".png",
    ".gif",
    ".bmp",
    ".webp",
    ".tif",
    ".tiff",
    ".avif",
    ".jp2",
    ".dcm",
    ".svg",
)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Attributes
    ----------
    annotator
        Who annotated, where the file does not say.
    columns
        Our name of a column -> the name in the file.
    keep_gold
        Whether answers marked as ground truth are views like others.
    keep_predictions
        Whether what a model predicted is a view, of an annotator called after the model.
    keep_crowds
        Whether a region that stands for a crowd of objects is a box.
    is_each_class
        Whether a rectangle with several classes is a box of each; it is one box of the set otherwise.
    with_places
        Whether each row says where in the file it comes from (`PLACE`).
    """

    annotator: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    keep_gold: bool = False
    keep_predictions: bool = False
    keep_crowds: bool = True
    is_each_class: bool = False
    with_places: bool = False


@dataclass
class Frames:
    """Tables as read, by name, before any check; a table that the file cannot hold is absent.

    `items` may have the column `picture`: the file name as the source has it, by which files are joined.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    found: Findings = field(default_factory=Findings)
    #: The formats that were met.
    forms: set[str] = field(default_factory=set)

    @property
    def answers(self) -> dict[str, pd.DataFrame]:
        """The tables of what people said."""
        return {name: table for name, table in self.tables.items() if name not in ("items", PLACES)}

    def add(self, name: str, table: pd.DataFrame) -> None:
        """Append rows to a table; of many files see `join`."""
        known = self.tables.get(name)
        self.tables[name] = table if known is None else _below_each_other([known, table])

    def join(self, others: Sequence[Frames]) -> None:
        """Append the tables of others, each table in one go, and what was found in them."""
        parts: dict[str, list[pd.DataFrame]] = {name: [table] for name, table in self.tables.items()}
        for other in others:
            for name, table in other.tables.items():
                parts.setdefault(name, []).append(table)
            self.found.extend(other.found)
            self.forms |= other.forms
        self.tables = {name: each[0] if len(each) == 1 else _below_each_other(each) for name, each in parts.items()}

    def annotators(self) -> set[str]:
        """Everybody that the tables name."""
        named = [table["annotator_id"].dropna() for table in self.tables.values() if "annotator_id" in table]
        return {str(name) for column in named for name in column.unique()}


def _below_each_other(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    with warnings.catch_warnings():
        # pandas 2 will one day treat columns without any value otherwise; the checks set every type anyway
        warnings.filterwarnings("ignore", message=".*concatenation with empty or all-NA", category=FutureWarning)
        return pd.concat(tables, ignore_index=True)


VIEW = ["item_id", "annotator_id", "status", "seconds", "created_at", "unread"]
BOX = ["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"]
ITEM = ["item_id", "path", "picture", "width", "height"]


@dataclass
class Rows:
    """Rows that a reader collects record by record, and what it met."""

    path: Path
    how: Reading
    views: list[tuple[Any, ...]] = field(default_factory=list)
    labels: list[tuple[Any, ...]] = field(default_factory=list)
    boxes: list[tuple[Any, ...]] = field(default_factory=list)
    items: list[tuple[Any, ...]] = field(default_factory=list)
    #: (table, what, what was done) -> how often.
    met: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: Table -> where each of its rows comes from, and all places of each item.
    places: dict[str, list[Any]] = field(default_factory=lambda: {"labels": [], "boxes": [], "views": [], PLACES: []})

    def view(self, item: str, person: str, *, unread: bool = False) -> None:
        """Add that somebody looked; `unread` where something was drawn that is not read."""
        self.views.append((item, person, "labelled" if unread else None, None, None, unread))

    def item(self, item: str, picture: str | None, width: float | None, height: float | None) -> None:
        """Add an item with its picture as the source names it."""
        self.items.append((item, existing_path(picture, self.folder), picture, width, height))

    def mark(self, table: str, place: Any, path: Path | None = None, person: str | None = None) -> None:
        """Say where the row added last comes from, if that is asked for; of an item, also whose place it is."""
        if self.how.with_places:
            whole = (path or self.path, place)
            self.places[table].append((self.items[-1][0], person, whole) if table == PLACES else whole)

    @property
    def folder(self) -> Path:
        """Where relative names of pictures are looked for."""
        return self.path if self.path.is_dir() else self.path.parent

    def frames(self) -> Frames:
        """Give the tables; a table is there where the file can hold it, even if it is empty."""
        out = Frames()
        for (table, what, action), n in self.met.items():
            out.found.add(table, f"{what} in {self.path.name}", n, action)
        out.add("views", pd.DataFrame(self.views, columns=VIEW))
        out.add("items", pd.DataFrame(self.items, columns=ITEM))
        if self.boxes or not self.labels:
            out.add("boxes", pd.DataFrame(self.boxes, columns=BOX))
        if self.labels:
            out.add("labels", pd.DataFrame(self.labels, columns=BOX[:3]))
        for name, places in self.places.items():
            if places and name == PLACES:
                out.add(PLACES, pd.DataFrame(places, columns=["item_id", "annotator_id", PLACE]))
            elif places:
                out.tables[name] = out.tables[name].assign(**{PLACE: pd.Series(places, dtype=object)})
        return out


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
        raise nobody(where)
    return table.assign(annotator_id=annotator)


def nobody(where: Path) -> TableError:
    """The error where a file does not say who annotated."""
    return TableError(
        f"{where} does not say who annotated; name the person with annotator='NAME', or take it "
        "from the file with annotator_from='filename', annotator_from='parent' or annotator_from='folder'."
    )


def is_picture_name(text: str) -> bool:
    """Tell the name of a picture by its suffix."""
    return text.lower().endswith(_PICTURES)


def existing_path(path: Any, folder: Path) -> Any:
    """Give the path of a picture as seen from here, where it lies below the file that names it."""
    if not isinstance(path, str) or not path:
        return None
    try:
        # every item of a file comes by here, and texts are quicker than paths
        below = os.path.normpath(os.path.join(folder, path))  # noqa: PTH118
        return Path(below).as_posix() if not os.path.isabs(path) and os.path.isfile(below) else path  # noqa: PTH113, PTH117
    except (OSError, ValueError):  # too long, or with characters that no file name has
        return path
