"""`read`: find out the format, read, name the annotators, join, check."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._foreign import within_memory
from labelqa._options import check_choice, check_path
from labelqa.annotations import Annotations
from labelqa.errors import OptionError, TableError, shown
from labelqa.readers._collector import paused_collector
from labelqa.readers._formats import FORMATS as _FORMATS
from labelqa.readers._formats import NAMES, by_name
from labelqa.readers._frames import Frames, Reading
from labelqa.readers._joining import join_files, near_ids
from labelqa.readers._normalise import check_kinds
from labelqa.readers._normalise import normalise as make_alike
from labelqa.readers._opened import Source
from labelqa.readers._record import record
from labelqa.readers.formats.table import TABLE_SUFFIXES, read_table_folder, table_files

FORMATS = NAMES
ANNOTATOR_FROM = ("filename", "parent", "folder")
#: Endings of the files that may hold annotations.
SUFFIXES = (*TABLE_SUFFIXES, ".xml")
GROUND_TRUTH = PREDICTIONS = CROWDS = ("leave_out", "keep")
SEVERAL_CLASSES = ("set", "each")
#: How a file is to be read.
_ARGUMENTS = (
    "format", "annotator", "annotator_from", "map", "normalise", "ground_truth", "predictions", "crowds",
    "several_classes", "repeats", "faulty_boxes",
)  # fmt: skip
_CHOICES = {
    "ground_truth": GROUND_TRUTH,
    "predictions": PREDICTIONS,
    "crowds": CROWDS,
    "several_classes": SEVERAL_CLASSES,
}
#: Formats that are told by a whole JSON or XML document.
_OF_JSON = ("coco", "label_studio", "cvat")


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the public name
    annotator: str | None = None,
    annotator_from: str | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - as on the command line
    normalise: str | Iterable[str] | None = None,
    ground_truth: str = "leave_out",
    predictions: str = "leave_out",
    crowds: str = "keep",
    several_classes: str = "set",
    repeats: str = "latest",
    faulty_boxes: str = "fix",
    max_memory: str | int | None = None,
) -> Annotations:
    """Read annotations from a file or a folder, check them, and say what was mapped, left out and corrected.

    What was in the file is in the tables, or stands in `Annotations.checks` with how often, what it was and why it was
    left out; or the file is refused.

    Parameters
    ----------
    path
        A file, or a folder that holds `labels`, `boxes`, `views`, `items` as tables, or (with `annotator_from`) one
        file per annotator. ``.gz``, and ``.zip`` with one file in it, are unpacked.
    format
        "table" (CSV, TSV, Parquet, JSONL, JSON records, Excel), "coco", "label_studio", "label_studio_min" (JSON_MIN,
        CSV, TSV), "cvat", "voc", "yolo", "labelme", "prodigy", "labelbox", "zooniverse", "mturk", "toloka", "argilla",
        "via" or "imagefolder"; found out where it is not given. "wide_table" (a column per annotator) and
        "class_folders" have to be given.
    annotator
        The name of the person, where the file holds none. It is never guessed.
    annotator_from
        "filename", "parent" or "folder": the person's name is the file's stem, the name of the folder it lies in, or
        that of the first folder below `path`, whatever one name the file itself has for them.
    map
        Our name of a column -> the name in the file, as in ``{"label": "answer"}``.
    normalise
        "case", "space", "unicode", "number": classes and annotators that differ only by these are one, spelt as most
        often; "ids": so are items whose ids nearly match, and that nobody labelled under both.
    ground_truth
        "leave_out": answers that Label Studio marks as ground truth are nobody's view; "keep": they are their
        author's, like any other.
    predictions
        "leave_out": what a model predicted in Label Studio is nobody's view; "keep": it is the view of an annotator
        called "model" and the version of the model.
    crowds
        "keep": a region that COCO marks as a crowd (`iscrowd`) is a box; "leave_out": it is none, as one box round
        many objects matches no single one, and the view stays labelled.
    several_classes
        "set": a rectangle with several classes in Label Studio is one box whose class is the set ("car|red"); "each":
        it is a box of each class.
    repeats, faulty_boxes
        As in `Annotations.from_frames`.
    max_memory
        What a file may take, such as "4G": a larger one is refused before it is read. By default four fifths of what is
        free.

    Raises
    ------
    FileNotFoundError
        Where there is nothing at `path`.
    TableError
        Where the file cannot be understood, or holds no annotator and none was named.
    OptionError
        For an unknown option, a column that is not there, or both ways of naming the annotator at once.

    Examples
    --------
    >>> import labelqa
    >>> labelqa.read("sample_data/inspection")
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    """
    told = told_of(locals())
    with within_memory(max_memory):
        return read_told(path, told)[0]


def told_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the arguments of `read` out of all that a function was given."""
    return {name: given[name] for name in _ARGUMENTS}


