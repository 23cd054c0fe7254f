"""`write`: annotations in any format that is written."""

from __future__ import annotations

import os
from pathlib import Path

from labelqa._files import beside, put_in_place, refuse_taken
from labelqa._options import check_choice, check_path
from labelqa._outputs import held
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations, as_annotations
from labelqa.errors import TableError
from labelqa.readers.writers import _documents, _folders, _tables
from labelqa.readers.writers._losses import losses
from labelqa.readers.writers._tables import check_writable

#: Value of ``to=`` -> what writes it; files, and folders.
_FILES = {"coco": _documents.coco, "label_studio": _documents.label_studio, "wide_table": _tables.wide_table}
_FOLDERS = {
    "parquet": _tables.parquet,
    "csv": _tables.csv,
    "cvat": _folders.cvat,
    "voc": _folders.voc,
    "yolo": _folders.yolo,
    "class_folders": _folders.class_folders,
}
WRITE_FORMATS = ("parquet", "csv", "coco", "label_studio", "cvat", "voc", "yolo", "wide_table", "class_folders")


@renamed(format="to")
@takes_tables()
def write(
    annotations: Annotations,
    path: str | os.PathLike[str],
    *,
    to: str | None = None,
    allow_loss: bool = False,
    paths_from: str | os.PathLike[str] = ".",
) -> None:
    """Write annotations so that `labelqa.read` gives them back; an existing file or folder is never overwritten.

    Parameters
    ----------
    annotations
        What to write.
    path
        A file ("coco", "label_studio", "wide_table"), or a folder (all others).
    to
        - "parquet" (the default: `items.parquet`, `views.parquet`, `labels.parquet`, `boxes.parquet`), "csv" (the same
          as text: labels that are numbers come back as text). Views that follow from labels and boxes are not written:
          they are derived again.
        - "coco" (the default where `path` ends in .json): boxes and labels with `rater_id`, views as `rater_list` of
          the image, classes of pictures as `image_labels`; images have whole numbers as ids, and `item_id` where that
          is none.
        - "label_studio": tasks to import, one annotation per view.
        - "cvat": an XML file for each person; "voc" and "yolo": a folder for each person with a file per picture,
          "yolo" with the pictures. The two are read again with ``annotator_from="folder"``.
        - "wide_table": a CSV with a column for each person; "class_folders": the pictures, copied into a folder for
          each class in a folder for each person. They are read again with ``format=``.
    allow_loss
        Whether to write though the format has no place for something that is there; what it is stands in the error.
    paths_from
        Where the relative paths of pictures are seen from. They are written as seen from where the output lies.

    Raises
    ------
    FileExistsError
        Where `path` exists.
    TableError
        For values that would not come back: labels that are sets, empty texts in a CSV, columns of several types in
        Parquet, names that no file can have; and for what the format has no place for, unless `allow_loss`. Nothing is
        written then.
    OptionError
        For an unknown format.
    OutputError
        Where another run works there, or it cannot be written.

    Examples
    --------
    >>> import labelqa, tempfile, pathlib
    >>> annotations = labelqa.read("sample_data/inspection")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     labelqa.write(annotations, pathlib.Path(folder) / "copy")
    ...     labelqa.read(pathlib.Path(folder) / "copy")
    Annotations(300 items, 5 annotators, ... views, ... labels, ... boxes)
    """
    annotations = as_annotations(annotations)
    target, form = check_target(path, to)
    for name in ("items", "views", "labels", "boxes"):
        check_writable(getattr(annotations, name), name, form)
    lost = losses(annotations, form, Path(paths_from))
    if lost and not allow_loss:
        told = "; ".join(f"{what} ({n:,})" for what, n in lost.items())
        raise TableError(f"{form} has no place for: {told}. Choose another format, or go on with allow_loss=True.")
    here, there = Path(paths_from), target.parent if form in _FILES else target
    tables = {name: getattr(annotations, name) for name in ("items", "views", "labels", "boxes")}
    if form in _FILES or form in ("parquet", "csv"):
        tables["items"] = _tables.paths_from_there(annotations.items, here, there)
    with held("path", target) as place:
        if form in _FILES:
            refuse_taken(place)
            _FILES[form](annotations, tables, place)
            return
        with beside(place) as temporary:
            _FOLDERS[form](annotations, tables, temporary, here)
            temporary.chmod(0o755)
            put_in_place(temporary, place)


def check_target(path: str | os.PathLike[str], to: str | None) -> tuple[Path, str]:
    """Give the path and the format to write, which the path tells where it is not given; refuse a path that exists."""
    target = check_path("path", path)
    chosen = to or ("coco" if target.suffix.lower() == ".json" else "parquet")
    check_choice("to", chosen, WRITE_FORMATS)
    refuse_taken(target)
    return target, chosen
