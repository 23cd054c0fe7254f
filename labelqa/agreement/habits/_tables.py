"""Tables of habits: findings, rates, and what agreement would be without them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa._codes import BoxCodes
from labelqa.agreement.habits._findings import Habit
from labelqa.agreement.habits._rates import Rates, overdispersion
from labelqa.agreement.habits._search import FoundHabits
from labelqa.agreement.habits._settled import drawing_of, scores, settled

_NAMES = ("annotator_id", "kind", "what")


def finding_table(codes: BoxCodes, habits: list[Habit]) -> pd.DataFrame:
    """Write the habits as a table, in the order of annotators and kinds."""
    columns = {
        "annotator_id": [codes.annotators[habit.annotator] for habit in habits],
        **{name: [getattr(habit, name) for habit in habits] for name in ("kind", "what")},
        **{name: [getattr(habit, name) for habit in habits] for name in ("effect", "low", "high", "others")},
        "n": [habit.n for habit in habits],
        "p_value": [habit.p for habit in habits],
        "sentence": [habit.sentence for habit in habits],
        "item_ids": ["; ".join(codes.items[habit.items]) for habit in habits],
    }
    texts = dict.fromkeys((*_NAMES, "sentence", "item_ids"), "str")
    numbers = dict.fromkeys(("effect", "low", "high", "others", "p_value"), "float64")
    return pd.DataFrame(columns).astype({**texts, **numbers, "n": "int64"})


def explained_table(codes: BoxCodes, found: FoundHabits, iou_threshold: float) -> pd.DataFrame:
    """Say what agreement would be if each habit, and all of them, were settled."""
    drawn = drawing_of(codes)
    now = scores(drawn, codes, iou_threshold)
    gap = 1.0 - now["pq"]
    rows = []
    for habits in [[habit] for habit in found.habits] + ([found.habits] if found.habits else []):
        after = scores(settled(drawn, codes, habits, found.evidence), codes, iou_threshold)
        one = habits[0] if habits is not found.habits else None
        names = (codes.annotators[one.annotator], one.kind, one.what) if one else ("all", "all", "")
        values = [value for name in now for value in (now[name], after[name])]
        rows.append((*names, *values, (after["pq"] - now["pq"]) / gap if gap > 0 else np.nan))
    numbers = [*[f"{name}{end}" for name in now for end in ("", "_settled")], "pq_share"]
    types = dict.fromkeys(_NAMES, "str") | dict.fromkeys(numbers, "float64")
    return pd.DataFrame(rows, columns=[*_NAMES, *numbers]).astype(types)


def rate_table(codes: BoxCodes, every: list[Rates]) -> pd.DataFrame:
    """List the rates of every annotator and kind of event."""
    parts = [
        pd.DataFrame(
            {
                "annotator_id": codes.annotators,
                "kind": rates.kind,
                "what": rates.what,
                "n": rates.n.astype(np.int64),
                "n_opportunities": rates.n_opportunities.astype(np.int64),
                "rate": rates.rate,
                "low": rates.low,
                "high": rates.high,
                "others": rates.others,
                "p_value": rates.p,
            }
        )
        for rates in every
    ]
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(_NAMES, "str"))


def overdispersion_table(every: list[Rates]) -> pd.DataFrame:
    """Say for every kind of event whether annotators differ more than chance would."""
    rows = [(rates.kind, rates.what, *overdispersion(rates)) for rates in every]
    columns = ["kind", "what", "chi2_ratio", "degrees_of_freedom", "p_value"]
    return pd.DataFrame(rows, columns=columns).astype({"kind": "str", "what": "str"})