def read_told(path: str | os.PathLike[str], told: Mapping[str, Any]) -> tuple[Annotations, set[str]]:
    """Read by the arguments of `read`, and tell the formats that were met."""
    kinds = check_kinds(told["normalise"])
    how = reading(told)
    frames = read_source(path, form=told["format"], annotator_from=told["annotator_from"], how=how)
    return checked(frames, kinds, repeats=told["repeats"], faulty_boxes=told["faulty_boxes"]), frames.forms


def reading(told: Mapping[str, Any], *, with_places: bool = False) -> Reading:
    """Put together what every reader is told, of the arguments of `read`.

    Raises
    ------
    OptionError
        For one that is not known.
    """
    for name, choices in _CHOICES.items():
        check_choice(name, told[name], choices)
    return Reading(
        annotator=told["annotator"],
        columns=_columns(told["map"]),
        keep_gold=told["ground_truth"] == "keep",
        keep_predictions=told["predictions"] == "keep",
        keep_crowds=told["crowds"] == "keep",
        is_each_class=told["several_classes"] == "each",
        with_places=with_places,
    )


def read_source(path: str | os.PathLike[str], *, form: str | None, annotator_from: str | None, how: Reading) -> Frames:
    """Read a file or a folder as it stands, before any check.

    Raises
    ------
    FileNotFoundError, TableError, OptionError
        As in `read`.
    """
    if form is not None:
        check_choice("format", form, FORMATS)
    if annotator_from is not None:
        check_choice("annotator_from", annotator_from, ANNOTATOR_FROM)
        if how.annotator is not None:
            raise OptionError(
                f"annotator={how.annotator!r} and annotator_from={annotator_from!r} both name the annotator; give only "
                "one."
            )
    source = check_path("path", path)
    if not source.exists():
        raise FileNotFoundError(f"There is nothing at {source}; give the path of a file or a folder.")
    with paused_collector():
        return _read_frames(source, form, how, annotator_from)


def checked(frames: Frames, kinds: tuple[str, ...], *, repeats: str, faulty_boxes: str) -> Annotations:
    """Make spellings alike, and check the tables.

    Raises
    ------
    TableError
        As in `read`.
    """
    make_alike(frames, kinds)
    _tell_near_ids(frames)
    tables = frames.tables
    checked = Annotations.from_frames(
        labels=tables.get("labels"),
        boxes=tables.get("boxes"),
        views=tables.get("views"),
        items=tables.get("items"),
        repeats=repeats,
        faulty_boxes=faulty_boxes,
    )
    return dataclasses.replace(checked, checks=pd.concat([frames.found.table(), checked.checks], ignore_index=True))


def _columns(chosen: Any) -> dict[str, str]:
    if chosen is None:
        return {}
    if not isinstance(chosen, Mapping):
        raise OptionError(f"map={chosen!r} is no mapping; give our name -> the name in the file.")
    return {str(name): column for name, column in chosen.items()}


