"""The protocol: one frozen recipe, one trusted test set, every arm paired with the one before the fixes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import id_text
from labelqa._options import Resampling, check_choice, check_number, check_whole
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.baseline import ModelRecipe
from labelqa.compare._attribution import MAX_KINDS, attribute
from labelqa.compare._curve import CURVE_COLUMNS, DATA_COLUMNS, DataSize, data_size, review_curve
from labelqa.compare._difference import Criteria, Difference, difference
from labelqa.compare._experiment import Experiment, Labels, kinds_by_item, labels_by_id, make_experiment
from labelqa.compare._fairness import (
    UnfairComparison,
    leaked_pictures,
    leaked_rows,
    refuse_overlap,
    refuse_too_little,
    trusted_test,
)
from labelqa.compare._refit import Refits
from labelqa.compare._result import Comparison
from labelqa.compare._tables import Arms, arm_table, class_table, control_table, item_table, slice_table
from labelqa.errors import OptionError, TableError, shown
from labelqa.features import FeatureRecipe, item_features
from labelqa.images import ImageSource, as_source

#: A decisions file, its table, or a list of decisions.
Decisions = str | os.PathLike[str] | pd.DataFrame | Sequence[Mapping[str, Any]]


@renamed(model="classifier")
@takes_tables(lists_kept=("decisions",))
def compare_fixes(
    before: Labels,
    after: Labels,
    test: Labels | Mapping[str, Labels],
    *,
    features: pd.DataFrame | None = None,
    images: Any = None,
    decisions: Decisions | None = None,
    kinds: Mapping[Any, str] | pd.Series | None = None,
    copies_of: Mapping[Any, Any] | pd.Series | None = None,
    slices: pd.Series | pd.DataFrame | None = None,
    classifier: Any = "logistic",
    recipe: FeatureRecipe | None = None,
    leaks: str = "refuse",
    margin: float = 0.005,
    price_per_review: float | None = None,
    n_reviews: int | None = None,
    n_controls: int = 3,
    curves: bool = True,
    n_resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Say what fixing labels was worth: the same simple model before and after, on the same trusted test items.

    Every arm is the same recipe fitted on another training set. Differences are paired by test item; beside each kind
    of fix stands a control of the same size: for relabelling a placebo (the same changes of class on items drawn at
    random), for dropping a random drop, for added and augmented rows as many repeated rows.

    Parameters
    ----------
    before, after
        Training labels: a Series by item id, a table with `item_id` and `label`, or `Annotations`. Items only in
        `before` were dropped, items only in `after` were added.
    test
        Trusted labels of items in neither training set, in the same forms. A mapping arm -> table is accepted if all
        tables are equal.
    features, images
        Numbers by item id for all items of `before`, `after` and `test`; or pictures, from which the built-in features
        are computed (see `labelqa.baseline.fit`) and among which near-duplicates across the test set are searched.
    decisions
        The decisions the fixes come from: a file or a table, in the order of review, with `item_id` and `reviewer`
        (changes without a reviewer count as automatic). With them come the curve over reviews and the check that no
        test item was reviewed along.
    kinds
        Item id -> "human_relabel", "automatic_relabel", "relabel", "drop", "add" or "augment", where it is known
        better than from `decisions`. Without either, relabelled items are "relabel".
    copies_of
        Augmented item id -> the item it was made from; such items are of the kind "augment", and copies of test items
        are refused.
    slices
        Values by item id (a column per kind of slice) within which arms are compared too.
    classifier, recipe
        As for `labelqa.baseline.fit`.
    leaks
        What happens to training items that show the same picture as a test item (or have the same features, where no
        pictures are given): "refuse", or "leave_out" of all arms.
    margin
        The smallest difference in accuracy that matters, as a share: 0.005 is half a point.
    price_per_review, n_reviews
        For the cost of a point (a hundredth of accuracy); reviews are counted from `decisions` where not given.
    n_controls
        Draws per control, averaged; 0 leaves the controls out.
    curves
        Whether to fit the curves over reviews and over data size.
    n_resamples, confidence, seed
        For the paired bootstrap over test items; the seed also draws the controls.

    Raises
    ------
    UnfairComparison
        For test sets that differ between arms, are trained on or were edited by the fixes, leaked copies, too few test
        items, or classes that nothing teaches.
    TableError
        For items without features and items with two labels.

    References
    ----------
    McNemar's mid-p: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13 (2013). Attribution: Shapley, "A
    value for n-person games" (1953).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> truth = pd.Series(rng.integers(0, 2, 600), index=range(600))
    >>> features = pd.DataFrame(rng.normal(size=(600, 4)) + truth.to_numpy()[:, None], index=truth.index)
    >>> said = truth[:300].where(rng.random(300) > 0.4, 0)
    >>> found = compare_fixes(said, truth[:300], truth[300:], features=features, curves=False)
    >>> found.verdict, found.difference > 0.01
    ('helps', True)
    """
    check_choice("leaks", leaks, ("refuse", "leave_out"))
    criteria, n_controls = _criteria(margin, n_resamples, confidence, seed), check_whole("n_controls", n_controls, 0)
    how = ModelRecipe(classifier, seed)
    source = None if images is None else as_source(images)
    table = _features(features, source, recipe, seed)
    given = _given(before, after, test, decisions, copies_of)
    experiment, notes = _fair_experiment(
        given, table, kinds_by_item(kinds, given.decisions, given.copies), leaks, source
    )
    refits = Refits(experiment, how)
    arms = _arms(refits, n_controls)
    main = difference(arms["after"], arms["before"], criteria)
    return Comparison(
        **asdict(main),
        **_headline(arms, experiment, criteria),
        **_cost(main, given.n_reviews if n_reviews is None else n_reviews, price_per_review),
        **_curves(refits, given.reviewed if curves else None, criteria, n_controls),
        **_tables(arms, experiment, slices, criteria),
        attribution=attribute(refits, criteria),
        reason=" ".join([*notes, *_remarks(experiment)]) or None,
    )


