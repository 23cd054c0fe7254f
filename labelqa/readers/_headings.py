"""Which column means what: names met in the wild, boxes in other forms, and two candidates for one meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._cells import plain_numbers
from labelqa._checks import BOX_EDGES
from labelqa._findings import Findings
from labelqa.errors import OptionError, TableError, shown

#: Our name -> names met in the wild, most telling first; compared without case, spaces and hyphens as underscores.
ALIASES: dict[str, tuple[str, ...]] = {
    "item_id": ("image_id", "item", "img_id", "task_id", "unit_id", "document_id", "sample_id", "example_id", "image",
                "file_name", "filename", "image_name", "img", "task", "unit", "question", "document", "sample"),
    "annotator_id": ("annotator", "worker_id", "worker", "rater_id", "rater", "rad_id", "labeler", "labeller", "coder",
                     "user_id", "user", "user_name", "username", "performer", "completed_by"),
    "label": ("class_name", "category_name", "class", "category", "answer", "response", "choice", "rating"),
    "created_at": ("created", "timestamp", "submitted_at", "labelled_at", "labeled_at", "annotated_at"),
    "seconds": ("duration", "lead_time", "seconds_spent", "time_spent"),
    "path": ("file_path", "filepath", "image_path", "file", "file_name", "filename"),
    "box_id": ("bbox_id", "annotation_id"),
    "status": (),
}  # fmt: skip
#: Names of which two in one table with different answers are refused.
_TOLD_APART = ("item_id", "annotator_id", "label")
#: Four names that are corners.
_CORNERS = (
    ("x_min", "y_min", "x_max", "y_max"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"),
    ("x0", "y0", "x1", "y1"), ("left", "top", "right", "bottom"), ("bbox_xmin", "bbox_ymin", "bbox_xmax", "bbox_ymax"),
    ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2"), ("boxxmin", "boxymin", "boxxmax", "boxymax"),
    ("xtl", "ytl", "xbr", "ybr"), ("bbox_x_min", "bbox_y_min", "bbox_x_max", "bbox_y_max"),
)  # fmt: skip
#: Two names of the upper left corner, of the middle, of the size.
_STARTS = (("x_min", "y_min"), ("x", "y"), ("bbox_x", "bbox_y"), ("left", "top"), ("xmin", "ymin"), ("x1", "y1"),
           ("bbox_left", "bbox_top"), ("bbox_xmin", "bbox_ymin"), ("box_x", "box_y"))  # fmt: skip
_MIDDLES = (("x_center", "y_center"), ("x_centre", "y_centre"), ("center_x", "center_y"), ("centre_x", "centre_y"),
            ("xc", "yc"), ("cx", "cy"), ("bbox_cx", "bbox_cy"), ("x_middle", "y_middle"))  # fmt: skip
_SIZES = (("bbox_width", "bbox_height"), ("bbox_w", "bbox_h"), ("box_width", "box_height"), ("box_w", "box_h"),
          ("w", "h"), ("width", "height"))  # fmt: skip
_FRAMES = (("image_width", "image_height"), ("img_width", "img_height"), ("img_w", "img_h"),
           ("original_width", "original_height"), ("width", "height"))  # fmt: skip
#: One column that holds the whole box.
_WHOLE = {"bbox": None, "box": None, "bounding_box": None, "bbox_xywh": "xywh", "bbox_xyxy": "xyxy"}
MEANINGS = (*ALIASES, *BOX_EDGES, "bbox_xywh", "bbox_xyxy")


@dataclass
class ColumnOrigin:
    """Which column of the file became what.

    Attributes
    ----------
    columns
        Our name -> the name in the file, where they differ.
    form, box
        What the columns of boxes hold ("corners", "corner", "middle": four columns; "xywh", "xyxy": one), and their
        names in the file; none where there are no boxes.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    form: str | None = None
    box: tuple[Any, ...] = ()

    def of(self, name: str) -> Any:
        """Give the column of the file that became one of ours."""
        return self.columns.get(name, name)

    def note_box(self, form: str, columns: Sequence[Any]) -> None:
        """Note the columns of boxes, by their names at the time."""
        self.form, self.box = form, tuple(self.of(column) for column in columns)


def plain(column: object) -> str:
    """Give a column's name as it is compared."""
    return str(column).strip().lower().replace(" ", "_").replace("-", "_")