def _read_frames(source: Path, form: str | None, how: Reading, annotator_from: str | None) -> Frames:
    if source.is_file():
        return _read_files([source], form, how, annotator_from, root=source)
    if annotator_from is None and form in (None, "table"):
        files = table_files(source)
        if files:
            return join_files([(source, _of_form(read_table_folder(source, files, how), "table"))])
    told = _read_told_folders(source, form, how, annotator_from)
    if told is not None:
        return told
    depth = {"parent": "*/*", "folder": "*/**/*"}.get(annotator_from or "", "*")
    found = sorted(path for path in source.glob(depth) if path.is_file() and path.suffix.lower() in SUFFIXES)
    if not found:
        raise TableError(
            f"{source} holds no file that labelqa reads; needed is one of labels, boxes, views, items with a suffix "
            f"among {', '.join(TABLE_SUFFIXES)}, or a COCO or Label Studio JSON file."
        )
    is_mixed = any(path.suffix.lower() not in (".json", ".xml") for path in found)
    if annotator_from is None and form in (None, "table") and is_mixed:
        raise TableError(
            f"{source} holds {shown([path.name for path in found])}, none called labels, boxes, views or items; "
            "give one file, or annotator_from='filename' where each file is one annotator's."
        )
    return _read_files(found, form, how, annotator_from, root=source)


def _read_told_folders(source: Path, form: str | None, how: Reading, annotator_from: str | None) -> Frames | None:
    """Read a folder, or a folder for each person, of a format that is one; None for any other."""
    kinds = [kind for kind in _FORMATS if kind.tells_folder is not None and form in (None, kind.name)]
    below = annotator_from in ("parent", "folder")
    read_folders, others = [], []
    for folder in sorted(filter(_is_shown, source.iterdir())) if below else [source]:
        kind = next((kind for kind in kinds if form or (kind.tells_folder and kind.tells_folder(folder))), None)
        if kind is not None and kind.read_folder is not None:
            person = dataclasses.replace(how, annotator=folder.name) if below else how
            with record(folder):
                read_folders.append((folder, _of_form(kind.read_folder(folder, person), kind.name)))
        else:
            others.append(folder.name)
    if not read_folders and form is not None and kinds:
        raise TableError(f"{source} is no folder of {kinds[0].title}; see docs/formats for what it has to hold.")
    if read_folders and others:
        raise TableError(
            f"{source} has folders that are no {shown(sorted({kind.name for kind in kinds}))}, unlike the others "
            f"({shown(others)}); complete them (see docs/formats), or take them away."
        )
    return join_files(read_folders) if read_folders else None


