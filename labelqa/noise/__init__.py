"""Which samples are doubtful, in which order to review them, and how many errors remain.

Conventions
-----------
- First comes `annotations` (of labels also a table with one label per item, a Series by item id, or an array), or
  `images`; all options are keyword-only. Everything is joined by item id, never by position, unless all are arrays.
- `doubt` is high where something is likely wrong: log-odds for labels and in the queue, a share where `box_issues`
  lists boxes. `p_wrong` is the probability made of it; it only orders until `calibrate` has seen decisions. `*_score`
  is high for what is good.
- Flagged is what is more likely wrong than right, and what contradicts itself: copies of a picture, labelled
  differently. Nothing is changed before a person decided.
- No model is brought along: evidence is cross-validated on your own labels, or comes from your `pred_probs`.
- What cannot be said is nan with a `reason`, and a sentence in `cannot_say`.

Questions and functions
-----------------------
What is wrong, all in all, and what to look at first?
    `find_issues`: everything below in one `ReviewQueue`. `review_queue` joins findings of your choice, also your own
    (`Finding`).
Which labels are wrong, and which classes are taken for each other?
    `label_issues`, `class_health`, `confident_learning`; `model_probabilities` asks your own model, `neighbours` finds
    what is alike. More: `labelqa.noise.labels`.
Which pictures cannot be labelled, occur twice, or do not belong?
    `image_issues`, `duplicates`, `outliers`. More: `labelqa.noise.pictures`.
Which boxes are wrong, missing or badly drawn?
    `box_issues`. More: `labelqa.noise.boxes`.
What did reviewers decide, how sure is the queue, how many errors are left, and what are the data with the fixes?
    `read_decisions`, `write_decisions`, `calibrate`, `audit_sample`, `remaining_errors`, `apply_decisions`. More:
    `labelqa.noise.queue`.

References
----------
Those of each finding stand in the four rooms. Overviews: C. Northcutt, L. Jiang, I. Chuang (2021), Confident learning,
Journal of Artificial Intelligence Research 70; B. Frénay, M. Verleysen (2014), Classification in the presence of label
noise: a survey, IEEE Transactions on Neural Networks and Learning Systems 25.
"""

from __future__ import annotations

from labelqa.noise._find_issues import find_issues
from labelqa.noise._finding import Finding
from labelqa.noise._neighbours import Neighbours, neighbours
from labelqa.noise.boxes._issues import BoxIssues, box_issues
from labelqa.noise.labels._class_health import ClassHealth, class_health
from labelqa.noise.labels._confident_learning import ConfidentLearning, confident_learning
from labelqa.noise.labels._issues import LabelIssues, label_issues
from labelqa.noise.labels._model_probabilities import model_probabilities
from labelqa.noise.pictures._duplicates import Duplicates, duplicates
from labelqa.noise.pictures._issues import ImageIssues, image_issues
from labelqa.noise.pictures._outliers import Outliers, outliers
from labelqa.noise.queue._apply import AppliedDecisions, apply_decisions
from labelqa.noise.queue._audit_sample import audit_sample
from labelqa.noise.queue._calibrate import calibrate
from labelqa.noise.queue._decisions import read_decisions, write_decisions
from labelqa.noise.queue._queue import ReviewQueue, review_queue
from labelqa.noise.queue._remaining import RemainingErrors, remaining_errors

__all__ = [
    "AppliedDecisions",
    "BoxIssues",
    "ClassHealth",
    "ConfidentLearning",
    "Duplicates",
    "Finding",
    "ImageIssues",
    "LabelIssues",
    "Neighbours",
    "Outliers",
    "RemainingErrors",
    "ReviewQueue",
    "apply_decisions",
    "audit_sample",
    "box_issues",
    "calibrate",
    "class_health",
    "confident_learning",
    "duplicates",
    "find_issues",
    "image_issues",
    "label_issues",
    "model_probabilities",
    "neighbours",
    "outliers",
    "read_decisions",
    "remaining_errors",
    "review_queue",
    "write_decisions",
]


def __dir__() -> list[str]:
    return sorted(__all__)
