"""Which samples are doubtful, in which order to review them, and how many errors remain."""

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
from labelqa.noise.queue._apply import apply_decisions
from labelqa.noise.queue._audit_sample import audit_sample
from labelqa.noise.queue._calibrate import calibrate
from labelqa.noise.queue._decisions import read_decisions, write_decisions
from labelqa.noise.queue._queue import ReviewQueue, review_queue
from labelqa.noise.queue._remaining import RemainingErrors, remaining_errors

__all__ = [
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
