"""A simple, deterministic classifier that shows what the labels can teach.

Built early and left alone: the same recipe before and after a fix shows what the fix was worth
(`labelqa.compare`), its cross-validated probabilities show which labels it doubts (`labelqa.noise`).
"""

from labelqa.baseline._crossvalidate import CrossValidation, cross_validate
from labelqa.baseline._fit import Baseline, fit
from labelqa.baseline._human import HumanBaseline, human_baseline
from labelqa.baseline._store import load, save
from labelqa.features import image_features

__all__ = [
    "Baseline",
    "CrossValidation",
    "HumanBaseline",
    "cross_validate",
    "fit",
    "human_baseline",
    "image_features",
    "load",
    "save",
]