def _is_shown(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _person(path: Path, source: Path, annotator_from: str | None) -> str | None:
    """Give the name of the person that a path names."""
    if annotator_from == "folder":
        return path.relative_to(source).parts[0] if path != source else path.resolve().parent.name
    return {"filename": _stem(path), "parent": path.resolve().parent.name}.get(annotator_from or "")


def _read_files(paths: list[Path], form: str | None, how: Reading, annotator_from: str | None, *, root: Path) -> Frames:
    sources = [Source(path) for path in paths]
    kinds = [by_name(form) if form else _sniff(source) for source in sources]
    _refuse_bare_tasks([source for source, kind in zip(sources, kinds, strict=True) if kind.name == "label_studio"])
    read_files = []
    for source, kind in zip(sources, kinds, strict=True):
        if kind.read is None:
            raise TableError(f"{source.path} is a file, and {kind.title} is a folder; give the folder.")
        person = _person(source.path, root, annotator_from)
        with record(source.path):
            frames = kind.read(source, dataclasses.replace(how, annotator=person) if person is not None else how)
        if person is not None:
            frames = _of_one_person(frames, person, source.path, annotator_from)
        for what, action in source.notes:
            frames.found.add("files", f"{what} in {source.path.name}", 1, action)
        read_files.append((source.path, _of_form(frames, kind.name)))
    return join_files(read_files)


def _of_form(frames: Frames, name: str) -> Frames:
    frames.forms.add(name)
    return frames


def _stem(path: Path) -> str:
    return Path(path.stem).stem if path.suffix.lower() in (".gz", ".zip") else path.stem


def _of_one_person(frames: Frames, person: str, path: Path, annotator_from: str | None) -> Frames:
    """Call the one annotator of a file by the name that was asked for."""
    people = frames.annotators()
    if len(people) > 1:
        raise TableError(
            f"{path} names {len(people)} annotators ({shown(sorted(people))}), whom annotator_from={annotator_from!r} "
            "would make one; leave it out, or split the file."
        )
    if people - {person}:
        frames.found.add("annotators", f"annotator {people.pop()!r} in {path.name}", 1, f"called {person!r}, as asked")
    for name, table in frames.tables.items():
        if "annotator_id" in table:
            frames.tables[name] = table.assign(annotator_id=person)
    return frames


def _refuse_bare_tasks(sources: list[Source]) -> None:
    """Refuse tasks of several Label Studio files that nothing but their position could join."""
    bare = [
        source.path.name
        for source in sources
        if any(isinstance(task, dict) and task.get("id") is None for task in source.json)
    ]
    if len(sources) > 1 and bare:
        raise TableError(
            f"{shown(bare)} have tasks without an id, so nothing says which tasks of the files are the same; export "
            "with task ids."
        )


def _sniff(source: Source) -> Any:
    """Find the format.

    Raises
    ------
    TableError
        Where it is none that is read; known others are named.
    """
    suffix = source.suffix
    if suffix == ".zip":
        _ = source.data
        suffix = source.suffix
    if suffix == ".xml":
        if by_name("cvat").tells(source):  # type: ignore[misc]
            return by_name("cvat")
        raise TableError(
            f"{source.path} is XML of no known kind (root {source.xml.tag!r}); needed is CVAT XML, or for Pascal VOC "
            "the folder with all its files."
        )
    if suffix == ".json":
        for kind in _FORMATS:
            if kind.tells is not None and kind.name != "cvat" and kind.tells(source):
                return kind
        raise TableError(f"{source.path} is {_other(source.json)}; needed is COCO ('images', 'annotations'), a Label "
                         "Studio export (a list of tasks) or a list of records.")  # fmt: skip
    if suffix not in SUFFIXES:
        raise TableError(
            f"{source.path} has the suffix {suffix!r}, which labelqa does not read; needed is one of "
            f"{', '.join(TABLE_SUFFIXES)}."
        )
    for kind in _FORMATS:
        if kind.tells is not None and kind.name not in _OF_JSON and kind.tells(source):
            return kind
    return by_name("table")


def _other(data: Any) -> str:
    """Name what else a JSON file is."""
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    inner = first.get("annotations")
    one = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else {}
    if "coordinates" in one and "image" in first:
        return "CreateML JSON, which is not read"
    if "text" in first and ("entities" in first or "label" in one or "start_offset" in one):
        return "doccano JSON, which is not read"
    if "source-ref" in first or "datasetObjectId" in first:
        return "a SageMaker Ground Truth file, which is not read"
    if isinstance(data, list) and not all(isinstance(row, dict) for row in data):
        kinds = sorted({type(row).__name__ for row in data})
        return f"a list of {', '.join(kinds)}, which is no known format"
    if isinstance(data, list):
        keys = shown(sorted({str(key) for row in data[:20] if isinstance(row, dict) for key in row}), 8)
        return f"a list of records with lists of objects in them (keys found: {keys}), which is no known format"
    keys = shown(sorted(map(str, data))) if isinstance(data, dict) else type(data).__name__
    return f"JSON of no known kind (found: {keys})"


def _tell_near_ids(frames: Frames) -> None:
    groups = near_ids(frames.answers)
    examples = [" / ".join(found) for found in groups.values()]
    frames.found.add("items", "ids that nearly match", len(groups), "kept apart: normalise='ids' joins them", examples)