def renamed_columns(
    table: pd.DataFrame,
    path: Path,
    found: Findings,
    *,
    chosen: Mapping[str, str],
    only: Sequence[str] = tuple(ALIASES),
    origin: ColumnOrigin | None = None,
) -> pd.DataFrame:
    """Give the columns our names, boxes as two corners, and say what was read as what and what was not used.

    Which column of the file became what is noted in `origin`.

    Raises
    ------
    OptionError
        For a chosen column that is not there, or stands for nothing.
    TableError
        For two columns that could be the same and hold different answers.
    """
    asked = _chosen(table, path, chosen)
    table = table.rename(columns=asked)
    mapping: dict[Any, str] = {}
    for name in only:
        column = _column_for(table, name, path, taken=(*chosen, *mapping), is_chosen=name in chosen)
        if column is not None and column != name:
            mapping[column] = name
    table = table.rename(columns=mapping)
    for old, new in mapping.items():
        found.add("columns", f"column {old!r} in {path.name}", len(table), f"read as {new!r}")
    if origin is not None:
        before = {new: old for old, new in asked.items()}
        origin.columns |= before | {new: before.get(old, old) for old, new in mapping.items()}
    if "label" not in only:
        return table
    table = _boxes(table, path, found, origin or ColumnOrigin())
    known = {*ALIASES, *BOX_EDGES, "status", "width", "height", "unread", "picture"}
    unused = [column for column in table.columns if column not in known]
    found.add("columns", f"column in {path.name} without a known meaning", len(unused), "kept, not used", unused)
    return table


def _chosen(table: pd.DataFrame, path: Path, chosen: Mapping[str, str]) -> dict[Any, str]:
    out: dict[Any, str] = {}
    for name, column in chosen.items():
        if name not in MEANINGS:
            raise OptionError(f"map={{{name!r}: ...}} is not known; choose one of {', '.join(map(repr, MEANINGS))}.")
        if column not in table.columns:
            raise OptionError(
                f"map={{{name!r}: {column!r}}}: {path} has no column {column!r} (found: {shown(table.columns, 12)})."
            )
        out[column] = name
        if name in table.columns and column != name:
            out[name] = f"{name} (not used)"
    return out


def _column_for(table: pd.DataFrame, name: str, path: Path, *, taken: Sequence[str], is_chosen: bool) -> Any:
    """Find the column with a meaning: ours, or the most telling alias whose answers no other contradicts."""
    if is_chosen:
        return None
    used = [column for column in table.columns if plain(column) in (name, *ALIASES[name]) and column not in taken]
    exact = [column for column in used if column == name]
    if not used or (exact and name != "label"):
        return name if exact else None
    if name == "path" and not exact:
        used = [column for column in used if plain(column) not in ("file_name", "filename")] or used
    order = [name, *ALIASES[name]]
    used.sort(key=lambda column: order.index(plain(column)))
    if exact:
        # "rating" beside "label" is a second question, not a second candidate
        used = [column for column in used if column == name or plain(column) in ("answer", "response", "choice")]
    if name in _TOLD_APART and len(used) > 1:
        _refuse_contradiction(table, name, used, path)
        used = [_most_telling(table, name, used)]
    return used[0]


def _refuse_contradiction(table: pd.DataFrame, name: str, used: list[Any], path: Path) -> None:
    """Two columns that group the rows alike say the same, such as image_id and file_name."""
    first = pd.factorize(_hashable(table[used[0]]))[0]
    for other in used[1:]:
        codes = pd.factorize(_hashable(table[other]))[0]
        pairs = len(np.unique(np.column_stack([first, codes]), axis=0)) if len(table) else 0
        if pairs > len(np.unique(first)) or pairs > len(np.unique(codes)):
            raise TableError(
                f"{path} has the columns {shown(used)}, and each could be {name}; they lead to different answers. Say "
                f"which counts: map={{{name!r}: {used[0]!r}}} or map={{{name!r}: {other!r}}}."
            )


def _hashable(column: pd.Series) -> pd.Series:
    return column.map(str) if column.dtype == object else column


def _most_telling(table: pd.DataFrame, name: str, used: list[Any]) -> Any:
    """Of columns that say the same, prefer the class by name to the class by number."""
    if name != "label":
        return used[0]
    words = [column for column in used if pd.to_numeric(table[column], errors="coerce").isna().all()]
    return (words or used)[0]


