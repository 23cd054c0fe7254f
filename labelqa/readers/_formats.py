"""The formats: what each is called, how it is told, and how it is read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labelqa.readers._frames import Frames, Reading
from labelqa.readers._source import Source
from labelqa.readers.formats.coco import is_coco, read_coco
from labelqa.readers.formats.label_studio import is_label_studio, read_label_studio
from labelqa.readers.formats.label_studio_min import is_label_studio_min, read_label_studio_min
from labelqa.readers.formats.table import is_table, read_table


@dataclass(frozen=True)
class Format:
    """One format of annotation files.

    Attributes
    ----------
    name
        As in ``format=``.
    title
        What people call it.
    tells
        Whether a file is of this format; formats are asked in their order.
    read
        A file into raw tables.
    writes
        Values of ``to=`` that write it.
    keeps, loses
        In words, for ``labelqa convert --list``.
    """

    name: str
    title: str
    tells: Callable[[Source], bool]
    read: Callable[[Source, Reading], Frames]
    writes: tuple[str, ...] = ()
    keeps: str = ""
    loses: str = ""


#: In the order in which they are asked whether a file is theirs.
FORMATS = (
    Format(
        name="coco",
        title="COCO JSON",
        tells=is_coco,
        read=read_coco,
        writes=("coco",),
        keeps="boxes, classes of pictures, annotators (rater_id), who looked (rater_list), sizes, paths",
        loses="times, seconds, skipped views, further columns",
    ),
    Format(
        name="label_studio",
        title="Label Studio JSON",
        tells=is_label_studio,
        read=read_label_studio,
        keeps="boxes, classes of pictures, annotators, views (skipped too), times, seconds, sizes, paths",
        loses="results without extent, choices of regions, drafts, predictions",
    ),
    Format(
        name="label_studio_min",
        title="Label Studio JSON_MIN, CSV and TSV",
        tells=is_label_studio_min,
        read=read_label_studio_min,
        keeps="boxes, classes of pictures, annotators, times, seconds, sizes, paths",
        loses="skipped views, which the file does not hold",
    ),
    Format(
        name="table",
        title="long table: CSV, TSV, Parquet, JSONL, JSON records, Excel; a file, or a folder of tables",
        tells=is_table,
        read=read_table,
        writes=("parquet", "csv"),
        keeps="everything",
        loses="nothing (csv: the types of labels)",
    ),
)
NAMES = tuple(sorted((each.name for each in FORMATS), key=("table", "coco", "label_studio", "label_studio_min").index))


def by_name(name: str) -> Format:
    """Give the format of a name that `check_choice` let through."""
    return next(each for each in FORMATS if each.name == name)
