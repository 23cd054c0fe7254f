"""How far annotators agree, on labels and on boxes, beyond what chance would give."""

from labelqa.agreement._benchmark_scale import BenchmarkScale, benchmark_scale
from labelqa.agreement._box_agreement import box_agreement
from labelqa.agreement._box_ceiling import DetectorCeiling, detector_ceiling
from labelqa.agreement._box_result import BoxAgreement
from labelqa.agreement._brennan_prediger import brennan_prediger
from labelqa.agreement._coefficient import Coefficient
from labelqa.agreement._cohen import cohen_kappa
from labelqa.agreement._compare import AgreementDifference, compare_agreement
from labelqa.agreement._conger import conger_kappa
from labelqa.agreement._conventions import BoxConventions, box_conventions
from labelqa.agreement._fleiss import fleiss_kappa
from labelqa.agreement._gwet import gwet_ac
from labelqa.agreement._krippendorff import krippendorff_alpha
from labelqa.agreement._label_agreement import LabelAgreement, label_agreement
from labelqa.agreement._percent import percent_agreement
from labelqa.agreement._permutation import PermutationTest, permutation_test
from labelqa.agreement._planning import ItemsNeeded, items_needed, items_to_relabel
from labelqa.agreement._scott import scott_pi
from labelqa.agreement._shapes import from_contingency, from_counts, from_wide
from labelqa.agreement._statistics import LabelStatistics, collect_labels

__all__ = [
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
