"""Augmented copies written to a folder, one item after the other, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._files import replacing, write_text
from labelqa._options import check_choice, check_jobs
from labelqa._outputs import file_facts, held, write_manifest
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.augment._albumentations import library
from labelqa.augment._augment import Augmented, CopyPlan, as_augmented, plan_copies
from labelqa.augment._copies import CopySettings, Original, copy_id, in_order, make_copies
from labelqa.errors import OptionError, TableError

IMAGE_FORMATS = ("png", "jpg")
#: Where the images go, what rebuilds them, which settings made them, which items are done.
IMAGE_FOLDER, RECORDS, SETTINGS, PROGRESS = "images", "records.jsonl", "augment.json", "progress.jsonl"


@takes_tables()
@renamed(copies="n_copies", retries="n_retries")
def augment_to_folder(
    images: Any,
    annotations: Annotations | pd.DataFrame | None,
    out: str | os.PathLike[str],
    *,
    policy: Any = "standard",
    n_copies: int = 1,
    seed: int = 0,
    min_visibility: float = 0.25,
    n_retries: int = 3,
    test_items: Iterable[Any] = (),
    image_format: str = "png",
    n_jobs: int | None = -1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Augmented:
    """Make augmented copies as `augment` does, and write them as they are made; no image stays in memory.

    Called again with the same settings it goes on where it was stopped, and adds items that are new. The folder gets
    `images/`, `records.jsonl` (each line rebuilds its image), `augment.json` (the settings), `progress.jsonl`
    and, when all is done, `manifest.json` (each file with its size and SHA-256).

    Parameters
    ----------
    images, annotations
        As for `augment`.
    out
        The folder.
    policy, n_copies, seed, min_visibility, n_retries, test_items
        As for `augment`.
    image_format
        "png" keeps every bit; "jpg" (quality 95) is smaller.
    n_jobs
        Processes; -1 for all cores, None for one per core.
    on_progress
        Called with the number of items done and their total after each item.

    Returns
    -------
    Augmented
        As from `augment`; `items` has the `path` of each image below `out`.

    Raises
    ------
    TableError
        Where the folder holds copies made with other settings.
    OutputError
        Where another run works on the folder, or it cannot be written.
    """
    check_choice("image_format", image_format, IMAGE_FORMATS)
    check_jobs(n_jobs)
    plan = plan_copies(
        images, annotations, policy=policy, n_copies=n_copies, seed=seed, min_visibility=min_visibility,
        n_retries=n_retries, test_items=test_items,
    )  # fmt: skip
    with held("out", out) as folder:
        _open_folder(folder, plan.settings, image_format)
        facts = _write_all(plan, folder, image_format, n_jobs, on_progress)
        made = as_augmented(facts, plan, kept={})
        names = [f"{IMAGE_FOLDER}/{file_name(item, image_format)}" for item in made.items["item_id"]]
        made.items.insert(1, "path", names)
        _write_records(folder, made)
        write_manifest(folder)
    return made


def _write_all(
    plan: CopyPlan, folder: Path, suffix: str, n_jobs: int | None, on_progress: Callable[[int, int], None] | None
) -> list[dict[str, Any]]:
    """Write the copies that are not there yet, and note each item as soon as it is done; give the facts of all."""
    originals = plan.originals
    facts = dict(_done_before(folder, originals, plan.settings, suffix))
    left = [original for original in originals if original.item_id not in facts]
    write = partial(_write_copies, settings=plan.settings, folder=folder / IMAGE_FOLDER, suffix=suffix)
    with (folder / PROGRESS).open("a", encoding="utf-8", newline="\n") as log:
        for n_done, (written, fact) in enumerate(in_order(write, left, n_jobs), len(facts) + 1):
            facts[fact["item_id"]] = fact
            log.write(json.dumps({**written, **fact}, ensure_ascii=False) + "\n")
            log.flush()
            os.fsync(log.fileno())
            if on_progress is not None:
                on_progress(n_done, len(originals))
    return [facts[original.item_id] for original in originals]


def _write_copies(
    original: Original, settings: CopySettings, folder: Path, suffix: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make and write the copies of one item; give what tells later whether they hold still, and the facts."""
    copied = make_copies(original, settings)
    files = {}
    for item_id, image in copied.images.items():
        name = file_name(item_id, suffix)
        _save(image, folder / name, item_id)
        files[name] = file_facts(folder / name)
    return {"digest": _digest(original), "files": files}, copied.facts


