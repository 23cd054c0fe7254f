"""The formats: what each is called, how it is told, and how it is read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelqa.readers._changes import Change, Place
from labelqa.readers._frames import Frames, Reading
from labelqa.readers._opened import Source
from labelqa.readers.formats.argilla import is_argilla, read_argilla
from labelqa.readers.formats.class_folders import is_class_folders, read_class_folders
from labelqa.readers.formats.coco import is_coco, read_coco
from labelqa.readers.formats.cvat import is_cvat, read_cvat
from labelqa.readers.formats.imagefolder import is_imagefolder, read_imagefolder
from labelqa.readers.formats.label_studio import is_label_studio, read_label_studio
from labelqa.readers.formats.label_studio_min import is_label_studio_min, read_label_studio_min
from labelqa.readers.formats.labelbox import is_labelbox, read_labelbox
from labelqa.readers.formats.labelme import is_labelme, read_labelme
from labelqa.readers.formats.mturk import is_mturk, read_mturk
from labelqa.readers.formats.prodigy import is_prodigy, read_prodigy
from labelqa.readers.formats.table import is_table, read_table
from labelqa.readers.formats.toloka import is_toloka, read_toloka
from labelqa.readers.formats.via import is_via, read_via
from labelqa.readers.formats.voc import is_voc, read_voc
from labelqa.readers.formats.wide_table import is_wide_table, read_wide_table
from labelqa.readers.formats.yolo import is_yolo, read_yolo
from labelqa.readers.formats.zooniverse import is_zooniverse, read_zooniverse
from labelqa.readers.writers._files import Files
from labelqa.readers.writers.coco import repath_coco, rewrite_coco, strip_coco
from labelqa.readers.writers.cvat import rewrite_cvat, strip_cvat
from labelqa.readers.writers.label_studio import repath_label_studio, rewrite_label_studio
from labelqa.readers.writers.table import repath_table, rewrite_table, rewrite_wide_table, strip_table
from labelqa.readers.writers.voc import rewrite_voc, strip_voc
from labelqa.readers.writers.yolo import rewrite_yolo, strip_yolo


@dataclass(frozen=True)
class Format:
    """One format of annotation files.

    Attributes
    ----------
    name
        As in ``format=``.
    title
        What people call it.
    tells, read
        Whether a file is of this format (formats are asked in their order), and the file as raw tables; None for a
        format that is a folder.
    tells_folder, read_folder
        The same of a folder of one person's files.
    rewrite
        Changes a source node by node, see `write_back`; None where that is not done.
    strip
        Empties files of one person for another's answers; None where all have one file.
    repath
        Makes relative paths of pictures hold from another folder; None where pictures are told by their place.
    writes
        Values of ``to=`` that write it anew.
    keeps, loses
        In words, for ``labelqa convert --list``.
    """

    name: str
    title: str
    tells: Callable[[Source], bool] | None = None
    read: Callable[[Source, Reading], Frames] | None = None
    tells_folder: Callable[[Path], bool] | None = None
    read_folder: Callable[[Path, Reading], Frames] | None = None
    rewrite: Callable[[Sequence[Change], Files, Counter[str], Reading], None] | None = None
    strip: Callable[[Sequence[Place], Files, str], Iterable[Path]] | None = None
    repath: Callable[[Sequence[Path], Files, Path], None] | None = None
    writes: tuple[str, ...] = ()
    keeps: str = ""
    loses: str = ""


#: In the order in which they are asked whether a file or folder is theirs.
FORMATS = (
    Format(
        name="coco",
        title="COCO JSON",
        tells=is_coco,
        read=read_coco,
        rewrite=rewrite_coco,
        strip=strip_coco,
        repath=repath_coco,
        writes=("coco",),
        keeps="boxes, classes of pictures, annotators (rater_id), who looked (rater_list), sizes, paths",
        loses="times, seconds, skipped views, further columns",
    ),
    Format(
        name="label_studio",
        title="Label Studio JSON",
        tells=is_label_studio,
        read=read_label_studio,
        rewrite=rewrite_label_studio,
        repath=repath_label_studio,
        writes=("label_studio",),
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
        name="cvat",
        title="CVAT XML 1.1, for images and for video",
        tells=is_cvat,
        read=read_cvat,
        rewrite=rewrite_cvat,
        strip=strip_cvat,
        writes=("cvat",),
        keeps="boxes, tags of pictures, the assignee, who has the picture, sizes, names of pictures",
        loses="attributes, points and skeletons, groups",
    ),
    Format(
        name="voc",
        title="Pascal VOC, a folder for each person",
        tells_folder=is_voc,
        read_folder=read_voc,
        rewrite=rewrite_voc,
        strip=strip_voc,
        writes=("voc",),
        keeps="boxes, pictures on which nothing was drawn, sizes, names of pictures",
        loses="parts, flags, classes of pictures in ImageSets",
    ),
    Format(
        name="yolo",
        title="YOLO and Darknet, boxes, oriented boxes and polygons, a folder for each person",
        tells_folder=is_yolo,
        read_folder=read_yolo,
        rewrite=rewrite_yolo,
        strip=strip_yolo,
        writes=("yolo",),
        keeps="boxes, pictures on which nothing was drawn, sizes, pictures",
        loses="corners of oriented boxes and polygons, confidences",
    ),
    Format(
        name="labelme",
        title="labelme JSON, a folder for each person",
        tells_folder=is_labelme,
        read_folder=read_labelme,
        keeps="boxes, flags as classes of pictures, pictures on which nothing was drawn, sizes, pictures",
        loses="points, flags and groups of shapes",
    ),
    Format(
        name="prodigy",
        title="Prodigy JSONL",
        tells=is_prodigy,
        read=read_prodigy,
        keeps="boxes, chosen options, answers, annotators, skipped views, times, sizes",
        loses="questions, further fields",
    ),
    Format(
        name="labelbox",
        title="Labelbox NDJSON",
        tells=is_labelbox,
        read=read_labelbox,
        keeps="boxes, one question about the picture, annotators, views (skipped too), times, seconds, sizes",
        loses="masks, points, classifications of objects, text answers, benchmark labels",
    ),
    Format(
        name="zooniverse",
        title="Zooniverse classification export (CSV)",
        tells=is_zooniverse,
        read=read_zooniverse,
        keeps="boxes, one question, annotators, views, times, seconds, sizes",
        loses="points, answers about marks, gold standard, repeated classifications",
    ),
    Format(
        name="mturk",
        title="Amazon Mechanical Turk batch results (CSV)",
        tells=is_mturk,
        read=read_mturk,
        keeps="one answer or the boxes, annotators, views, times, seconds, sizes",
        loses="rejected assignments, further inputs and answers",
    ),
    Format(
        name="toloka",
        title="Toloka pool results (TSV)",
        tells=is_toloka,
        read=read_toloka,
        keeps="one output or the boxes, annotators, views (skipped too), times",
        loses="rejected assignments, right answers of control tasks, further inputs and outputs",
    ),
    Format(
        name="argilla",
        title="Argilla records (JSON, JSONL)",
        tells=is_argilla,
        read=read_argilla,
        keeps="one question, annotators, views (skipped too)",
        loses="suggestions, drafts, vectors, metadata",
    ),
    Format(
        name="via",
        title="VIA (VGG Image Annotator) JSON and CSV, a file for each person",
        tells=is_via,
        read=read_via,
        keeps="boxes, one attribute of regions and one of files, pictures on which nothing was drawn",
        loses="points, further attributes, segments of time",
    ),
    Format(
        name="imagefolder",
        title="Hugging Face imagefolder: metadata.csv, .jsonl or .parquet beside pictures",
        tells_folder=is_imagefolder,
        read_folder=read_imagefolder,
        keeps="boxes, classes of pictures, annotators, views, sizes, pictures",
        loses="further columns",
    ),
    Format(
        name="wide_table",
        title="wide table, a column per annotator (has to be named by its format)",
        tells=is_wide_table,
        read=read_wide_table,
        rewrite=rewrite_wide_table,
        repath=repath_table,
        writes=("wide_table",),
        keeps="classes of items, annotators",
        loses="columns of nobody",
    ),
    Format(
        name="class_folders",
        title="pictures in a folder for each class, in a folder for each person (has to be named by its format)",
        tells_folder=is_class_folders,
        read_folder=read_class_folders,
        writes=("class_folders",),
        keeps="classes of pictures, sizes, pictures",
        loses="nothing",
    ),
    Format(
        name="table",
        title="long table: CSV, TSV, Parquet, JSONL, JSON records, Excel; a file, or a folder of tables",
        tells=is_table,
        read=read_table,
        rewrite=rewrite_table,
        strip=strip_table,
        repath=repath_table,
        writes=("parquet", "csv"),
        keeps="everything",
        loses="nothing (csv: the types of labels)",
    ),
)
NAMES = (
    "table", "coco", "label_studio", "label_studio_min", "cvat", "voc", "yolo", "labelme", "prodigy", "labelbox",
    "zooniverse", "mturk", "toloka", "argilla", "via", "imagefolder", "wide_table", "class_folders",
)  # fmt: skip


def by_name(name: str) -> Format:
    """Give the format of a name that `check_choice` let through."""
    return next(each for each in FORMATS if each.name == name)
