"""The same simple model on the labels as given and on the fixed ones, scored on trusted test items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import label_text
from labelqa.audit._found import Case, Found, Nothing, Retrained, Way
from labelqa.audit.steps._fixes import Fixes, find_fixes
from labelqa.audit.steps._flags import about_items
from labelqa.compare import Comparison, UnfairComparison, compare_fixes

_NO_TRUST = (
    "There are no trusted labels: what fixing is worth can only be scored on items whose label is known to be right, "
    "and scoring each version on its own labels would flatter whichever agrees with itself. Have some items labelled "
    "carefully (100 or more, drawn at random) and give them to the audit as gold."
)


def retrain(case: Case, found: Found) -> Retrained | Nothing:
    """Compare training on the labels as given with training on the fixed ones."""
    gold = case.material.gold
    if found.label_consensus is None:
        return Nothing("The baseline classifies whole items, and there are no labels of whole items.")
    if found.features is None:
        return Nothing("There are no pictures to train on.")
    if gold is None or not len(gold.labels):
        return Nothing(_NO_TRUST)
    features = found.features.exportable
    try:
        fixes = find_fixes(case, found, found.label_consensus.consensus.table, features.index)
        reviewed = fixes.reviewed if len(fixes.reviewed) else None
        comparison = _compared(fixes, fixes.after, features, case.seed, decisions=reviewed, curves=True)
    except UnfairComparison as error:
        return Nothing(str(error))
    return Retrained(
        source=fixes.source,
        n_train=len(fixes.before),
        comparison=comparison,
        ways=_ways(case, found, fixes, features),
        fixes=fixes.log(),
        labels=pd.DataFrame({"item_id": fixes.after.index, "label": fixes.after.to_numpy()}),
    )


def _compared(fixes: Fixes, after: pd.Series, features: pd.DataFrame, seed: int, **options: Any) -> Comparison:
    return compare_fixes(fixes.before, after, fixes.test, features=features, leaks="leave_out", seed=seed, **options)


def _ways(case: Case, found: Found, fixes: Fixes, features: pd.DataFrame) -> tuple[Way, ...]:
    """What dropping the same items, or taking over every proposal unseen, would have done."""
    doubtful = about_items(found).set_index("item_id")
    doubtful = doubtful[doubtful.index.isin(fixes.reviewed["item_id"])]
    proposed = doubtful["proposal"].dropna().map(label_text)
    relabelled = fixes.before.copy()
    relabelled.loc[proposed.index] = proposed.to_numpy()
    ways = {
        "a person relabels them": (fixes.after, "human_relabel"),
        "every proposal is taken over unseen": (relabelled, "automatic_relabel"),
        "they are dropped": (fixes.before[~fixes.before.index.isin(doubtful.index)], "drop"),
    }
    tried = []
    for name, (after, kind) in ways.items():
        kinds = dict.fromkeys(doubtful.index, kind)
        try:
            tried.append(_way(name, _compared(fixes, after, features, case.seed, kinds=kinds, curves=False)))
        except UnfairComparison:
            # dropping can take the last item of a class away; then this way was not open
            continue
    return tuple(tried)


def _way(name: str, comparison: Comparison) -> Way:
    controls = comparison.controls
    return Way(
        way=name,
        n_fixes=comparison.n_fixes,
        difference=comparison.difference,
        low=comparison.low,
        high=comparison.high,
        verdict=comparison.verdict,
        control=float(controls["difference"].iloc[0]) if len(controls) else np.nan,
    )