def _save(image: NDArray[Any], path: Path, item_id: str) -> None:
    from PIL import Image

    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise OptionError(
            f"The policy makes the image of {item_id!r} {image.dtype} of shape {image.shape}, which no image file "
            "holds; leave out the transform that changes the type."
        )
    with replacing(path) as temporary:
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        Image.fromarray(image).save(temporary, kind, **({"quality": 95} if kind == "JPEG" else {}))


def file_name(item_id: str, suffix: str) -> str:
    """Give a file name for an item: its id where that is a plain name, else a plain form of it with a short hash."""
    plain = re.sub(r"[^\w.-]+", "_", item_id).lstrip(".")[:100]
    if plain != item_id:
        plain = f"{plain}-{hashlib.blake2b(item_id.encode(), digest_size=5).hexdigest()}"
    return f"{plain}.{suffix}"


def _digest(original: Original) -> str:
    """Give a hash of what a copy is made from: the image as it lies there, and the boxes."""
    hashed = hashlib.blake2b(
        repr((original.item_id, list(original.box_ids), original.xyxy.tolist())).encode(), digest_size=16
    )
    picture = original.picture
    if isinstance(picture, np.ndarray):
        hashed.update(str(picture.shape).encode() + picture.tobytes())
    else:
        hashed.update(picture if isinstance(picture, bytes) else Path(picture).read_bytes())
    return hashed.hexdigest()


def _open_folder(folder: Path, settings: CopySettings, image_format: str) -> None:
    """Make the folder, or make sure that what is in it was made with the same settings."""
    wanted = {
        "policy": json.loads(settings.policy),
        "copies": settings.n_copies,
        "seed": settings.seed,
        "min_visibility": settings.min_visibility,
        "retries": settings.n_retries,
        "image_format": image_format,
        "albumentations": str(library().__version__),
    }
    path = folder / SETTINGS
    if path.is_file():
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TableError(f"{path} is damaged ({error}); remove the folder or choose another.") from error
        different = [key for key, value in wanted.items() if there.get(key) != value]
        if different:
            raise TableError(
                f"{folder} holds copies made with another {', '.join(different)}; choose another folder, or remove it."
            )
        (folder / IMAGE_FOLDER).mkdir(exist_ok=True)
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise TableError(f"{folder} is not empty and holds no copies of ours; choose another folder.")
    write_text(path, json.dumps(wanted, indent=2) + "\n")
    (folder / IMAGE_FOLDER).mkdir(exist_ok=True)


def _done_before(
    folder: Path, originals: list[Original], settings: CopySettings, image_format: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the items whose copies are as they were written, and were made from the same image and boxes."""
    known = _progress(folder / PROGRESS)
    for original in originals:
        fact = known.get(original.item_id)
        names = [file_name(copy_id(original.item_id, copy), image_format) for copy in range(1, settings.n_copies + 1)]
        if fact is None or fact.pop("digest") != _digest(original):
            continue
        files = fact.pop("files")
        paths = {name: folder / IMAGE_FOLDER / name for name in names}
        if all(path.is_file() and files.get(name) == file_facts(path) for name, path in paths.items()):
            yield original.item_id, fact


def _progress(path: Path) -> dict[str, dict[str, Any]]:
    """Read which items are done; lines that were torn are dropped from the file, and their items made again."""
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    lines, known = [], {}
    for line in text.split("\n"):
        try:
            fact = json.loads(line)
            known[fact["item_id"]] = fact | {"digest": str(fact["digest"]), "files": dict(fact["files"])}
            lines.append(line)
        except (ValueError, KeyError, TypeError):  # torn while it was written, or of a release that noted less
            continue
    whole = "".join(f"{line}\n" for line in lines)
    if whole != text:
        write_text(path, whole)
    return known


def _write_records(folder: Path, made: Augmented) -> None:
    with replacing(folder / RECORDS) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        for record in made.records.to_dict("records"):
            stream.write(json.dumps({**record, "policy": json.loads(record["policy"])}, ensure_ascii=False) + "\n")
