"""`write_back`: a source with only the decided nodes changed."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa._files import beside, put_in_place
from labelqa._options import check_path
from labelqa._outputs import held
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import OptionError, TableError, shown
from labelqa.readers._changes import Change, Differences, compare
from labelqa.readers._collector import paused_collector
from labelqa.readers._formats import FORMATS, Format, by_name
from labelqa.readers._frames import PLACE, PLACES, Frames, Reading, is_picture_name
from labelqa.readers._normalise import check_kinds
from labelqa.readers._opened import Source
from labelqa.readers._read import checked, read_source, read_told, reading, told_of
from labelqa.readers._record import record
from labelqa.readers.writers._files import Files, settle_foreign
from labelqa.readers.writers._newcomers import add_newcomers

CHANGES = ["item_id", "annotator_id", "change", "old", "new", "file"]


@takes_tables()
@paused_collector()
def write_back(
    annotations: Annotations,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - as in read
    annotator: str | None = None,
    annotator_from: str | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - as in read
    normalise: str | Iterable[str] | None = None,
    ground_truth: str = "leave_out",
    predictions: str = "leave_out",
    crowds: str = "keep",
    several_classes: str = "set",
    repeats: str = "latest",
    faulty_boxes: str = "fix",
    allow_loss: bool = False,
) -> pd.DataFrame:
    """Write fixed annotations in the format they came in, with only the decided nodes changed.

    What differs between the source, read with the same options, and `annotations` is changed in the source's own text;
    every other byte stays: unknown fields, order, indentation, the style of numbers. The source itself is not touched.
    What the checks of `read` left out or clipped stays in the file as it was. The result is read again before it is put
    in its place, and has to say what `annotations` say.

    Parameters
    ----------
    annotations
        As they shall be, such as `noise.apply_decisions` gives them.
    source
        The file or folder that they were read from.
    target
        The file or folder to write, which must not exist. Of a folder everything that does not change is copied, the
        pictures too where the format says by their place which they are ("voc", "yolo"); elsewhere relative paths of
        pictures that are there are written as seen from `target`.
    format, annotator, annotator_from, map, normalise, ground_truth, predictions, crowds, several_classes
        How `source` was read, see `read`. Spellings that `normalise` joined are changed too. What models predicted, and
        a box for each class of one rectangle, cannot be written back.
    repeats, faulty_boxes
        How `source` was read, see `read`.
    allow_loss
        Whether to go on though the source cannot be made to say something; what it is stands in the error.

    Returns
    -------
    DataFrame
        One row per change: `item_id`, `annotator_id`, `change`, `old`, `new`, `file`.

    Raises
    ------
    FileExistsError
        Where `target` exists.
    FileNotFoundError
        Where there is nothing at `source`.
    TableError
        Where the format is one that is not written back, or cannot say what was changed; nothing is written then.
    OptionError
        Where `target` lies within `source`, or for ``predictions="keep"`` and ``several_classes="each"``.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> import labelqa
    >>> from labelqa.noise import apply_decisions
    >>> coco = {"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "dent"}],
    ...         "annotations": [{"id": 7, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "note": "blurred"}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, fixed = pathlib.Path(folder) / "ann.json", pathlib.Path(folder) / "fixed.json"
    ...     _ = path.write_text(json.dumps(coco))
    ...     done = apply_decisions(labelqa.read(path, annotator="ann"),
    ...                            [{"item_id": 1, "box_id": "1/ann/1", "action": "relabel", "box": [1, 2, 35, 42]}])
    ...     print(labelqa.readers.write_back(done.annotations, path, fixed, annotator="ann")["change"].tolist())
    ...     print(json.loads(fixed.read_text())["annotations"])
    ['move box']
    [{'id': 7, 'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 34, 40], 'note': 'blurred'}]
    """
    told = told_of(locals())
    annotations = as_annotations(annotations)
    here, there = check_path("source", source), check_path("target", target)
    _check(annotations, here, there, told)
    kinds, rules = check_kinds(normalise), {"repeats": repeats, "faulty_boxes": faulty_boxes}
    how = reading(told, with_places=True)
    frames = read_source(here, form=format, annotator_from=annotator_from, how=how)
    form = _format(frames, here)
    spelt = _spelt(frames)
    found = compare(frames, spelt, checked(frames, kinds, **rules), annotations)
    files = Files(allow_loss=allow_loss)
    apart = here.is_dir() and (annotator_from is not None or _n_people(frames) > 1)
    with record(here):
        changes = _make(form, found, files, how, root=here if apart else None, annotator_from=annotator_from)
        if form.repath is not None:
            form.repath(_files_of(frames), files, there if here.is_dir() else there.parent)
        results = files.results()
    lost = +found.lost
    _refuse_loss(lost, here, allow_loss=allow_loss)

    def verify(written: Path) -> None:
        got = _read_again(written, told | {"format": form.name}, here)
        if not lost:
            _refuse_unlike(annotations, got, here)

    _put(here, there, results, verify, with_pictures=form.repath is None)
    return _listed(changes)


def _check(annotations: Annotations, here: Path, there: Path, told: Mapping[str, Any]) -> None:
    """Refuse before anything is read what cannot be written."""
    if there.exists():
        raise FileExistsError(f"{there} exists and is not overwritten; choose another path or remove it first.")
    if here.is_dir() and there.resolve().is_relative_to(here.resolve()):
        raise OptionError(
            f"target={str(there)!r} lies within the source, which would be read with it; choose a path beside."
        )
    if told["predictions"] == "keep" or told["several_classes"] == "each":
        said = f"predictions={told['predictions']!r} and several_classes={told['several_classes']!r}"
        raise OptionError(f"What was read with {said} is not written back; write another format with to=.")
    if not len(annotations.items):
        raise TableError("No item is left, and a file without any is none; there is nothing to write.")


def _read_again(written: Path, told: Mapping[str, Any], here: Path) -> Annotations:
    """Read what was written, as the source was read."""
    try:
        return read_told(written, told)[0]
    except TableError as error:
        message = str(error).replace(str(written), written.name)
        raise TableError(f"{here} cannot be changed so that it can be read again: {message}") from error


def _make(
    form: Format, found: Differences, files: Files, how: Reading, *, root: Path | None, annotator_from: str | None
) -> list[Change]:
    """Change the files; `root` is the folder where each annotator has files of their own."""
    assert form.rewrite is not None  # noqa: S101 - `_format` lets no other through
    if root is None or form.strip is None:
        changes = list(settle_foreign(found.changes, files, found.lost))
        form.rewrite(changes, files, found.lost, how)
        return changes
    new = [change for change in found.changes if change.is_foreign]
    ways = (form.rewrite, form.strip)
    add_newcomers(new, files, found.lost, how, ways=ways, root=root, annotator_from=annotator_from)
    form.rewrite([change for change in found.changes if not change.is_foreign], files, found.lost, how)
    return found.changes


def _n_people(frames: Frames) -> int:
    """Count those who have places of their own."""
    return int(frames.tables[PLACES]["annotator_id"].nunique()) if PLACES in frames.tables else 0


def _refuse_loss(lost: Mapping[str, int], here: Path, *, allow_loss: bool) -> None:
    if lost and not allow_loss:
        told = "; ".join(f"{what} ({n:,})" for what, n in lost.items())
        raise TableError(
            f"{here} cannot be made to say: {told}. Write another format with to=, or go on with allow_loss=True."
        )


def _format(frames: Frames, where: Path) -> Format:
    able = [each.name for each in FORMATS if each.rewrite is not None]
    if len(frames.forms) != 1 or next(iter(frames.forms)) not in able:
        raise TableError(
            f"{where} is {' and '.join(sorted(frames.forms))}, which is not written back (written back are "
            f"{', '.join(able)}); write another format with to=."
        )
    return by_name(next(iter(frames.forms)))


def _spelt(frames: Frames) -> dict[Any, Any]:
    """Give the label at each place as the source spells it."""
    tables = [frames.tables[name] for name in ("labels", "boxes") if name in frames.tables]
    named = [table for table in tables if PLACE in table and "label" in table]
    return {place: label for table in named for place, label in zip(table[PLACE], table["label"], strict=True)}


def _files_of(frames: Frames) -> list[Path]:
    """Give the files that tell of items."""
    table = frames.tables.get(PLACES)
    return [] if table is None else list(dict.fromkeys(place[0] for place in table[PLACE]))


def _put(
    here: Path,
    there: Path,
    results: Mapping[Path, bytes | None],
    verify: Callable[[Path], None],
    *,
    with_pictures: bool,
) -> None:
    """Write beside the target, look whether it says what it should, and give it its name."""
    with held("target", there) as place, beside(place) as temporary:
        if here.is_file():
            # the names of the file and of its folder may tell the reader who annotated
            written = temporary / here.resolve().parent.name / here.name
            written.parent.mkdir(exist_ok=True)
            data = results.get(here)
            is_same = data is None and _is_alike(here, there)
            written.write_bytes(here.read_bytes() if is_same else _packed(here, there, data))
            verify(written)
            put_in_place(written, place)
        else:
            written = temporary / "folder"
            gone = {path for path, data in results.items() if data is None}

            def is_left_out(path: Path) -> bool:
                return path in gone or (not with_pictures and is_picture_name(path.name))

            _copy_tree(here, written, is_left_out)
            for path, data in results.items():
                if data is not None:
                    path_there = written / path.relative_to(here)
                    path_there.parent.mkdir(parents=True, exist_ok=True)
                    path_there.write_bytes(_packed(path, path, data))
            verify(written)
            put_in_place(written, place)


def _copy_tree(here: Path, there: Path, is_left_out: Callable[[Path], bool]) -> None:
    """Copy a folder so that the copy can be changed though the source is read-only.

    What links lead to is copied; a link that leads nowhere, or to a folder round it and so without end, stays a link.
    """
    there.mkdir()
    for path in sorted(here.iterdir()):
        copy = there / path.name
        if is_left_out(path):
            continue
        is_endless = path.is_symlink() and here.resolve().is_relative_to(path.resolve())
        if path.is_symlink() and (is_endless or not path.exists()):
            copy.symlink_to(path.readlink())
        elif path.is_dir():
            _copy_tree(path, copy, is_left_out)
        else:
            shutil.copy2(path, copy)
            copy.chmod(copy.stat().st_mode | stat.S_IWUSR)


def _is_alike(here: Path, there: Path) -> bool:
    return (here.suffix.lower() in (".gz", ".zip")) == (there.suffix.lower() in (".gz", ".zip"))


def _packed(source: Path, target: Path, data: bytes | None) -> bytes:
    data = Source(source).data if data is None else data
    if target.suffix.lower() == ".zip":
        raise TableError(f"{target} would be a zip file, which is not written; choose another name.")
    return gzip.compress(data, mtime=0) if target.suffix.lower() == ".gz" else data


def _listed(changes: Iterable[Change]) -> pd.DataFrame:
    rows = []
    for change in changes:
        old, new = change.old, change.new
        if change.kind == "move box":
            old, new = list(change.was), list(change.corners)
        file = str(change.places[0][0]) if change.places else None
        rows.append((change.item, change.annotator, change.kind, old, new, file))
    return pd.DataFrame(rows, columns=CHANGES)


def _refuse_unlike(wanted: Annotations, got: Annotations, where: Path) -> None:
    """Refuse a result that does not say what was asked."""
    for name, key in (("items", _items), ("views", _views), ("labels", _labels), ("boxes", _boxes)):
        asked, said = key(wanted), key(got)
        if asked != said:
            unlike = [*(asked - said), *(said - asked)]
            raise TableError(
                f"{where} cannot be changed so that it says what was asked: {sum((asked - said).values()):,} rows of "
                f"{name} would be missing and {sum((said - asked).values()):,} too many ({shown(unlike[:3])}). Nothing "
                "is written; write another format with to=."
            )


def _items(data: Annotations) -> Counter[Any]:
    return Counter(data.items["item_id"])


def _views(data: Annotations) -> Counter[Any]:
    return Counter(data.views[["item_id", "annotator_id", "status"]].itertuples(index=False, name=None))


def _labels(data: Annotations) -> Counter[Any]:
    labels = data.labels.assign(label=data.labels["label"].map(id_text))
    return Counter(labels[["item_id", "annotator_id", "label"]].itertuples(index=False, name=None))


def _boxes(data: Annotations) -> Counter[Any]:
    edges = np.round(data.boxes[list(BOX_EDGES)].to_numpy(np.float64), 3) + 0.0
    labels = data.boxes["label"].map(id_text)
    rows = zip(data.boxes["item_id"], data.boxes["annotator_id"], labels, map(tuple, edges.tolist()), strict=True)
    return Counter(rows)
