"""What each written format has no place for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa.annotations import Annotations
from labelqa.readers._frames import is_picture_name

#: The columns that any of the formats but tables has a place for.
_KNOWN = {
    "items": ("item_id", "path", "width", "height"),
    "views": ("item_id", "annotator_id", "status", "seconds", "created_at", "unread"),
    "labels": ("item_id", "annotator_id", "label"),
    "boxes": ("box_id", "item_id", "annotator_id", "label", *BOX_EDGES),
}
#: Format -> what of the following it holds.
_HOLDS: Mapping[str, tuple[str, ...]] = {
    "coco": ("labels", "boxes", "views", "paths", "several", "bare items"),
    "label_studio": ("labels", "boxes", "views", "skipped", "times", "seconds", "paths", "bare items"),
    "cvat": ("labels", "boxes", "views"),
    "voc": ("boxes", "views"),
    "yolo": ("boxes", "views", "paths"),
    "wide_table": ("labels", "paths", "bare items"),
    "class_folders": ("labels", "paths"),
}


def losses(annotations: Annotations, to: str, here: Path) -> dict[str, int]:
    """Give what a format has no place for: what it is -> how often.

    Parameters
    ----------
    annotations
        What is to be written.
    to
        The format.
    here
        Where the relative paths of pictures are seen from.
    """
    if to not in _HOLDS:
        return {}
    out = {what: int(n) for what, n in _counted(annotations, to, here)}
    return {what: n for what, n in out.items() if n}


def _counted(data: Annotations, to: str, here: Path) -> Iterator[tuple[str, float]]:
    holds = _HOLDS[to]
    views, items = data.views, data.items
    skipped = views["status"] == "skipped"
    yield "views whose answer is not read", views["unread"].sum() if "unread" in views else 0
    for name, what, count in _PARTS:
        if name not in holds:
            yield what, count(data)
    if "views" not in holds:
        yield "views without a label", (~_acted(views, data.labels) & ~skipped).sum()
    if "bare items" not in holds:
        yield "items that nobody looked at", (~items["item_id"].isin(views.loc[~skipped, "item_id"])).sum()
    unsized = items.loc[items["width"].isna() | items["height"].isna(), "item_id"]
    if to == "label_studio":
        yield "sizes of items without a box", (~items["item_id"].isin([*unsized, *data.boxes["item_id"]])).sum()
        yield "boxes of items whose size is not known", data.boxes["item_id"].isin(unsized).sum()
    if to in ("cvat", "yolo"):
        yield "items whose size is not known", len(unsized)
    if to in ("yolo", "class_folders"):
        is_there = [isinstance(path, str) and (here / path).is_file() for path in items["path"]]
        yield "items whose picture is not there", len(items) - sum(is_there)
    if to == "class_folders":
        yield "item ids without the ending of a picture", len(items) - sum(map(is_picture_name, items["item_id"]))
    yield "labels that are no text", _untexted(data.labels) + _untexted(data.boxes)
    for name, known in _KNOWN.items():
        table = getattr(data, name)
        for column in [column for column in table.columns if column not in known]:
            yield f"column {column!r} of {name}", table[column].notna().sum()


def _paths(data: Annotations) -> int:
    paths = data.items["path"]
    return int((paths.notna() & (paths.astype(object) != data.items["item_id"])).sum())


def _several(data: Annotations) -> int:
    return int(data.labels.duplicated(["item_id", "annotator_id"]).sum())


def _untexted(table: pd.DataFrame) -> int:
    return sum(not isinstance(label, str) for label in table["label"])


def _acted(views: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    keys = ["item_id", "annotator_id"]
    return pd.Series(pd.MultiIndex.from_frame(views[keys]).isin(pd.MultiIndex.from_frame(table[keys])), views.index)


#: What a format may hold, what it is called where it does not, and how often it is there.
_PARTS: tuple[tuple[str, str, Callable[[Annotations], float]], ...] = (
    ("labels", "classes of whole items", lambda data: len(data.labels)),
    ("boxes", "boxes", lambda data: len(data.boxes)),
    ("skipped", "skipped views", lambda data: (data.views["status"] == "skipped").sum()),
    ("times", "times of views", lambda data: data.views["created_at"].notna().sum()),
    ("seconds", "seconds of views", lambda data: data.views["seconds"].notna().sum()),
    ("paths", "paths of pictures that are not their ids", _paths),
    ("several", "further labels by one person of one item", _several),
)
