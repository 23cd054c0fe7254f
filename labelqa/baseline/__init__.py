"""A simple, deterministic classifier that shows what the labels can teach.

Conventions
-----------
- Features are numbers by item id (a table, or an array whose items are called "0", "1"...), or pictures, from which the
  built-in features are computed. Features and labels are joined by id.
- Labels are one per item. Where several people labelled an item, the most frequent label counts; items on which that is
  tied are left out, and `reason` or the metadata say how many.
- Scores are shares, 0 to 1, against the labels given: a model that repeats wrong labels is right by them.
- Built early and left alone: the same recipe before and after a fix shows what the fix was worth (`labelqa.compare`);
  its cross-validated probabilities show which labels it doubts (`labelqa.noise`). Same input and seed, same model.

Questions and functions
-----------------------
Can the labels be learned, and how far from what people reach?
    `cross_validate`: out-of-fold accuracy beside the most frequent class and one person against the others.
How often does one person say what the others say?
    `human_baseline`.
Which numbers describe the pictures?
    `image_features`.
What does a model trained on these labels say of new items?
    `fit`, which gives a `Baseline` with `predict` and `predict_proba`.
How is it kept?
    `save`, `load`: a file that holds data, not code.
How is the same classifier fitted on many training sets?
    `ModelRecipe`.

References
----------
- R. Kohavi (1995). A study of cross-validation and bootstrap for accuracy estimation and model selection. IJCAI.
- C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger (2017). On calibration of modern neural networks. ICML: temperatures.
- E. B. Wilson (1927). Probable inference, the law of succession, and statistical inference. JASA 22: intervals.
"""

from labelqa.baseline._crossvalidate import CrossValidation, cross_validate
from labelqa.baseline._fit import Baseline, fit
from labelqa.baseline._human import HumanBaseline, human_baseline
from labelqa.baseline._recipe import ModelRecipe
from labelqa.baseline._store import load, save
from labelqa.features import image_features

__all__ = [
    "Baseline",
    "CrossValidation",
    "HumanBaseline",
    "ModelRecipe",
    "cross_validate",
    "fit",
    "human_baseline",
    "image_features",
    "load",
    "save",
]


def __dir__() -> list[str]:
    return sorted(__all__)
