"""What the fixes are worth: before and after on the same trusted test set.

Conventions
-----------
- Every arm (before, after, each kind of fix alone, controls) is the same recipe fitted on another training set, and is
  scored on one trusted test set that no arm was trained on. Differences are paired by test item.
- Differences, margins and effects are shares of accuracy, -1 to 1; charts and words speak of points (hundredths).
- A verdict is "helps", "hurts", "equivalent" (the whole interval lies within the margin) or "inconclusive".
- Beside each kind of fix stands a control of the same size that carries no information. A comparison that would mislead
  is refused with `UnfairComparison`.
- `test` is the test set, labels are one per item (see `labelqa.baseline`), and `annotations` are labels by people.

Questions and functions
-----------------------
What was fixing the labels worth?
    `compare_fixes`, which gives a `Comparison`.
Which kind of fix does the gain come from, and what does each further review buy?
    `Comparison.attribution`, `Comparison.curve`.
How good can a model look on these labels, how large must the test set be, and what will a fix cost?
    `scope`, which gives a `Scope`.

References
----------
- M. W. Fagerland, S. Lydersen, P. Laake (2013). The McNemar test for binary matched-pairs data. BMC Medical Research
  Methodology 13: mid-p.
- R. J. Connor (1987). Sample size for testing differences in proportions for the paired-sample design. Biometrics 43.
- L. S. Shapley (1953). A value for n-person games: attribution.
- S. Holm (1979). A simple sequentially rejective multiple test procedure: classes and slices.
"""

from labelqa.compare._compare import compare_fixes
from labelqa.compare._fairness import UnfairComparison
from labelqa.compare._result import Comparison
from labelqa.compare._scope import Scope, scope

__all__ = ["Comparison", "Scope", "UnfairComparison", "compare_fixes", "scope"]


def __dir__() -> list[str]:
    return sorted(__all__)
