"""The whole job, in order: read, check, agree, find the consensus, flag, retrain, report."""

from __future__ import annotations

import dataclasses
import os
import shlex
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from labelqa import __version__
from labelqa._options import check_choice, check_seed
from labelqa._outputs import held
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.audit._folder import GrowingFolder
from labelqa.audit._found import Case, Found, ReadablePictures
from labelqa.audit._reading import Material, read_material, used_reading
from labelqa.audit._result import Audit, load_audit
from labelqa.audit._writing import write_audit
from labelqa.audit.steps import STEPS
from labelqa.images import ImageSource


class OnStep(Protocol):
    """Is told when a step begins (`seconds` is None) and when it has ended."""

    def __call__(self, step: str, seconds: float | None, *, is_kept: bool = False) -> None:
        """Take the name of the step, its seconds, and whether it was kept from an interrupted audit."""


@takes_tables()
def run_audit(
    source: str | os.PathLike[str] | Annotations | pd.DataFrame,
    *,
    images: Any = None,
    gold: Any = None,
    decisions: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] = "labelqa-out",
    seed: int = 0,
    format: str | None = None,  # noqa: A002 - the public name
    annotator: str | None = None,
    annotator_from: str | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - as in read
    normalise: str | Iterable[str] | None = None,
    ground_truth: str | None = None,
    predictions: str | None = None,
    crowds: str | None = None,
    several_classes: str | None = None,
    repeats: str | None = None,
    overwrite: bool = False,
    on_step: OnStep | None = None,
) -> Audit:
    """Audit a labelled image set: how good the labels are, which look wrong, and what fixing them is worth.

    Writes `report.html`, `summary.json` (every number on the page), `queue.csv`, `agreement/*.csv`,
    `consensus/*.parquet`, where a model was trained `model/`, and last `manifest.json` (each file with its size and
    SHA-256). In the CSV files, which people open, a text that a spreadsheet would take for a formula has ``'`` before
    it. Everything grows in a hidden folder that takes the name `out` at the end; an audit that was interrupted goes on
    from its finished steps.

    Parameters
    ----------
    source
        A file or folder that `labelqa.read` understands, or tables in memory.
    images
        The pictures: a folder, a Parquet file with `item_id` and `image` (bytes), or what `labelqa.images.as_source`
        takes. By default `images/` beside the tables, or the paths in the items table.
    gold
        Trusted labels or boxes: a file (or table) with `item_id` and `label`, or box corners, a Series by item id, or
        `Annotations`; or a list of such. A part of the trusted labels is held out as the test set.
    decisions
        A reviewer's file, see `labelqa.noise.apply_decisions`: the fixes whose worth is measured. Without it the fixes
        are the trusted labels of the top of the queue.
    out
        Folder to write.
    seed
        Of everything random.
    format, annotator, annotator_from, map, normalise, ground_truth, predictions, crowds, several_classes
        As in `labelqa.read`; refused where `source` is no path.
    repeats
        As in `labelqa.read`, "latest" by default. `Annotations` were checked already: by default as they were then, and
        another choice is refused where they hold repeated labels.
    overwrite
        Whether a finished audit in `out` may be replaced.
    on_step
        Is told of the progress.

    Returns
    -------
    Audit
        See there; shows the three sentences of the report in a notebook.

    Raises
    ------
    TableError, FileNotFoundError
        Where the input cannot be used.
    OptionError
        For an unknown option, or an `out` that is taken.
    OutputError
        Where another run works on `out`, or it cannot be written.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> from labelqa.audit import run_audit
    >>> said = pd.DataFrame(
    ...     [(i, who, "ok" if i % 3 or who == "eve" else "dent") for i in range(9) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = run_audit(said, out=f"{folder}/audit")
    ...     done.report.name, done.is_partial
    ('report.html', False)
    """
    tell = on_step or _silent
    if repeats is not None:
        check_choice("repeats", repeats, ("latest", "keep", "refuse"))
    seed = check_seed(seed)
    given = {
        "format": format, "annotator": annotator, "annotator_from": annotator_from, "map": map, "normalise": normalise,
        "ground_truth": ground_truth, "predictions": predictions, "crowds": crowds, "several_classes": several_classes,
        "repeats": repeats,
    }  # fmt: skip
    reading = used_reading(source, given)
    golds = _as_list(gold)
    options = [("--images", images), *(("--gold", one) for one in golds), ("--decisions", decisions)]
    options += [("--" + name.replace("_", "-"), value) for name, value in reading.items()]
    with held("out", out) as target:
        folder = GrowingFolder(target, overwrite=overwrite)
        with _told("read", tell):
            material = read_material(source, images=images, gold=golds, decisions=decisions, reading=reading)
        if not folder.open(_key(material, seed, reading)):
            case = Case(material=material, images=material.images, seed=seed, folder=folder.path)
            case, found = _all_steps(case, folder, tell)
            with _told("report", tell):
                write_audit(case, found, reading, _command(source, options, target, seed))
            folder.finish()
        return load_audit(target)


def _all_steps(case: Case, folder: GrowingFolder, tell: OnStep) -> tuple[Case, Found]:
    """Do what is not done yet, in order; the pictures are checked first, and later steps see the readable ones."""
    found = Found()
    for name, step in STEPS.items():
        field = name.replace(" ", "_")
        tell(name, None)
        start = time.perf_counter()
        result, is_kept = folder.step(field, partial(step, case, found))
        found = found.with_result(field, result)
        if found.pictures is not None and name == "pictures":
            case = dataclasses.replace(case, images=_readable(case.material, found.pictures))
        tell(name, time.perf_counter() - start, is_kept=is_kept)
    return case, found


def _readable(material: Material, pictures: ReadablePictures) -> ImageSource | None:
    if material.images is None:
        return None
    bad = set(pictures.unreadable["item_id"])
    readable = material.images.select(item for item in material.images.item_ids if item not in bad)
    return readable if len(readable) else None


@contextmanager
def _told(name: str, tell: OnStep) -> Iterator[None]:
    tell(name, None)
    start = time.perf_counter()
    yield
    tell(name, time.perf_counter() - start)


def _silent(step: str, seconds: float | None, *, is_kept: bool = False) -> None:
    """Nobody asked to be told."""


def _as_list(gold: Any) -> list[Any]:
    if gold is None:
        return []
    is_one = isinstance(gold, str | os.PathLike | pd.DataFrame | pd.Series) or not isinstance(gold, Iterable)
    return [gold] if is_one else list(gold)


def _key(material: Material, seed: int, reading: dict[str, Any]) -> dict[str, Any]:
    hashes = sorted((row["what"], row["sha256"]) for row in material.files)
    return {"version": __version__, "inputs": hashes, "seed": seed, "reading": reading}


_BY_DEFAULT = (
    ("--repeats", "latest"), ("--ground-truth", "leave_out"), ("--predictions", "leave_out"), ("--crowds", "keep"),
    ("--several-classes", "set"),
)  # fmt: skip


def _command(source: Any, options: list[tuple[str, Any]], out: Path, seed: int) -> str:
    """Write the command that does this again; what has no path is named by its kind."""
    words = ["labelqa", "audit", _shown(source)]
    for name, value in options:
        if name == "--map":
            words += [word for ours, column in (value or {}).items() for word in (name, f"{ours}={column}")]
        elif value is not None and (name, value) not in _BY_DEFAULT:
            words += [name, _shown(value)]
    return shlex.join([*words, "--seed", str(seed), "--out", out.as_posix()])


def _shown(value: Any) -> str:
    return os.fspath(value) if isinstance(value, str | os.PathLike) else f"<{type(value).__name__}>"
