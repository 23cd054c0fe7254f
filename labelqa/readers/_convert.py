"""`convert`: one format in, another out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from labelqa.annotations import Annotations
from labelqa.readers._read import read_told, told_of
from labelqa.readers._write import check_target, write
from labelqa.readers._write_back import write_back


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    to: str | None = None,
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
) -> Annotations:
    """Read annotations in one format, check them, and write them in another; nothing is overwritten.

    Where `to` names the format that the source has, and nobody is named whom the source does not name, the source is
    written back: only what `normalise` joins is changed in it, see `write_back`.

    Parameters
    ----------
    source
        The file or folder to read.
    target
        The file or folder to write, see `write`, which must not exist.
    to
        The format to write, see `write`; by default "coco" where `target` ends in .json, else "parquet".
    format, annotator, annotator_from, map, normalise, ground_truth, predictions, crowds, several_classes
        How to read `source`, see `read`.
    repeats, faulty_boxes
        How to read `source`, see `read`.
    allow_loss
        Whether to write though the format has no place for something, see `write`.

    Returns
    -------
    Annotations
        What was written; its `checks` say what was mapped, left out and corrected.

    Raises
    ------
    FileNotFoundError
        Where there is nothing at `source`.
    FileExistsError
        Where `target` exists.
    TableError
        Where the source cannot be understood.
    OptionError
        For an unknown format.

    Examples
    --------
    >>> import labelqa, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     labelqa.convert("sample_data/inspection", pathlib.Path(folder) / "all.json", allow_loss=True)
    ...     labelqa.read(pathlib.Path(folder) / "all.json")
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    """
    how = told_of(locals())
    check_target(target, to)
    annotations, forms = read_told(source, how)
    is_named = annotator is not None or annotator_from is not None
    is_same = to in ("cvat", "voc", "yolo") if Path(source).is_dir() else not is_named
    is_whole = predictions != "keep" and several_classes != "each"
    if {to} == forms and is_same and is_whole:
        write_back(annotations, source, target, **how, allow_loss=allow_loss)
    else:
        write(annotations, target, to=to, allow_loss=allow_loss)
    return annotations
