"""What the fixes are worth: before and after on the same trusted test set.

Seed-to-seed error bars say nothing about the test set, arms scored on their own labels praise themselves, and a row
dropped at random changes the model too. So `compare_fixes` scores every arm on one trusted test set, pairs the items,
and puts controls of the same size beside the fixes; `scope` says beforehand what is within reach.
"""

from labelqa.compare._compare import compare_fixes
from labelqa.compare._fairness import UnfairComparison
from labelqa.compare._result import Comparison
from labelqa.compare._scope import Scope, scope

__all__ = ["Comparison", "Scope", "UnfairComparison", "compare_fixes", "scope"]
