"""Which augmentations keep a label, which a model can learn, which destroy it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._options import check_choice, check_number, check_seed, check_whole
from labelqa._result import Result, unstored
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.augment._catalogue import CATALOGUE, COLOUR_ONLY
from labelqa.augment._draw import Drawer, draw_seed
from labelqa.augment._labelled import LabelledImages, label_images
from labelqa.augment._looseness import expected_looseness
from labelqa.augment._pictures import read_picture
from labelqa.augment._policy import Policy, read_policy
from labelqa.augment._probe import Probe
from labelqa.augment._variants import all_grey, reduced, variant_vectors
from labelqa.augment._verdict import COLUMNS, Limits, Outcome, examples_of, judge
from labelqa.features import FeatureRecipe
from labelqa.images import ImageSource, Pixels


@dataclass(frozen=True, eq=False, repr=False)
class BeforeAndAfter:
    """An image before and after a transform; ``before, after = pair`` takes it apart."""

    before: Pixels
    after: NDArray[Any]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return iter((self.before, self.after))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AugmentationCheck(Result):
    """Which transforms keep the label, and what to do about those that do not.

    Attributes
    ----------
    accuracy
        Of the model on untransformed images it has not seen; everything else is measured against it.
    majority_accuracy
        What always naming the most frequent class reaches.
    n_items
        Images the verdicts rest on.
    reason
        Why nothing can be said, in a sentence; None if something can.
    table
        One row per transform: `transform`; `verdict` ("invariant", "learnable", "information lost", "turns i into j");
        `effect` of training with the copies on images as they are ("helps", "hurts", "no difference"); `advice`;
        `kept`, the share of the accuracy left on transformed images when the model was trained without them, with
        `kept_low` and `kept_high`; `kept_retrained`, the same after training with the copies; `gain`, the change of the
        accuracy on untransformed images by training with the copies, with `gain_low` and `gain_high`; `is_learnable`;
        `from_label`, `to_label` and `share`, the class most often taken for one other; `tightness` and `visible`, what
        it does to boxes.
    turns
        Every class that turns into another: `transform`, `from_label`, `to_label`, `share`, `n_items`.
    leaks
        Training images that are copies of test images: `item_id`, `test_item_id`, `because`. They were left out here.
    examples
        Images worth looking at: `transform`, `item_id`, `label`, `predicted`.
    source, policies, seed
        What `pair` and `contact_sheet` make images from; not stored.
    """

    accuracy: float
    majority_accuracy: float
    n_items: int
    reason: str | None
    table: pd.DataFrame
    turns: pd.DataFrame
    leaks: pd.DataFrame
    examples: pd.DataFrame
    source: ImageSource = unstored()
    policies: dict[str, Policy] = unstored()
    seed: int = unstored()

    def contact_sheet(self, n_images: int = 6) -> Any:
        """Draw examples, one row per transform, each image beside what became of it: a matplotlib figure."""
        from labelqa.augment._plots import draw_sheet

        return draw_sheet(self.table, self.examples, self.pair, n_images)

    def pair(self, transform: str, item_id: str) -> BeforeAndAfter:
        """Give an image before and after a transform, as the check saw it."""
        image = reduced(read_picture(item_id, self.source.pictures[item_id]))
        drawer = Drawer(self.policies[transform].tree)
        made = drawer.draw(
            image, np.empty((0, 4)), draw_seed(self.seed, item_id, 1), name=f"the image of item {item_id!r}"
        )
        return BeforeAndAfter(image, made.image)

    def plot(self, ax: Any = None) -> Any:
        """Show, per transform, what is kept without and with retraining."""
        from labelqa.augment._plots import plot_kept

        return plot_kept(self.table, ax)


@takes_tables()
def check_augmentation(
    images: Any,
    labels: Annotations | pd.Series | pd.DataFrame | Mapping[Any, Any] | Iterable[Any],
    *,
    transforms: Mapping[str, Any] | Iterable[str] | None = None,
    recipe: FeatureRecipe | None = None,
    groups: pd.Series | Mapping[Any, Any] | Iterable[Any] | None = None,
    test_items: Iterable[Any] | None = None,
    n_folds: int = 5,
    tolerance: float = 0.05,
    turn_share: float = 0.5,
    max_items: int = 5000,
    seed: int = 0,
) -> AugmentationCheck:
    """Find out which augmentations break the labels, before a model is trained on them.

    Two tests, as one alone misleads. A model trained without a transform is asked about transformed images: where it is
    as good as before, the transform is *invariant*; where it takes most images of one class for one other class, the
    transform *turns i into j* and a person must say whether the label still holds. Then it is trained again with the
    copies: where it recovers, the transform is *learnable*; where it does not, *information is lost*.

    Parameters
    ----------
    images
        As for `augment`.
    labels
        One label per item: a Series by item id, a table with `item_id` and `label`, a mapping, `Annotations`, or a list
        in the order of `images`, which must be an array, a list, a mapping, a Series or a table then.
    transforms
        What to try: name -> policy (see `read_policy`), or names of `CATALOGUE`. By default all of the catalogue;
        transforms of colour are left out where all images are grey.
    recipe
        Features the model sees, see `labelqa.features.FeatureRecipe`.
    groups
        Group by item id, or a list as for `labels` (the source image, the part, the video): one group is never on both
        sides of a split. Without it, images that are exact mirrored or turned copies of each other are grouped.
    test_items
        Ids of the test set: the model is trained on the others and asked about these. By default all items take turns
        (cross-validation).
    n_folds
        Parts of the cross-validation.
    tolerance
        Share of the accuracy that may be missing for "invariant"; for "learnable" it is twice that.
    turn_share
        Share of a class that must be taken for one other class.
    max_items
        A larger set is sampled, all classes in proportion.
    seed
        Same input and seed, same result.

    Returns
    -------
    AugmentationCheck

    Raises
    ------
    TableError
        For labels that fit no image or the reverse.
    OptionError
        For an unknown transform.
    MissingExtra
        Where albumentations is not installed.

    Warns
    -----
    UserWarning
        Where a training image is a copy of a test image.

    Notes
    -----
    The model averages ridge regressions on random Fourier features of gradients, colours and small grey pixels:
    deterministic and quick, but no deep network; read the verdicts as what pixels and simple shapes tell. That a
    transform may suit one class and harm another is known from Balestriero, Bottou and LeCun, "The effects of
    regularization and data augmentation are class dependent", NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from labelqa.augment import check_augmentation
    >>> digits = load_digits()
    >>> pixels = (digits.images * 15.9375).astype("uint8")
    >>> found = check_augmentation(pixels[:500], digits.target[:500], transforms=["half turn"])
    >>> found.table.loc[0, "verdict"]
    'turns 6 into 9'
    """
    limits = Limits(
        check_number("tolerance", tolerance, 0, 1, hint="a share from 0 to 1, such as 0.05"),
        check_number("turn_share", turn_share, 0, 1, open_low=True, hint="a share above 0 and at most 1, such as 0.5"),
    )
    check_whole("max_items", max_items, 1)
    check_seed(seed)
    policies = _policies(transforms)
    data = label_images(
        images, labels, groups=groups, test_items=test_items, n_folds=n_folds, max_items=max_items, seed=seed
    )
    if len(data.leaks):
        first = data.leaks.iloc[0]
        warnings.warn(
            f"{len(data.leaks)} training images are copies of test images (first: {first['item_id']!r} of "
            f"{first['test_item_id']!r}); they are left out here. Leave them out of training too.",
            UserWarning,
            stacklevel=2,
        )
    if data.reason is not None:
        return _wrap(data, policies, seed, reason=data.reason)
    if transforms is None and all_grey(data.source, list(data.ids)):
        policies = {name: policy for name, policy in policies.items() if name not in COLOUR_ONLY}
    plain, made = variant_vectors(data.source, list(data.ids), policies, recipe or FeatureRecipe(), seed)
    probe = Probe(plain, data.label, data.fold, test_folds=data.test_folds, seed=seed)
    mine = probe.is_tested
    outcomes = [Outcome(name, *(said[mine] for said in (probe.plain, *probe.ask(made.pop(name))))) for name in policies]
    return _judged(data, outcomes, mine, policies, limits=limits, seed=seed)


def _policies(transforms: Mapping[str, Any] | Iterable[str] | None) -> dict[str, Policy]:
    if isinstance(transforms, Mapping):
        return {str(name): read_policy(policy) for name, policy in transforms.items()}
    transforms = [transforms] if isinstance(transforms, str) else transforms
    names = list(CATALOGUE) if transforms is None else list(transforms)
    for name in names:
        check_choice("transforms", name, CATALOGUE)
    return {name: read_policy({"transforms": CATALOGUE[name]}) for name in names}


def _judged(
    data: LabelledImages,
    outcomes: list[Outcome],
    tested: NDArray[np.bool_],
    policies: dict[str, Policy],
    *,
    limits: Limits,
    seed: int,
) -> AugmentationCheck:
    label, ids = data.label[tested], data.ids[tested]
    rows, turns, examples = [], [], []
    for outcome in outcomes:
        row, turned = judge(outcome, label, data.classes, limits, seed)
        loose = expected_looseness(policies[outcome.name], seed=seed)
        rows.append({**row, "tightness": float(np.prod(loose["tightness"])), "visible": float(loose["visible"].min())})
        turns += turned
        examples.append(examples_of(row, outcome, label, ids, data.classes))
    accuracy = float((outcomes[0].plain == label).mean()) if outcomes else float("nan")
    reason = _why_untold(accuracy, data.majority, len(label))
    if reason is not None:
        rows = [{**row, "verdict": None, "effect": None, "advice": "cannot be told: see reason"} for row in rows]
        turns = []
    told: dict[str, Any] = {
        "accuracy": accuracy,
        "n_items": len(label),
        "rows": rows,
        "turns": turns,
        "examples": examples,
    }
    return _wrap(data, policies, seed, reason=reason, **told)


def _why_untold(accuracy: float, majority: float, n: int) -> str | None:
    """Say why the model cannot judge: it does not tell the classes clearly better than chance would."""
    if not accuracy <= majority + 2 * np.sqrt(majority * (1 - majority) / n):
        return None
    return (
        f"The model tells the classes no better ({accuracy:.3f}) than always naming the most frequent one "
        f"({majority:.3f}), so it cannot tell what a transform breaks."
    )


def _wrap(
    data: LabelledImages,
    policies: dict[str, Policy],
    seed: int,
    *,
    reason: str | None,
    accuracy: float = float("nan"),
    n_items: int = 0,
    rows: Sequence[dict[str, Any]] = (),
    turns: Sequence[dict[str, Any]] = (),
    examples: Sequence[pd.DataFrame] = (),
) -> AugmentationCheck:
    looked_at = pd.concat(examples, ignore_index=True) if examples else pd.DataFrame(columns=_EXAMPLES)
    return AugmentationCheck(
        accuracy=accuracy,
        majority_accuracy=data.majority,
        n_items=n_items,
        reason=reason,
        table=pd.DataFrame(list(rows), columns=COLUMNS),
        turns=pd.DataFrame(list(turns), columns=["transform", "from_label", "to_label", "share", "n_items"]),
        leaks=data.leaks,
        examples=looked_at,
        source=data.source,
        policies=policies,
        seed=seed,
    )


_EXAMPLES = ["transform", "item_id", "label", "predicted"]
