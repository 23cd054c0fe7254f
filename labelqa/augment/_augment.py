"""Augmented copies of images whose labels and boxes stay right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._checks import BOX_EDGES, Findings
from labelqa._options import check_jobs, check_number, check_seed, check_whole
from labelqa._renamed import renamed
from labelqa._result import Result, unstored
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.augment._albumentations import library
from labelqa.augment._copies import Copied, CopySettings, Original, copy_id, in_order, make_copies
from labelqa.augment._copy_tables import make_tables
from labelqa.augment._looseness import expected_looseness
from labelqa.augment._pictures import ids_of, source_of
from labelqa.augment._policy import Policy, read_policy
from labelqa.augment._rebuild import rebuild
from labelqa.errors import TableError, shown
from labelqa.images import ImageSource

#: Images made are kept up to this many bytes; beyond it they are made again when asked for.
_KEPT_BYTES = 256 * 2**20


class AugmentedImages(Mapping[str, NDArray[Any]]):
    """The augmented images by new item id; those that are not kept in memory are made again from their record."""

    def __init__(self, source: ImageSource, records: pd.DataFrame, kept: dict[str, NDArray[Any]]) -> None:
        self._images = source
        self._records = records.set_index("item_id", drop=False)
        self._kept = kept

    def __getitem__(self, item_id: str) -> NDArray[Any]:
        """Give one image."""
        if item_id not in self._kept:
            record = {str(key): value for key, value in self._records.loc[item_id].to_dict().items()}
            item = record["source_item_id"]
            return rebuild(record, self._images.pictures[item])
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
    labels, views
        As in `Annotations`, with `source_item_id` and `copy`.
    dropped
        The boxes that were left out: `item_id`, `source_item_id`, `copy`, `box_id`, `label`, `visible`.
    records
        `item_id`, `source_item_id`, `copy`, `seed`, `attempt`, `policy`, `albumentations`: each row rebuilds its image,
        see `labelqa.augment.rebuild`.
    reason
        Why there is no copy, in a sentence; None where there are some.
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
    images: AugmentedImages = unstored()

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


@takes_tables()
@renamed(copies="n_copies", retries="n_retries")
def augment(
    images: Any,
    annotations: Annotations | pd.DataFrame | None = None,
    *,
    policy: Any = "standard",
    n_copies: int = 1,
    seed: int = 0,
    min_visibility: float = 0.25,
    n_retries: int = 3,
    masks: Mapping[str, NDArray[Any]] | None = None,
    test_items: Iterable[Any] = (),
    n_jobs: int | None = 1,
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
    n_copies
        Copies per image.
    seed
        Every draw follows from (seed, item id, copy): neither the order of items nor the number of workers matters.
    min_visibility
        A box of which less than this share is still seen is not kept on the copy.
    n_retries
        How often a copy is drawn again when it would lose a box; the draw that loses fewest is taken.
    masks
        Masks of objects, `box_id` -> bool (height, width): boxes then follow the mask and stay tight.
    test_items
        Ids of test images: they get no copies; `checks` says how many there were, and which ids have no image.
    n_jobs
        Processes; -1 for all cores, None for one per core.

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
    MissingExtra
        Where albumentations is not installed.

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
    check_jobs(n_jobs)
    plan = plan_copies(
        images, annotations, policy=policy, n_copies=n_copies, seed=seed, min_visibility=min_visibility,
        n_retries=n_retries, masks=masks, test_items=test_items,
    )  # fmt: skip
    kept: dict[str, NDArray[Any]] = {}
    made = in_order(partial(make_copies, settings=plan.settings), plan.originals, n_jobs)
    return as_augmented(list(_keeping(made, kept)), plan, kept)


@dataclass(frozen=True, eq=False)
class CopyPlan:
    """What is copied and how: the originals to do, and all that was given."""

    policy: Policy
    settings: CopySettings
    given: Annotations
    source: ImageSource
    originals: list[Original]
    found: Findings


def plan_copies(
    images: Any,
    annotations: Annotations | pd.DataFrame | None,
    *,
    policy: Any,
    n_copies: int,
    seed: int,
    min_visibility: float,
    n_retries: int,
    test_items: Iterable[Any],
    masks: Mapping[str, NDArray[Any]] | None = None,
) -> CopyPlan:
    """Check everything before any image is made, and leave test items out."""
    library()
    numbers = (
        check_whole("n_copies", n_copies, 1),
        check_seed(seed),
        check_number("min_visibility", min_visibility, 0, 1, hint="a share from 0 to 1"),
        check_whole("n_retries", n_retries, 0),
    )
    chosen = read_policy(policy)
    given, source = _take(images, annotations)
    skipped = ids_of(test_items, "test_items")
    found = Findings()
    held = [item for item in source.item_ids if item in skipped]
    found.add("items", "test item", len(held), "no copies made", held)
    absent = sorted(skipped - set(held))
    found.add("items", "test item without an image", len(absent), "nothing to leave out", absent)
    ids = [item for item in source.item_ids if item not in skipped]
    settings = CopySettings(chosen.text, *numbers)
    return CopyPlan(chosen, settings, given, source, _originals(source, given, ids, masks), found)


def _take(images: Any, annotations: Annotations | pd.DataFrame | None) -> tuple[Annotations, ImageSource]:
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


def _originals(
    source: ImageSource, given: Annotations, ids: list[str], masks: Mapping[str, NDArray[Any]] | None
) -> list[Original]:
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
    originals = []
    for item in ids:
        mine = by_item.get(item)
        xyxy = np.empty((0, 4)) if mine is None else mine[list(BOX_EDGES)].to_numpy(np.float64, copy=True)
        box_ids = [] if mine is None else mine["box_id"].tolist()
        own = [(masks or {}).get(box) for box in box_ids]
        has_mask = any(mask is not None for mask in own)
        originals.append(Original(item, source.pictures[item], box_ids, xyxy, own if has_mask else None))
    return originals


def _keeping(results: Iterator[Copied], kept: dict[str, NDArray[Any]]) -> Iterator[dict[str, Any]]:
    """Pass the facts on, keeping images while there is room."""
    room = _KEPT_BYTES
    for copied in results:
        for item_id, image in copied.images.items():
            room -= image.nbytes
            if room >= 0:
                kept[item_id] = image
        yield copied.facts


def as_augmented(facts: list[dict[str, Any]], plan: CopyPlan, kept: dict[str, NDArray[Any]]) -> Augmented:
    """Turn what became of each item into tables."""
    for key, finding, action in (
        ("cut_source_boxes", "box leaves its image", "clipped before anything else"),
        ("lost_source_boxes", "box has no area within its image", "left out"),
    ):
        named = [box for fact in facts for box in fact[key]]
        plan.found.add("boxes", finding, len(named), action, named)
    tables = make_tables(facts, plan.given, plan.policy, plan.settings)
    boxes, dropped, records = tables["boxes"], tables["dropped"], tables["records"]
    return Augmented(
        policy=plan.policy.name,
        n_images=len(records),
        n_boxes=len(boxes),
        n_clipped=int(boxes["is_clipped"].sum()),
        n_dropped=len(dropped),
        n_dropped_visible=int((dropped["visible"] > 0).sum()),
        n_redrawn=int((records["attempt"] > 0).sum()),
        reason=None if len(records) else "There is no image to make a copy of.",
        looseness=expected_looseness(plan.policy),
        checks=plan.found.table(),
        images=AugmentedImages(plan.source, records, kept),
        **tables,
    )
