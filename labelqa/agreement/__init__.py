"""How far annotators agree, on labels and on boxes, beyond what chance would give."""

from labelqa.agreement.boxes._agreement import box_agreement
from labelqa.agreement.boxes._ceiling import DetectorCeiling, detector_ceiling
from labelqa.agreement.boxes._result import BoxAgreement
from labelqa.agreement.habits._conventions import BoxConventions, box_conventions
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
