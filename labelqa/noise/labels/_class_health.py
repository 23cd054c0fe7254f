"""Which classes are labelled badly, and which are taken for each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labelqa._result import Result
from labelqa.errors import TableError
from labelqa.noise.labels._confident_learning import ConfidentLearning, draw_joint
from labelqa.noise.labels._issues import LabelIssues

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Share of a class's labels that must be given to another for a direction to count, and items that must be.
NOTABLE, FEWEST = 0.03, 3


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ClassHealth(Result):
    """How good the labels of each class are, and which pairs need the guideline.

    Attributes
    ----------
    n_items, n_classes
        Items with a label, and classes.
    n_wrong
        Estimated wrong labels, over all classes.
    accuracy
        Of the model the estimate rests on; near `majority_accuracy` it says little. nan where unknown.
    reason
        Why nothing can be said, where that is so.
    table
        One row per class, the worst first: `label`, `n` (labels given), `n_wrong` (of them, estimated), `share_wrong`,
        `n_missed` (items of the class that were given another label, estimated), `most_confused_with`.
    noise_matrix
        `given`, `true`, `n`, `share`: of the labels `given`, the share that truly is `true`.
    pairs
        Pairs that are mixed up, worst first: `label_a`, `label_b`, `n_a_for_b` (labelled a, truly b), `n_b_for_a`,
        `share` (of both classes' labels), `is_mutual`, `advice`.
    """

    n_items: int
    n_classes: int
    n_wrong: int
    accuracy: float
    reason: str | None
    table: pd.DataFrame
    noise_matrix: pd.DataFrame
    pairs: pd.DataFrame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the noise matrix; what is off the diagonal is wrong."""
        return draw_joint(self.noise_matrix, ax)


def class_health(issues: LabelIssues | ConfidentLearning) -> ClassHealth:
    """See which classes are labelled badly and which are taken for each other, before correcting item by item.

    A pair that is mixed up in both directions is a gap in the guideline, not a slip of a person.

    Parameters
    ----------
    issues
        The result of `label_issues` or `confident_learning`; the counts are confident learning's estimate.

    Raises
    ------
    TableError
        For anything else.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.noise import class_health, label_issues
    >>> sure = np.repeat([[0.9, 0.1], [0.1, 0.9]], [50, 50], axis=0)
    >>> given = np.repeat([0, 1, 0], [50, 40, 10])
    >>> class_health(label_issues(given, pred_probs=sure)).table[["label", "n", "n_wrong"]]
       label   n  n_wrong
    0      0  60       10
    1      1  40        0

    References
    ----------
    Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021.
    """
    if not isinstance(issues, LabelIssues | ConfidentLearning):
        raise TableError(
            f"Found a {type(issues).__name__}; needed is the result of label_issues() or confident_learning()."
        )
    joint = issues.joint
    names = list(dict.fromkeys(joint["given"]))
    counts = joint["n"].to_numpy(np.int64).reshape(len(names), len(names))
    given = counts.sum(axis=1)
    off = counts - np.diag(counts.diagonal())
    pairs = _pairs(names, off, given)
    return ClassHealth(
        n_items=issues.n_items,
        n_classes=len(names),
        n_wrong=int(off.sum()),
        accuracy=issues.accuracy if isinstance(issues, LabelIssues) else np.nan,
        reason=issues.reason,
        table=_per_class(names, off, given),
        noise_matrix=joint.assign(share=(counts / np.maximum(given, 1)[:, None]).reshape(-1)),
        pairs=pairs,
    )


def _per_class(names: list[object], off: np.ndarray, given: np.ndarray) -> pd.DataFrame:
    wrong = off.sum(axis=1)
    most = [names[row.argmax()] if row.any() else None for row in off]
    table = pd.DataFrame(
        {
            "label": pd.Series(names, dtype=object).infer_objects(),
            "n": given,
            "n_wrong": wrong,
            "share_wrong": np.where(given > 0, wrong / np.maximum(given, 1), np.nan),
            "n_missed": off.sum(axis=0),
            "most_confused_with": pd.Series(most, dtype=object),
        }
    )
    return table.sort_values("share_wrong", ascending=False, kind="stable", ignore_index=True)


def _pairs(names: list[object], off: np.ndarray, given: np.ndarray) -> pd.DataFrame:
    rows = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            many = [off[x, y] >= max(FEWEST, NOTABLE * given[x]) for x, y in ((a, b), (b, a))]  # a for b, b for a
            if not any(many):
                continue
            first, second = (names[a], names[b]) if many[0] else (names[b], names[a])
            advice = (
                f"tell {first} and {second} apart in the guideline, or merge them"
                if all(many)
                else f"items that are {second} get {first}: say in the guideline when {first} does not apply"
            )
            share = (off[a, b] + off[b, a]) / max(given[a] + given[b], 1)
            rows.append((names[a], names[b], int(off[a, b]), int(off[b, a]), share, all(many), advice))
    columns = ["label_a", "label_b", "n_a_for_b", "n_b_for_a", "share", "is_mutual", "advice"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