def _headline(arms: Arms, experiment: Experiment, criteria: Criteria) -> dict[str, Any]:
    before, after = arms["before"], arms["after"]
    return {
        "accuracy_before": float(before.correct.mean()),
        "accuracy_after": float(after.correct.mean()),
        "margin": criteria.margin,
        "confidence": criteria.resampling.confidence,
        "n_test": len(experiment.test),
        "n_fixes": int((experiment.kind >= 0).sum()),
    }


def _criteria(margin: float, n_resamples: int, confidence: float, seed: int) -> Criteria:
    hint = "the smallest difference that matters as a share above 0 and at most 0.1; 0.005 is half a point"
    margin = check_number("margin", margin, 0, 0.1, open_low=True, hint=hint)
    check_whole("n_resamples", n_resamples, 100)
    return Criteria(margin, Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed))


def _remarks(experiment: Experiment) -> list[str]:
    n_kinds = len(experiment.kinds)
    if not n_kinds:
        return ["Before and after are equal, so there is nothing to compare."]
    if n_kinds > MAX_KINDS:
        return [f"Shapley values are computed for up to {MAX_KINDS} kinds of fix; there are {n_kinds}."]
    return []


def _decision_table(decisions: Decisions | None) -> pd.DataFrame | None:
    if decisions is None:
        return None
    if isinstance(decisions, str | os.PathLike):
        from labelqa.noise import read_decisions

        decisions = read_decisions(decisions)
    table = decisions if isinstance(decisions, pd.DataFrame) else pd.DataFrame(list(decisions))
    if len(table) and "item_id" not in table:
        raise TableError(f"The decisions have no column 'item_id' (found: {shown(table.columns)}).")
    return table if len(table) else None


def _features(
    features: pd.DataFrame | None, images: ImageSource | None, recipe: FeatureRecipe | None, seed: int
) -> pd.DataFrame:
    if (features is None) == (images is None):
        raise OptionError("Give features= or images=, one of them: the model needs to know the items by numbers.")
    return item_features(images if features is None else features, recipe=recipe, seed=seed).table


@dataclass(frozen=True, eq=False)
class _Given:
    """One label per item by id; decisions in the order of review; augmented copy -> its source."""

    before: pd.Series
    after: pd.Series
    test: pd.Series
    decisions: pd.DataFrame | None
    copies: dict[str, str]
    notes: list[str]

    @property
    def reviewed(self) -> list[str]:
        """The items that were decided on, in the order of review."""
        return [] if self.decisions is None else [id_text(item) for item in self.decisions["item_id"]]

    @property
    def n_reviews(self) -> int | None:
        """How many items were decided on; None where that is not known."""
        return None if self.decisions is None else len(set(self.reviewed))


