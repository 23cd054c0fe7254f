"""The tables of a comparison: arms, controls, classes, slices, items."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from labelqa._kernels.intervals import holm
from labelqa._labels import by_item_id, class_values, rows_of
from labelqa.compare._difference import Criteria, difference
from labelqa.compare._experiment import Experiment
from labelqa.compare._refit import ArmOutcome

#: Outcomes by name; "before" and "after" are among them.
Arms = dict[str, ArmOutcome]


def arm_table(arms: Arms, experiment: Experiment, criteria: Criteria) -> pd.DataFrame:
    """Give every arm's scores, and its difference from "before"."""
    rows = []
    for name, outcome in arms.items():
        recalls = [outcome.correct[experiment.truth == code].mean() for code in np.unique(experiment.truth)]
        rows.append(
            {
                "arm": name,
                "n_train": outcome.n_train,
                "accuracy": float(outcome.correct.mean()),
                "balanced_accuracy": float(np.mean(recalls)),
                "log_loss": -float(outcome.log_p.mean()),
                **asdict(difference(outcome, arms["before"], criteria)),
            }
        )
    table = pd.DataFrame(rows)
    table.loc[0, ["difference", "low", "high", "p_value", "n_needed"]] = np.nan
    table.loc[0, "verdict"] = ""
    return table


def control_table(arms: Arms, experiment: Experiment, criteria: Criteria) -> pd.DataFrame:
    """Compare each kind of fix alone with its control of the same size."""
    rows = []
    for place, kind in enumerate(experiment.kinds):
        alone = arms["after"] if len(experiment.kinds) == 1 else arms[f"only {kind}"]
        for name in (name for name in arms if name.endswith(f"(for {kind})")):
            found = difference(alone, arms[name], criteria)
            n_fixes = int((experiment.kind == place).sum())
            rows.append((kind, name, n_fixes, found.difference, found.low, found.high, found.p_value, found.verdict))
    columns = ["kind", "control", "n_fixes", "difference", "low", "high", "p_value", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def class_table(arms: Arms, experiment: Experiment, criteria: Criteria) -> pd.DataFrame:
    """Compare within every class."""
    return _by_part(arms, _truth(experiment), "label", list(experiment.classes[np.unique(experiment.truth)]), criteria)


def slice_table(
    arms: Arms, experiment: Experiment, slices: pd.Series | pd.DataFrame | None, criteria: Criteria
) -> pd.DataFrame:
    """Compare within every value of every kind of slice.

    Raises
    ------
    TableError
        Where a test item has no slice.
    """
    columns = ["n_test", "accuracy_before", "accuracy_after", "difference", "low", "high", "p_value", "p_holm"]
    if slices is None:
        return pd.DataFrame(columns=["slice", "value", *columns])
    table = by_item_id(slices.to_frame(slices.name or "slice") if isinstance(slices, pd.Series) else slices)
    rows = rows_of(table.index, experiment.ids[experiment.test], "slices", "test items")
    parts = []
    for column in table.columns:
        values = table[column].iloc[rows].reset_index(drop=True)
        order = sorted(values.dropna().unique(), key=str)
        part = _by_part(arms, values, "value", order, criteria)
        part.insert(0, "slice", str(column))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def item_table(arms: Arms, experiment: Experiment) -> pd.DataFrame:
    """Say of every test item whether it was predicted before and after."""
    return pd.DataFrame(
        {
            "item_id": pd.Series(experiment.ids[experiment.test], dtype="str"),
            "label": _truth(experiment),
            "is_correct_before": arms["before"].correct > 0.5,
            "is_correct_after": arms["after"].correct > 0.5,
        }
    )


def _truth(experiment: Experiment) -> pd.Series:
    return pd.Series(class_values(experiment.classes, experiment.truth), dtype=object)


def _by_part(arms: Arms, part: pd.Series, name: str, order: list[object], criteria: Criteria) -> pd.DataFrame:
    """Compare within every value of `part` (one per test item), p-values adjusted by Holm."""
    before, after = arms["before"], arms["after"]
    rows = []
    for value in order:
        where = (part == value).to_numpy()
        found = difference(after, before, criteria, where)
        rows.append(
            {
                name: value,
                "n_test": int(where.sum()),
                "accuracy_before": float(before.correct[where].mean()) if where.any() else np.nan,
                "accuracy_after": float(after.correct[where].mean()) if where.any() else np.nan,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_value": found.p_value,
            }
        )
    columns = [name, "n_test", "accuracy_before", "accuracy_after", "difference", "low", "high", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    table[name] = table[name].astype(object)
    table["p_holm"] = holm(table["p_value"].to_numpy(np.float64))
    return table
