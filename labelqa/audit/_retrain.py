"""The same simple model on the labels as given and on the fixed ones, scored on trusted test items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labelqa.audit._flags import WHOLE_ITEM
from labelqa.audit._inputs import GOLD
from labelqa.audit._job import Job
from labelqa.audit._part_of import part_of
from labelqa.report._charts import chart_svg
from labelqa.report._part import Part

if TYPE_CHECKING:
    from labelqa.compare import Comparison

#: Share of the items with trusted labels that is held out as the test set.
TEST_SHARE = 0.5
#: Share of the training items that is reviewed at least, the most doubtful first, even where fewer are flagged.
REVIEW_SHARE = 0.1
_NO_TRUST = (
    "there are no trusted labels: what fixing is worth can only be scored on items whose label is known to be "
    "right, and "
    "scoring each version on its own labels would flatter whichever agrees with itself. Have some items labelled "
    "carefully (100 or more, drawn at random) and give them with --gold"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fixes:
    """Training labels before and after, the items they changed, and the test set.

    Attributes
    ----------
    before, after, test
        Labels as text by item id.
    reviewed
        The reviewed items in order: `item_id`, `reviewer`.
    source
        Where the fixes come from, in words.
    """

    before: pd.Series
    after: pd.Series
    test: pd.Series
    reviewed: pd.DataFrame
    source: str


def retrain_part(job: Job) -> Part:
    """Compare training on the labels as given with training on the fixed ones."""
    gold = job.inputs.gold
    if job.parts["label consensus"].reason is not None:
        return Part.nothing("the baseline classifies whole items, and there are no labels of whole items")
    if job.images is None:
        return Part.nothing("there are no pictures to train on")
    if gold is None or not len(gold.labels):
        return Part.nothing(_NO_TRUST)
    from labelqa.compare import UnfairComparison

    features = features_of(job)
    try:
        fixes = find_fixes(job, set(features.index))
        main = _compare(fixes, features, job.seed, curves=True)
    except UnfairComparison as error:
        return Part.nothing(str(error))
    charts = {"arms": chart_svg(main.plot, name="before_after", height=2.6)}
    if len(main.curve):
        charts["curve"] = chart_svg(main.plot_curve, name="review_curve", height=2.9)
    part = part_of(main, charts=charts, source=fixes.source, n_train=len(fixes.before), **_others(job, fixes, features))
    part.tables["fixes"] = _log(fixes)
    return part


def features_of(job: Job) -> pd.DataFrame:
    """Give the features that the baseline trains on: those that an exported graph can compute."""
    from labelqa.features import FeatureRecipe

    return job.parts["features"].tables["features"].set_index("item_id")[FeatureRecipe().names]


def best_labels(job: Job, known: set[str]) -> tuple[pd.Series, str]:
    """Give the fixed training labels, or the labels as given where nothing was fixed, and say which."""
    if job.parts["retrain"].reason is None:
        return find_fixes(job, known).after, "the fixed labels, without the test items"
    consensus = job.parts["label consensus"].tables["labels"]
    labels = _by_item(consensus.loc[consensus["label"].notna()])
    return labels[labels.index.isin(known)], "the labels as given"


def find_fixes(job: Job, known: set[str]) -> Fixes:
    """Split the trusted labels, and correct the training labels of what was reviewed.

    Parameters
    ----------
    job
        With consensus and flags done.
    known
        Items that have features.
    """
    consensus = job.parts["label consensus"].tables["labels"]
    labels = _by_item(consensus.loc[consensus["label"].notna()])
    labels = labels[labels.index.isin(known)]
    gold = _by_item(job.inputs.gold.labels) if job.inputs.gold is not None else pd.Series(dtype="str")
    gold = gold[gold.index.isin(labels.index)]
    decided = _decided(job)
    reviewed_before = set() if decided is None else set(decided["item_id"])
    test = _held_out(gold[~gold.index.isin(reviewed_before)], job.seed, everything=decided is not None)
    before = labels[~labels.index.isin(_test_and_copies(job, test))]
    if decided is not None:
        after, reviewed = _by_decisions(before, decided)
        return Fixes(before=before, after=after, test=test, reviewed=reviewed, source="the reviewer's decisions")
    reviewed = _top_of_queue(job, before.index.intersection(gold.index))
    after = before.copy()
    after.loc[reviewed["item_id"]] = gold.loc[reviewed["item_id"]].to_numpy()
    source = f"the trusted labels of the {len(reviewed):,} most doubtful training items that have one"
    return Fixes(before=before, after=after, test=test, reviewed=reviewed, source=source)


def _by_item(table: pd.DataFrame) -> pd.Series:
    return pd.Series(table["label"].astype(str).to_numpy(), index=table["item_id"].to_numpy(), dtype="str")


def _held_out(gold: pd.Series, seed: int, *, everything: bool) -> pd.Series:
    """Draw the test items; all of them where the fixes do not need trusted labels."""
    if everything:
        return gold.sort_index()
    ordered = gold.sort_index()
    chosen = np.random.default_rng(seed).permutation(len(ordered))[: round(TEST_SHARE * len(ordered))]
    return ordered.iloc[np.sort(chosen)]


def _test_and_copies(job: Job, test: pd.Series) -> set[str]:
    """Test items, and near-duplicates of them, which would teach the answers."""
    groups = job.parts["flags"].tables["duplicates"]
    shared = set(groups.loc[groups["item_id"].isin(test.index), "group"])
    return set(test.index) | set(groups.loc[groups["group"].isin(shared), "item_id"])


def _decided(job: Job) -> pd.DataFrame | None:
    if job.inputs.decisions is None:
        return None
    from labelqa.noise import read_decisions

    decisions = read_decisions(job.inputs.decisions)
    return decisions.loc[decisions["box_id"].isna()].reset_index(drop=True)


def _by_decisions(before: pd.Series, decided: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    from labelqa.noise import apply_decisions

    training = pd.DataFrame({"item_id": before.index, "annotator_id": "given", "label": before.to_numpy()})
    about = decided.loc[decided["item_id"].isin(before.index)]
    fixed = apply_decisions(training, about).annotations.labels
    reviewed = about[["item_id", "reviewer"]].drop_duplicates("item_id").reset_index(drop=True)
    return _by_item(fixed), reviewed


def _top_of_queue(job: Job, candidates: pd.Index) -> pd.DataFrame:
    """Give the candidates whose label is most doubtful, worst first."""
    queue = job.parts["flags"].tables["queue"]
    about = _about_items(queue).loc[lambda table: table["item_id"].isin(candidates)]
    n = max(int(about["is_flagged"].sum()), round(REVIEW_SHARE * len(about)))
    return pd.DataFrame({"item_id": about["item_id"].head(n).reset_index(drop=True), "reviewer": GOLD})


def _about_items(queue: pd.DataFrame) -> pd.DataFrame:
    """Give the first row of each item that is not about one of its boxes."""
    return queue.loc[queue["kind"].isin(WHOLE_ITEM) & queue["box_id"].isna()].drop_duplicates("item_id")


def _compare(fixes: Fixes, features: pd.DataFrame, seed: int, *, curves: bool) -> Comparison:
    from labelqa.compare import compare_fixes

    return compare_fixes(
        fixes.before,
        fixes.after,
        fixes.test,
        features=features,
        decisions=fixes.reviewed if len(fixes.reviewed) else None,
        leaks="leave_out",
        curves=curves,
        seed=seed,
    )


def _others(job: Job, fixes: Fixes, features: pd.DataFrame) -> dict[str, Any]:
    """What dropping the same items, or taking over every proposal unseen, would have done."""
    from labelqa.compare import UnfairComparison, compare_fixes

    queue = job.parts["flags"].tables["queue"]
    doubtful = _about_items(queue).set_index("item_id")
    doubtful = doubtful[doubtful.index.isin(fixes.reviewed["item_id"])]
    proposed = doubtful["proposal"].dropna().astype(str)
    relabelled = fixes.before.copy()
    relabelled.loc[proposed.index] = proposed.to_numpy()
    ways = {
        "a person relabels them": (fixes.after, "human_relabel"),
        "every proposal is taken over unseen": (relabelled, "automatic_relabel"),
        "they are dropped": (fixes.before[~fixes.before.index.isin(doubtful.index)], "drop"),
    }
    rows = []
    for name, (after, kind) in ways.items():
        kinds = dict.fromkeys(doubtful.index, kind)
        try:
            found = compare_fixes(
                fixes.before,
                after,
                fixes.test,
                features=features,
                kinds=kinds,
                leaks="leave_out",
                curves=False,
                seed=job.seed,
            )
        except UnfairComparison:
            # dropping can take the last item of a class away; then this way was not open
            continue
        control = found.controls.iloc[0] if len(found.controls) else None
        rows.append(
            {
                "way": name,
                "n_fixes": found.n_fixes,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "verdict": found.verdict,
                "control": np.nan if control is None else float(control["difference"]),
            }
        )
    return {"ways": rows}


def _log(fixes: Fixes) -> pd.DataFrame:
    items = fixes.reviewed["item_id"]
    return pd.DataFrame(
        {
            "item_id": items,
            "before": fixes.before.reindex(items).to_numpy(),
            "after": fixes.after.reindex(items).to_numpy(),
            "by": fixes.reviewed["reviewer"],
        }
    )