def _given(
    before: Labels,
    after: Labels,
    test: Labels | Mapping[str, Labels],
    decisions: Decisions | None,
    copies_of: Mapping[Any, Any] | pd.Series | None,
) -> _Given:
    copies = {} if copies_of is None else {id_text(copy): id_text(made) for copy, made in dict(copies_of).items()}
    first, second = labels_by_id(before, "before"), labels_by_id(after, "after")
    notes = [f"In {name}: {one.reason}" for name, one in (("before", first), ("after", second)) if one.reason]
    trusted, decided = trusted_test(test), _decision_table(decisions)
    return _Given(pd.Series(first.labels), pd.Series(second.labels), trusted, decided, copies, notes)


def _fair_experiment(
    given: _Given, features: pd.DataFrame, kinds: dict[str, str], leaks: str, images: ImageSource | None
) -> tuple[Experiment, list[str]]:
    refuse_overlap(given.before, given.after, given.test, given.decisions)
    experiment = make_experiment(given.before, given.after, given.test, features, kinds)
    leaked = {experiment.ids[row]: experiment.ids[match] for row, match in leaked_rows(experiment).items()}
    leaked |= {} if images is None else leaked_pictures(images, experiment)
    leaked |= {copy: made for copy, made in given.copies.items() if made in given.test and copy in given.after}
    notes = list(given.notes)
    if leaked:
        listed = shown([f"{item} = {match}" for item, match in sorted(leaked.items())])
        if leaks == "refuse":
            raise UnfairComparison(
                f"{len(leaked):,} training items are copies of test items ({listed}); a model that has seen the test "
                "looks better than it is. Remove them, or choose leaks='leave_out'."
            )
        notes.append(f"{len(leaked):,} training items that are copies of test items are left out ({listed}).")
        kept = [labels[~labels.index.isin(list(leaked))] for labels in (given.before, given.after)]
        experiment = make_experiment(kept[0], kept[1], given.test, features, kinds)
    refuse_too_little(experiment)
    return experiment, notes


def _arms(refits: Refits, n_controls: int) -> Arms:
    """Give the outcomes by name: before, after, each kind alone where there are several, and the controls."""
    experiment = refits.experiment
    arms = {"before": refits.of_labels(experiment.before), "after": refits.of_labels(experiment.after)}
    if len(experiment.kinds) > 1:
        for place, kind in enumerate(experiment.kinds):
            arms[f"only {kind}"] = refits.of_labels(experiment.labels_with({place}))
    rng = np.random.default_rng(refits.recipe.seed)
    for place in range(len(experiment.kinds) if n_controls else 0):
        name, outcome = refits.control(place, n_controls, rng)
        arms[name] = outcome
    return arms


def _tables(
    arms: Arms, experiment: Experiment, slices: pd.Series | pd.DataFrame | None, criteria: Criteria
) -> dict[str, Any]:
    return {
        "arms": arm_table(arms, experiment, criteria),
        "controls": control_table(arms, experiment, criteria),
        "per_class": class_table(arms, experiment, criteria),
        "per_slice": slice_table(arms, experiment, slices, criteria),
        "items": item_table(arms, experiment),
    }


def _curves(refits: Refits, reviewed: Sequence[str] | None, criteria: Criteria, n_draws: int) -> dict[str, Any]:
    """Give the curves over reviews and data size; `reviewed` is None where they are not wanted."""
    curve, size = pd.DataFrame(columns=CURVE_COLUMNS), DataSize(pd.DataFrame(columns=DATA_COLUMNS))
    if reviewed is not None and refits.experiment.kinds:
        curve = review_curve(refits, reviewed, criteria, min(n_draws, 2))
        size = data_size(refits, criteria)
    return {
        "curve": curve,
        "data_size": size.table,
        "equivalent_new_labels": size.worth,
        "equivalent_new_labels_low": size.low,
        "equivalent_new_labels_high": size.high,
    }


def _cost(main: Difference, n_reviews: int | None, price: float | None) -> dict[str, Any]:
    """Give the number of reviews and the price of a point, a hundredth of accuracy.

    Its interval turns around, and is open where the gain may be 0.
    """
    named = {"n_reviews": np.nan if n_reviews is None else float(n_reviews)}
    if price is None or n_reviews is None:
        return {**named, **dict.fromkeys(("cost_per_point", "cost_per_point_low", "cost_per_point_high"), np.nan)}
    total = price * n_reviews
    low, high = (total / (100 * gain) if gain > 0 else np.inf for gain in (main.high, main.low))
    middle = total / (100 * main.difference) if main.difference > 0 else np.nan
    return {**named, "cost_per_point": middle, "cost_per_point_low": low, "cost_per_point_high": high}
