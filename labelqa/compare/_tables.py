"""The tables of a comparison: arms, controls, classes, slices, items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa._codes import id_text
from labelqa._kernels.intervals import holm
from labelqa.compare._paired import Settings, difference
from labelqa.compare._problem import Problem
from labelqa.compare._refit import Outcome
from labelqa.errors import TableError, shown

#: Outcomes by name; "before" and "after" are among them.
Arms = dict[str, Outcome]


def arm_table(arms: Arms, problem: Problem, settings: Settings) -> pd.DataFrame:
    """Give every arm's scores, and its difference from "before"."""
    rows = []
    for name, outcome in arms.items():
        found = difference(outcome, arms["before"], settings)
        recalls = [outcome.correct[problem.truth == code].mean() for code in np.unique(problem.truth)]
        rows.append(
            {
                "arm": name,
                "n_train": outcome.n_train,
                "accuracy": float(outcome.correct.mean()),
                "balanced_accuracy": float(np.mean(recalls)),
                "log_loss": -float(outcome.log_p.mean()),
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_value": found.p_value,
                "verdict": found.verdict,
                "n_needed": found.n_needed,
            }
        )
    table = pd.DataFrame(rows)
    table.loc[0, ["difference", "low", "high", "p_value", "n_needed"]] = np.nan
    table.loc[0, "verdict"] = ""
    return table


def control_table(arms: Arms, problem: Problem, settings: Settings) -> pd.DataFrame:
    """Compare each kind of fix alone with its control of the same size."""
    rows = []
    for place, kind in enumerate(problem.kinds):
        alone = arms["after"] if len(problem.kinds) == 1 else arms[f"only {kind}"]
        for name in (name for name in arms if name.endswith(f"(for {kind})")):
            found = difference(alone, arms[name], settings)
            n_fixes = int((problem.kind == place).sum())
            rows.append((kind, name, n_fixes, found.difference, found.low, found.high, found.p_value, found.verdict))
    columns = ["kind", "control", "n_fixes", "difference", "low", "high", "p_value", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def class_table(arms: Arms, problem: Problem, settings: Settings) -> pd.DataFrame:
    """Compare within every class."""
    return _by_part(arms, _truth(problem), "label", list(problem.classes[np.unique(problem.truth)]), settings)


def slice_table(
    arms: Arms, problem: Problem, slices: pd.Series | pd.DataFrame | None, settings: Settings
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
    table = slices.to_frame(slices.name or "slice") if isinstance(slices, pd.Series) else slices
    if "item_id" in table.columns:
        table = table.set_index("item_id")
    table = table.set_axis([id_text(item) for item in table.index])
    ids = problem.ids[problem.test]
    absent = ~pd.Index(ids).isin(table.index)
    if absent.any():
        raise TableError(f"{int(absent.sum()):,} test items have no slice ({shown(ids[absent])}); give each a value.")
    parts = []
    for column in table.columns:
        values = table[column].reindex(ids).reset_index(drop=True)
        order = sorted(values.dropna().unique(), key=str)
        part = _by_part(arms, values, "value", order, settings)
        part.insert(0, "slice", str(column))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def item_table(arms: Arms, problem: Problem) -> pd.DataFrame:
    """Say of every test item whether it was predicted before and after."""
    return pd.DataFrame(
        {
            "item_id": pd.Series(problem.ids[problem.test], dtype="str"),
            "label": _truth(problem),
            "is_correct_before": arms["before"].correct > 0.5,
            "is_correct_after": arms["after"].correct > 0.5,
        }
    )


def _truth(problem: Problem) -> pd.Series:
    return pd.Series(list(problem.classes[problem.truth]), dtype=object)


def _by_part(arms: Arms, part: pd.Series, name: str, order: list[object], settings: Settings) -> pd.DataFrame:
    """Compare within every value of `part` (one per test item), p-values adjusted by Holm."""
    before, after = arms["before"], arms["after"]
    rows = []
    for value in order:
        where = (part == value).to_numpy()
        found = difference(after, before, settings, where)
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
