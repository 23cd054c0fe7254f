"""How far annotators agree, on labels and on boxes, beyond what chance would give."""

from labelqa.agreement._box_agreement import box_agreement
from labelqa.agreement._box_result import BoxAgreement

__all__ = ["BoxAgreement", "box_agreement"]
