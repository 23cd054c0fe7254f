"""The whole job, in order: read, check, agree, find the consensus, flag, retrain, report."""

from __future__ import annotations

import dataclasses
import os
import shlex
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from labelqa import __version__
from labelqa._options import check_choice
from labelqa.annotations import Annotations
from labelqa.audit._agreement import box_agreement_part, conventions_part, label_agreement_part
from labelqa.audit._consensus import box_consensus_part, label_consensus_part
from labelqa.audit._flags import flags_part
from labelqa.audit._inputs import Inputs, read_inputs
from labelqa.audit._job import Job
from labelqa.audit._model import model_part
from labelqa.audit._pictures import features_part, readable_part
from labelqa.audit._result import Audit, load_audit
from labelqa.audit._retrain import retrain_part
from labelqa.audit._work import Work, refuse_to_overwrite
from labelqa.audit._write import write_audit
from labelqa.report._part import Part

#: In order; each function sees the parts before it.
STEPS: dict[str, Callable[[Job], Part]] = {
    "label agreement": label_agreement_part,
    "box agreement": box_agreement_part,
    "box conventions": conventions_part,
    "label consensus": label_consensus_part,
    "box consensus": box_consensus_part,
    "features": features_part,
    "flags": flags_part,
    "retrain": retrain_part,
    "model": model_part,
}


class OnStep(Protocol):
    """Is told when a step begins (`seconds` is None) and when it has ended."""

    def __call__(self, step: str, seconds: float | None, *, is_kept: bool = False) -> None:
        """Take the name of the step, its seconds, and whether it was kept from an interrupted audit."""


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
    repeats: str = "latest",
    overwrite: bool = False,
    on_step: OnStep | None = None,
) -> Audit:
    """Audit a labelled image set: how good the labels are, which look wrong, and what fixing them is worth.

    Writes `report.html`, `summary.json` (every number on the page), `queue.csv`, `agreement/*.csv`,
    `consensus/*.parquet` and, where a model was trained, `model/`. Everything grows in a hidden folder that takes the
    name `out` at the end; an audit that was interrupted goes on from its finished steps.

    Parameters
    ----------
    source
        A file or folder that `labelqa.read` understands, or tables in memory.
    images
        The pictures: a folder, a Parquet file with `item_id` and `image` (bytes), or what `labelqa.images.as_source`
        takes. By default `images/` beside the tables, or the paths in the items table.
    gold
        Trusted labels or boxes: a file (or table) with `item_id` and `label`, or box corners; or a list of such. A part
        of the trusted labels is held out as the test set.
    decisions
        A reviewer's file, see `labelqa.noise.apply_decisions`: the fixes whose worth is measured. Without it the fixes
        are the trusted labels of the top of the queue.
    out
        Folder to write.
    seed
        Of everything random.
    format, annotator, annotator_from, repeats
        As in `labelqa.read`, where `source` is a path.
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
    check_choice("repeats", repeats, ("latest", "keep", "refuse"))
    target = Path(out)
    refuse_to_overwrite(target, overwrite=overwrite)
    reading = {"format": format, "annotator": annotator, "annotator_from": annotator_from, "repeats": repeats}
    golds = _as_list(gold)
    inputs = _timed(
        "read", tell, lambda: read_inputs(source, images=images, gold=golds, decisions=decisions, reading=reading)
    )
    work = Work(target, _key(inputs, seed, reading), overwrite=overwrite)
    job = _pictures_checked(Job(inputs=inputs, seed=seed, folder=work.folder), work, tell)
    for name, make in STEPS.items():
        job.parts[name] = _step(name, work, tell, make, job)
    options = [("--images", images), *(("--gold", one) for one in golds), ("--decisions", decisions)]
    options += [("--" + name.replace("_", "-"), value) for name, value in reading.items()]
    command = _command(source, options, target, seed)
    _timed("report", tell, lambda: write_audit(job, work.folder, reading, command))
    work.finish()
    return load_audit(target)


def _silent(step: str, seconds: float | None, *, is_kept: bool = False) -> None:
    """Nobody asked to be told."""


def _as_list(gold: Any) -> list[Any]:
    if gold is None:
        return []
    return list(gold) if isinstance(gold, Iterable) and not isinstance(gold, str | pd.DataFrame) else [gold]


def _key(inputs: Inputs, seed: int, reading: dict[str, Any]) -> dict[str, Any]:
    hashes = sorted((row["what"], row["sha256"]) for row in inputs.files)
    return {"version": __version__, "inputs": hashes, "seed": seed, "reading": reading}


def _timed(name: str, tell: OnStep, make: Callable[[], Any]) -> Any:
    tell(name, None)
    start = time.perf_counter()
    made = make()
    tell(name, time.perf_counter() - start)
    return made


def _step(name: str, work: Work, tell: OnStep, make: Callable[[Job], Part], job: Job) -> Part:
    tell(name, None)
    start = time.perf_counter()
    part, is_kept = work.step(name.replace(" ", "_"), lambda: make(job))
    tell(name, time.perf_counter() - start, is_kept=is_kept)
    return part


def _pictures_checked(job: Job, work: Work, tell: OnStep) -> Job:
    """Set unreadable pictures aside, once and for all steps."""
    if job.inputs.images is None:
        return job
    part = _step("pictures", work, tell, readable_part, job)
    job.parts["pictures"] = part
    bad = set(part.tables["unreadable"]["item_id"])
    if bad:
        job.inputs.problems.append(part.facts["problem"])
    readable = job.inputs.images.select(item for item in job.inputs.images.item_ids if item not in bad)
    return dataclasses.replace(job, images=readable if len(readable) else None)


def _command(source: Any, options: list[tuple[str, Any]], out: Path, seed: int) -> str:
    """Write the command that does this again; what has no path is named by its kind."""
    words = ["labelqa", "audit", _shown(source)]
    for name, value in options:
        if value is not None and (name, value) != ("--repeats", "latest"):
            words += [name, _shown(value)]
    return shlex.join([*words, "--seed", str(seed), "--out", out.as_posix()])


def _shown(value: Any) -> str:
    return os.fspath(value) if isinstance(value, str | os.PathLike) else f"<{type(value).__name__}>"
