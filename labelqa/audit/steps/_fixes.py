"""Which labels get fixed, and by what: the training labels before and after, and the test set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labelqa._codes import label_text
from labelqa.audit._found import Case, Found
from labelqa.audit._reading import GOLD
from labelqa.audit.steps._flags import about_items, copies
from labelqa.noise import apply_decisions, read_decisions

#: Share of the items with trusted labels that is held out as the test set.
TEST_SHARE = 0.5
#: Share of the training items that is reviewed at least, the most doubtful first, even where fewer are flagged.
REVIEW_SHARE = 0.1


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

    def log(self) -> pd.DataFrame:
        """Give `item_id`, `before`, `after`, `by` of what was reviewed, in order."""
        items = self.reviewed["item_id"]
        return pd.DataFrame(
            {
                "item_id": items,
                "before": self.before.reindex(items).to_numpy(),
                "after": self.after.reindex(items).to_numpy(),
                "by": self.reviewed["reviewer"],
            }
        )


def find_fixes(case: Case, found: Found, consensus: pd.DataFrame, known: pd.Index) -> Fixes:
    """Split the trusted labels, and correct the training labels of what was reviewed.

    Parameters
    ----------
    case, found
        With the flags done.
    consensus
        One label per item.
    known
        Items that have features.
    """
    labels = labels_by_item(consensus, known)
    gold = labels_by_item(case.material.gold.labels) if case.material.gold is not None else pd.Series(dtype="str")
    gold = gold[gold.index.isin(labels.index)]
    decided = _decided(case)
    unseen = gold if decided is None else gold[~gold.index.isin(set(decided["item_id"]))]
    test = _held_out(unseen, case.seed, everything=decided is not None)
    before = labels[~labels.index.isin(_test_and_copies(found, test))]
    if decided is not None:
        after, reviewed = _by_decisions(before, decided)
        return Fixes(before=before, after=after, test=test, reviewed=reviewed, source="the reviewer's decisions")
    reviewed = _top_of_queue(found, before.index.intersection(gold.index))
    after = before.copy()
    after.loc[reviewed["item_id"]] = gold.loc[reviewed["item_id"]].to_numpy()
    source = f"the trusted labels of the {len(reviewed):,} most doubtful training items that have one"
    return Fixes(before=before, after=after, test=test, reviewed=reviewed, source=source)


def labels_by_item(table: pd.DataFrame, known: pd.Index | None = None) -> pd.Series:
    """Give the labels there are as text by item id, of the items in `known` where that is given."""
    table = table.loc[table["label"].notna()]
    labels = pd.Series([label_text(label) for label in table["label"]], index=table["item_id"].to_numpy(), dtype="str")
    return labels if known is None else labels[labels.index.isin(known)]


def _held_out(gold: pd.Series, seed: int, *, everything: bool) -> pd.Series:
    """Draw the test items; all of them where the fixes do not need trusted labels."""
    ordered = gold.sort_index()
    if everything:
        return ordered
    chosen = np.random.default_rng(seed).permutation(len(ordered))[: round(TEST_SHARE * len(ordered))]
    return ordered.iloc[np.sort(chosen)]


def _test_and_copies(found: Found, test: pd.Series) -> set[str]:
    """Test items, and near-duplicates of them, which would teach the answers."""
    groups = copies(found)
    shared = set(groups.loc[groups["item_id"].isin(test.index), "group"])
    return set(test.index) | set(groups.loc[groups["group"].isin(shared), "item_id"])


def _decided(case: Case) -> pd.DataFrame | None:
    if case.material.decisions is None:
        return None
    decisions = read_decisions(case.material.decisions)
    return decisions.loc[decisions["box_id"].isna()].reset_index(drop=True)


def _by_decisions(before: pd.Series, decided: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    training = pd.DataFrame({"item_id": before.index, "annotator_id": "given", "label": before.to_numpy()})
    about = decided.loc[decided["item_id"].isin(before.index)]
    fixed = apply_decisions(training, about).annotations.labels
    reviewed = about[["item_id", "reviewer"]].drop_duplicates("item_id").reset_index(drop=True)
    return labels_by_item(fixed), reviewed


def _top_of_queue(found: Found, candidates: pd.Index) -> pd.DataFrame:
    """Give the candidates whose label is most doubtful, worst first."""
    about = about_items(found).loc[lambda table: table["item_id"].isin(candidates)]
    n = max(int(about["is_flagged"].sum()), round(REVIEW_SHARE * len(about)))
    return pd.DataFrame({"item_id": about["item_id"].head(n).reset_index(drop=True), "reviewer": GOLD})