def _boxes(table: pd.DataFrame, path: Path, found: Findings, origin: ColumnOrigin) -> pd.DataFrame:
    """Bring boxes in any known form to two corners, and the size of the picture to width and height."""
    names = {plain(column): column for column in reversed(list(table.columns))}
    corners = [four for four in _CORNERS if set(four) <= set(names)]
    if len(corners) > 1:
        _refuse_other_corners(table, [[names[one] for one in four] for four in corners], path)
    if corners:
        old = [names[one] for one in corners[0]]
        origin.note_box("corners", old)
        if tuple(old) != BOX_EDGES:
            found.add("columns", f"columns {shown(old)} in {path.name}", len(table), f"read as {shown(BOX_EDGES)}")
        table = table.rename(columns=dict(zip(old, BOX_EDGES, strict=True)))
        return _frame_sizes(table, names, None)
    size = next((pair for pair in _SIZES if set(pair) <= set(names)), None)
    for pairs, word in ((_MIDDLES, "middle"), (_STARTS, "corner")):
        start = next((pair for pair in pairs if set(pair) <= set(names)), None)
        if start and size:
            origin.note_box(word, [names[one] for one in (*start, *size)])
            return _from_size(table, names, start, size, word=word, path=path, found=found)
        if start and word == "middle":
            raise TableError(
                f"{path} has the columns {shown([names[one] for one in start])} and no width and height of the boxes "
                f"(found: {shown(table.columns, 12)}); add them, or give the corners {', '.join(BOX_EDGES)}."
            )
    whole = next((name for name in _WHOLE if name in names), None)
    if whole:
        return _frame_sizes(_from_whole(table, names[whole], path=path, found=found, origin=origin), names, None)
    odd = [column for column in table.columns if "bbox" in plain(column) or plain(column).startswith(("box_x", "boxx"))]
    odd = [column for column in odd if plain(column) not in ("box_id", "bbox_id")]
    if odd:
        raise TableError(
            f"{path} has the columns {shown(odd)}, which look like parts of boxes in a form that is not known; give "
            f"the corners {', '.join(BOX_EDGES)}, or say which is which: map={{'x_min': ...}}."
        )
    return table


def _refuse_other_corners(table: pd.DataFrame, groups: list[list[Any]], path: Path) -> None:
    first = table[groups[0]].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    for other in groups[1:]:
        values = table[other].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
        if not np.array_equal(first, values, equal_nan=True):
            raise TableError(
                f"{path} has two kinds of corners ({shown(groups[0])} and {shown(other)}) with different numbers; say "
                f"which count: map={{'x_min': {groups[0][0]!r}}}, and so on."
            )


def _frame_sizes(table: pd.DataFrame, names: Mapping[str, Any], used: tuple[str, str] | None) -> pd.DataFrame:
    """Call the size of the picture width and height."""
    pair = next((pair for pair in _FRAMES if set(pair) <= set(names) and pair != used), None)
    if pair is None:
        return table
    return table.rename(columns={names[pair[0]]: "width", names[pair[1]]: "height"})


def _from_size(
    table: pd.DataFrame, names: Mapping[str, Any], start: Any, size: Any, *, word: str, path: Path, found: Findings
) -> pd.DataFrame:
    old = [names[one] for one in (*start, *size)]
    x, y, w, h = (plain_numbers(table, column, f"the boxes in {path.name}", found) for column in old)
    said = f"{word} {shown(old[:2])} and size {shown(old[2:])} in {path.name}"
    found.add("columns", said, len(table), "read as two corners")
    left, top = (x - w / 2, y - h / 2) if word == "middle" else (x, y)
    table = _frame_sizes(table.drop(columns=old), names, size)
    return table.assign(x_min=left, y_min=top, x_max=left + w, y_max=top + h)


def _from_whole(table: pd.DataFrame, column: Any, *, path: Path, found: Findings, origin: ColumnOrigin) -> pd.DataFrame:
    """Read boxes that stand in one cell each, as a list or its text."""
    form = _WHOLE[plain(column)]
    values = np.full((len(table), 4), np.nan)
    for row, cell in enumerate(table[column]):
        values[row] = _four(cell, row, column, path)
    known = values[~np.isnan(values).any(axis=1)]
    if form is None:
        is_size = (known[:, 2:] < known[:, :2]).any()
        if not is_size and len(known):
            raise TableError(
                f"{path}: column {column!r} could be [x, y, width, height] or two corners; say which: "
                f"map={{'bbox_xywh': {column!r}}} or map={{'bbox_xyxy': {column!r}}}."
            )
        form = "xywh"
    origin.note_box(form, [column])
    found.add("columns", f"column {column!r} in {path.name}", len(table), "read as x, y, width, height"
              if form == "xywh" else "read as two corners")  # fmt: skip
    if form == "xywh":
        values[:, 2:] += values[:, :2]
    return table.drop(columns=[column]).assign(**dict(zip(BOX_EDGES, values.T, strict=True)))


def _four(cell: Any, row: int, column: Any, path: Path) -> Any:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
        return np.nan
    wanted = "not four numbers; write [x, y, width, height]"
    try:
        text = cell.strip() if isinstance(cell, str) else None
        read = list(cell) if text is None else json.loads(text if text.startswith("[") else f"[{text}]")
        values = [float(value) for value in read]
    except (TypeError, ValueError) as error:
        raise TableError(f"{path}: row {row} of {column!r} is {cell!r}, {wanted}.") from error
    if len(values) not in (0, 4):
        raise TableError(f"{path}: row {row} of {column!r} is {cell!r}, {wanted}.")
    return values or np.nan
