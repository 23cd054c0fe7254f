"""What the steps of an audit look at, and what they hand on: results, each of its own type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from labelqa._result import Result
from labelqa.agreement import BoxAgreement, BoxConventions, LabelAgreement
from labelqa.audit._reading import Material
from labelqa.compare import Comparison
from labelqa.consensus import BoxConsensus, LabelConsensus
from labelqa.images import ImageSource
from labelqa.noise import BoxIssues, Duplicates, ImageIssues, LabelIssues, Outliers, ReviewQueue

#: The kind of flag that is about a box and has no box_id; all others without one are about a whole item.
MISSING_BOX = "missing"


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """What every step may look at, beside the results of the steps before it.

    Attributes
    ----------
    material
        All that was read.
    images
        The pictures that can be read; None where there are none.
    seed
        Of everything random.
    folder
        Where the audit grows.
    """

    material: Material
    images: ImageSource | None = None
    seed: int
    folder: Path


@dataclass(frozen=True, eq=False, repr=False)
class Nothing(Result):
    """What a step hands on that cannot say anything.

    Attributes
    ----------
    reason
        Why, as a sentence.
    """

    reason: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReadablePictures(Result):
    """Which pictures cannot be read in full.

    Attributes
    ----------
    n_pictures, n_missing, n_unreadable
        Items with a picture, items without one, and pictures that cannot be read.
    problem
        The same in words; None where all can be read.
    unreadable
        One row per picture that cannot be read: `item_id`, `problem`.
    """

    n_pictures: int
    n_missing: int
    n_unreadable: int
    problem: str | None
    unreadable: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SettledLabels(Result):
    """One label per item, and how it and the annotators stand against trusted labels.

    Attributes
    ----------
    n_items, n_tied
        Items with a consensus, and those where another label is as probable.
    n_gold
        Items with a trusted label.
    accuracy
        Expected share of right consensus labels among those; nan where there are none.
    consensus
        The consensus.
    confusion
        What each annotator says where the truth is known or likely, see `labelqa.consensus.LabelConsensus`.
    against_gold
        One row per annotator: `annotator_id`, `n_items` with a trusted label, `n_right`, `accuracy`.
    """

    n_items: int
    n_tied: int
    n_gold: int
    accuracy: float
    consensus: LabelConsensus
    confusion: pd.DataFrame
    against_gold: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SettledBoxes(Result):
    """One box per object, and how these boxes stand against trusted ones.

    Attributes
    ----------
    n_objects, n_rejected
        Objects, and clusters of boxes that too few drew.
    n_gold
        Items with trusted boxes.
    consensus
        The consensus.
    against_gold
        Agreement of the consensus with the trusted boxes, as if it were one more annotator; None without those.
    """

    n_objects: int
    n_rejected: int
    n_gold: int
    consensus: BoxConsensus
    against_gold: BoxAgreement | None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PictureFeatures(Result):
    """Every readable picture as numbers, computed once for all steps.

    Attributes
    ----------
    n_items, n_features
        Rows and columns of `features`.
    features
        One row per item (the index), see `labelqa.features.image_features`.
    """

    n_items: int
    n_features: int
    features: pd.DataFrame

    @property
    def exportable(self) -> pd.DataFrame:
        """The features that the baseline trains on: those that an exported graph can compute."""
        from labelqa.features import FeatureRecipe

        return self.features[FeatureRecipe().names]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Flags(Result):
    """What looks wrong, in one ranked queue, and what the queue was made of.

    Attributes
    ----------
    queue
        All that was found, the most doubtful first.
    label_issues, image_issues, duplicates, outliers, box_issues
        The findings, see `labelqa.noise`; None where there was nothing to judge by.
    """

    queue: ReviewQueue
    label_issues: LabelIssues | None
    image_issues: ImageIssues | None
    duplicates: Duplicates | None
    outliers: Outliers | None
    box_issues: BoxIssues | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be judged; the queue's `reason` says why."""
        findings = (self.label_issues, self.image_issues, self.duplicates, self.outliers, self.box_issues)
        return not self.queue.n_rows and all(one is None for one in findings)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Way(Result):
    """What one use of the flags would have done.

    Attributes
    ----------
    way
        What is done with the flagged items, in words.
    n_fixes
        Training labels that differ.
    difference, low, high
        Of the accuracy, as in `labelqa.compare.Comparison`.
    verdict
        As there.
    control
        The difference that as many changes at random make; nan without a control.
    """

    way: str
    n_fixes: int
    difference: float
    low: float
    high: float
    verdict: str
    control: float


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Retrained(Result):
    """The same simple model before and after fixes.

    Attributes
    ----------
    source
        Where the fixes come from, in words.
    n_train
        Training items.
    comparison
        What the fixes changed.
    ways
        What else could be done with the same flags.
    fixes
        The reviewed items in order: `item_id`, `before`, `after`, `by`.
    labels
        The fixed training labels: `item_id`, `label`.
    """

    source: str
    n_train: int
    comparison: Comparison
    ways: tuple[Way, ...]
    fixes: pd.DataFrame
    labels: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class KeptModel(Result):
    """The model that the labels of the audit teach.

    Attributes
    ----------
    n_items
        Items it was trained on.
    labels
        Which labels, in words.
    classes
        What it tells apart.
    file
        Where it is, within the folder of the audit; None where it was not kept.
    reason
        Why it was not kept.
    """

    n_items: int
    labels: str
    classes: tuple[str, ...]
    file: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What the steps have found so far: one field per step, called as the step is; None where it found nothing.

    Attributes
    ----------
    reasons
        Step -> why it could not say anything, as a sentence.
    """

    pictures: ReadablePictures | None = None
    label_agreement: LabelAgreement | None = None
    box_agreement: BoxAgreement | None = None
    box_conventions: BoxConventions | None = None
    label_consensus: SettledLabels | None = None
    box_consensus: SettledBoxes | None = None
    features: PictureFeatures | None = None
    flags: Flags | None = None
    retrain: Retrained | None = None
    model: KeptModel | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    def with_result(self, step: str, result: Result) -> Found:
        """Add what a step hands on."""
        if isinstance(result, Nothing):
            return replace(self, reasons={**self.reasons, step: result.reason})
        return replace(self, **{step: result})  # type: ignore[arg-type]
