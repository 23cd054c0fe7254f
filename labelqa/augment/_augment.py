"""Augmented copies of images whose labels and boxes stay right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES, Findings, id_text
from labelqa._result import Result
from labelqa.annotations import Annotations
from labelqa.augment._looseness import expected_looseness
from labelqa.augment._pictures import source_of
from labelqa.augment._policy import Policy, read_policy
from labelqa.augment._rebuild import rebuild
from labelqa.augment._tables import make_tables
from labelqa.augment._work import Done, Job, Settings, copy_id, run, work
from labelqa.errors import OptionError, TableError, shown
from labelqa.images import ImageSource

#: Images made are kept up to this many bytes; beyond it they are made again when asked for.
_KEPT_BYTES = 256 * 2**20


class AugmentedImages(Mapping[str, NDArray[Any]]):
    """The augmented images by new item id; those that are not kept in memory are made again from their record."""

    def __init__(self, source: ImageSource, records: pd.DataFrame, kept: dict[str, NDArray[Any]]) -> None:
        self._source = source
        self._records = records.set_index("item_id", drop=False)
        self._kept = kept

    def __getitem__(self, item_id: str) -> NDArray[Any]:
        """Give one image."""
        if item_id not in self._kept:
            record = {str(key): value for key, value in self._records.loc[item_id].to_dict().items()}
            item = record["source_item_id"]
            return rebuild(record, self._source.pictures[item])
        return self._kept[item_id].copy()

    def __iter__(self) -> Iterator[str]:
        return iter(self._records.index)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"AugmentedImages({len(self):,} images)"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Augmented(Result):
    """Augmented copies of images, with their labels and boxes and with what was lost on the way.

    Attributes
    ----------
    policy
        The policy's name.
    n_images, n_boxes
        Copies made, and boxes on them.
    n_clipped
        Boxes on the copies of which a part is out of sight.
    n_dropped
        Boxes left out of a copy because less than `min_visibility` of them is seen.
    n_dropped_visible
        Those of them that are still seen in part: objects without a box, which teach a model to overlook them.
    n_redrawn
        Copies that were drawn again because a box would have been lost.
    images
        The images by new item id; made when asked for.
    items
        `item_id` (new), `width`, `height`, `source_item_id` (keep copies of one source on one side of every split),
        `copy`.
    boxes
        As `Annotations.boxes`, with `source_item_id`, `copy`, `source_box_id`, `visible` (share of the source box),
        `is_clipped` and `tightness` (overlap with the object's own tight box; nan where part of it is out of sight).
    labels
        As `Annotations.labels`, with `source_item_id` and `copy`.
    dropped
        The boxes that were left out: `item_id`, `source_item_id`, `copy`, `box_id`, `label`, `visible`.
    records
        `item_id`, `source_item_id`, `copy`, `seed`, `attempt`, `policy`, `albumentations`: each row rebuilds its image,
        see `labelqa.augment.rebuild`.
    looseness
        Per transform, how far boxes get loose or cut when it is applied, see `expected_looseness`.
    checks
        What was found wrong in the source boxes and labels, and what was done.
    """

    policy: str
    n_images: int
    n_boxes: int
    n_clipped: int
    n_dropped: int
    n_dropped_visible: int
    n_redrawn: int
    reason: str | None
    items: pd.DataFrame
    boxes: pd.DataFrame
    labels: pd.DataFrame
    views: pd.DataFrame
    dropped: pd.DataFrame
    records: pd.DataFrame
    looseness: pd.DataFrame
    checks: pd.DataFrame
    images: AugmentedImages = field(repr=False)

    @property
    def annotations(self) -> Annotations:
        """The copies as `Annotations`, to be joined with the originals, written or trained on."""
        return Annotations.from_frames(
            labels=self.labels if len(self.labels) else None,
            boxes=self.boxes if len(self.boxes) else None,
            views=self.views if len(self.views) else None,
            items=self.items,
            repeats="keep",
            faulty_boxes="keep",
        )

    def plot(self, ax: Any = None) -> Any:
        """Show how tight the boxes are after each transform."""
        from labelqa.augment._plots import plot_looseness

        return plot_looseness(self.looseness, ax)


def augment(
    images: Any,
    annotations: Annotations | pd.DataFrame | None = None,
    *,
    policy: Any = "standard",
    copies: int = 1,
    seed: int = 0,
    min_visibility: float = 0.25,
    retries: int = 3,
    masks: Mapping[str, NDArray[Any]] | None = None,
    test_items: Iterable[Any] = (),
    n_jobs: int = 1,
) -> Augmented:
    """Make augmented copies of images, and say what each copy did to the labels.

    A copy is only worth having if its label still holds: boxes that leave the frame are clipped or dropped and counted,
    the visible share is measured against the source box, and copies of test images are never made.

    Parameters
    ----------
    images
        A folder, a dict from item id to pixels, path or bytes, a list of pixels (ids are the positions), or
        `Annotations` whose items have a path; see `labelqa.images.as_source`. Grey images stay grey.
    annotations
        `Annotations`, or a table of boxes (`item_id`, `x_min`, `y_min`, `x_max`, `y_max`, `label`) or of labels
        (`item_id`, `label`); `annotator_id` may be left out. Every item needs an image.
    policy
        "light" (camera and light vary a little), "standard" (also mirrored), "inspection" (parts seen from above: no
        side is up), a dict, a YAML or JSON file, or an `albumentations.Compose`; see `labelqa.augment.read_policy`.
    copies
        Copies per image.
    seed
        Every draw follows from (seed, item id, copy): neither the order of items nor the number of workers matters.
    min_visibility
        A box of which less than this share is still seen is not kept on the copy.
    retries
        How often a copy is drawn again when it would lose a box; the draw that loses fewest is taken.
    masks
        Masks of objects, `box_id` -> bool (height, width): boxes then follow the mask and stay tight.
    test_items
        Ids of test images: they get no copies, and the result says how many there were.
    n_jobs
        Processes; -1 for all cores.

    Returns
    -------
    Augmented
        Images (made lazily), boxes, labels, records, and what was clipped and dropped.

    Raises
    ------
    OptionError
        For an unknown policy, transform or option, with the choices.
    TableError
        Where an item has no image, or an image cannot be read.

    Notes
    -----
    Shorten and Khoshgoftaar, "A survey on image data augmentation for deep learning", J. Big Data 6 (2019), on
    transforms that are not safe for a label; Buslaev et al., "Albumentations", Information 11 (2020).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from labelqa.augment import augment
    >>> image = np.zeros((60, 80, 3), dtype=np.uint8)
    >>> boxes = pd.DataFrame({"item_id": ["a"], "label": ["dent"], "x_min": 10, "y_min": 5, "x_max": 30, "y_max": 25})
    >>> made = augment({"a": image}, boxes, policy={"transforms": [{"HorizontalFlip": {"p": 1.0}}]})
    >>> made.boxes[["item_id", "label", "x_min", "y_min", "x_max", "y_max", "visible"]]
      item_id label  x_min  y_min  x_max  y_max  visible
    0  a_aug1  dent   50.0    5.0   70.0   25.0      1.0
    """
    check_numbers(copies=copies, retries=retries, min_visibility=min_visibility)
    chosen = read_policy(policy)
    given, source = take_input(images, annotations)
    skipped = {id_text(item) for item in test_items}
    found = Findings()
    held = [item for item in source.item_ids if item in skipped]
    found.add("items", "test item", len(held), "no copies made", held)
    ids = [item for item in source.item_ids if item not in skipped]
    settings = Settings(chosen.text, int(copies), int(seed), float(min_visibility), int(retries))
    jobs = make_jobs(source, given, ids, masks)
    kept: dict[str, NDArray[Any]] = {}
    facts = list(_keeping(run(jobs, partial(work, settings=settings), n_jobs), kept))
    return finish(facts, given=given, source=source, policy=chosen, settings=settings, found=found, kept=kept)


def check_numbers(*, copies: int, retries: int, min_visibility: float) -> None:
    """Refuse numbers that make no sense."""
    if copies < 1 or retries < 0:
        raise OptionError(f"copies={copies!r} and retries={retries!r}; give at least 1 copy and 0 or more retries.")
    if not 0.0 <= min_visibility <= 1.0:
        raise OptionError(f"min_visibility={min_visibility!r} is no share; give a number from 0 to 1.")


def take_input(images: Any, annotations: Annotations | pd.DataFrame | None) -> tuple[Annotations, ImageSource]:
    """Check annotations and images against each other; without annotations each image is an item with no label."""
    if annotations is None and isinstance(images, Annotations):
        annotations = images
    given = None if annotations is None else _as_given(annotations)
    source = source_of(images, given)
    if given is None:
        given = Annotations.from_frames(items=pd.DataFrame({"item_id": source.item_ids}))
    return given, source


def _as_given(annotations: Annotations | pd.DataFrame) -> Annotations:
    if isinstance(annotations, Annotations):
        return annotations
    if not isinstance(annotations, pd.DataFrame):
        raise TableError(
            f"Found annotations as a {type(annotations).__name__}; give labelqa.Annotations, or a DataFrame of "
            "boxes or of labels."
        )
    table = annotations if "annotator_id" in annotations else annotations.assign(annotator_id="given")
    if "x_min" in table:
        return Annotations.from_frames(boxes=table, faulty_boxes="keep")
    return Annotations.from_frames(labels=table, repeats="keep")


def make_jobs(
    source: ImageSource, given: Annotations, ids: list[str], masks: Mapping[str, NDArray[Any]] | None
) -> list[Job]:
    """Put each item's image, boxes and masks together.

    Raises
    ------
    TableError
        For masks of unknown boxes, and items that are copies already.
    """
    taken = set(source.item_ids)
    copied = [item for item in ids if copy_id(item, 1) in taken]
    if copied:
        raise TableError(
            f"{len(copied)} items have a copy among the items already ({shown(copied)}: {copy_id(copied[0], 1)!r}); "
            "augment the originals alone, or the same image would be in the set twice over."
        )
    unknown = sorted(set(masks or {}) - set(given.boxes["box_id"]))
    if unknown:
        raise TableError(f"{len(unknown)} masks belong to no box ({shown(unknown)}); name them by box_id.")
    by_item = dict(iter(given.boxes.groupby("item_id", sort=False)))
    jobs = []
    for item in ids:
        mine = by_item.get(item)
        xyxy = np.empty((0, 4)) if mine is None else mine[list(BOX_EDGES)].to_numpy(np.float64, copy=True)
        box_ids = [] if mine is None else mine["box_id"].tolist()
        own = [(masks or {}).get(box) for box in box_ids]
        has_mask = any(mask is not None for mask in own)
        jobs.append(Job(item, source.pictures[item], box_ids, xyxy, own if has_mask else None))
    return jobs


def _keeping(results: Iterator[Done], kept: dict[str, NDArray[Any]]) -> Iterator[dict[str, Any]]:
    """Pass the facts on, keeping images while there is room."""
    room = _KEPT_BYTES
    for done in results:
        for item_id, image in done.images.items():
            room -= image.nbytes
            if room >= 0:
                kept[item_id] = image
        yield done.facts


def finish(
    facts: list[dict[str, Any]],
    *,
    given: Annotations,
    source: ImageSource,
    policy: Policy,
    settings: Settings,
    found: Findings,
    kept: dict[str, NDArray[Any]],
) -> Augmented:
    """Turn what became of each item into tables."""
    for key, finding, action in (
        ("cut_source_boxes", "box leaves its image", "clipped before anything else"),
        ("lost_source_boxes", "box has no area within its image", "left out"),
    ):
        named = [box for fact in facts for box in fact[key]]
        found.add("boxes", finding, len(named), action, named)
    tables = make_tables(facts, given, policy, settings)
    boxes, dropped, records = tables["boxes"], tables["dropped"], tables["records"]
    return Augmented(
        policy=policy.name,
        n_images=len(records),
        n_boxes=len(boxes),
        n_clipped=int(boxes["is_clipped"].sum()),
        n_dropped=len(dropped),
        n_dropped_visible=int((dropped["visible"] > 0).sum()),
        n_redrawn=int((records["attempt"] > 0).sum()),
        reason=None if len(records) else "there is no image to make a copy of",
        looseness=expected_looseness(policy),
        checks=found.table(),
        images=AugmentedImages(source, records, kept),
        **tables,
    )
