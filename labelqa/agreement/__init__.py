"""How far annotators agree, on labels and on boxes, beyond what chance would give.

Conventions
-----------
- First comes `annotations`: `Annotations`, or a table with `item_id`, `annotator_id`, `label` (of whole items) or the
  edges of boxes. All options are keyword-only.
- 1 is full agreement, 0 what chance gives, below 0 less than that; percent agreement, F1, IoU and PQ have no chance
  taken out. What is undefined is nan, with a `reason`.
- Intervals are `low` and `high`, or `<name>_low` and `<name>_high`; what is drawn at random again is items, with all
  their labels or boxes, since those of one item are not independent.
- Agreement is not accuracy: people can be wrong together.

Questions and functions
-----------------------
Can these labels be relied on, and where do people disagree?
    `label_agreement`: every coefficient and every table. Its conventions and references: `labelqa.agreement.labels`.
One number, with its interval
    `krippendorff_alpha` (the first choice), `fleiss_kappa`, `conger_kappa`, `gwet_ac`, `brennan_prediger`,
    `percent_agreement`; of two annotators `cohen_kappa`, `scott_pi`. `COEFFICIENTS`: what each is called and means.
Is it good, is it more than chance, has it changed, how many items does it take?
    `benchmark_scale`, `permutation_test`, `compare_agreement`, `items_needed`, `items_to_relabel`.
Labels in other shapes, and more than memory holds
    `from_wide`, `from_contingency`, `from_counts`; `collect_labels`, whose results add up.
Do people draw the same boxes, and how good could a detector look on them?
    `box_agreement`, `detector_ceiling`. More: `labelqa.agreement.boxes`.
Which differences are habits that a guideline could settle?
    `box_conventions`. More: `labelqa.agreement.habits`.

References
----------
Those of each measure stand in the three rooms. Overviews: K. Krippendorff (2019), Content analysis, chapter 12;
K. Gwet (2021), Handbook of inter-rater reliability; R. Artstein, M. Poesio (2008), Inter-coder agreement for
computational linguistics, Computational Linguistics 34.
"""

from labelqa.agreement.boxes._agreement import box_agreement
from labelqa.agreement.boxes._ceiling import DetectorCeiling, detector_ceiling
from labelqa.agreement.boxes._result import BoxAgreement
from labelqa.agreement.habits._conventions import box_conventions
from labelqa.agreement.habits._result import BoxConventions
from labelqa.agreement.labels._agreement import LabelAgreement, label_agreement
from labelqa.agreement.labels._benchmark_scale import BenchmarkScale, benchmark_scale
from labelqa.agreement.labels._catalogue import COEFFICIENTS
from labelqa.agreement.labels._coefficients import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    scott_pi,
)
from labelqa.agreement.labels._compare import AgreementDifference, compare_agreement
from labelqa.agreement.labels._permutation import PermutationTest, permutation_test
from labelqa.agreement.labels._planning import ItemsNeeded, items_needed, items_to_relabel
from labelqa.agreement.labels._result import Coefficient
from labelqa.agreement.labels._shapes import from_contingency, from_counts, from_wide
from labelqa.agreement.labels._statistics import LabelStatistics, collect_labels

__all__ = [
    "COEFFICIENTS",
    "AgreementDifference",
    "BenchmarkScale",
    "BoxAgreement",
    "BoxConventions",
    "Coefficient",
    "DetectorCeiling",
    "ItemsNeeded",
    "LabelAgreement",
    "LabelStatistics",
    "PermutationTest",
    "benchmark_scale",
    "box_agreement",
    "box_conventions",
    "brennan_prediger",
    "cohen_kappa",
    "collect_labels",
    "compare_agreement",
    "conger_kappa",
    "detector_ceiling",
    "fleiss_kappa",
    "from_contingency",
    "from_counts",
    "from_wide",
    "gwet_ac",
    "items_needed",
    "items_to_relabel",
    "krippendorff_alpha",
    "label_agreement",
    "percent_agreement",
    "permutation_test",
    "scott_pi",
]


def __dir__() -> list[str]:
    return sorted(__all__)
