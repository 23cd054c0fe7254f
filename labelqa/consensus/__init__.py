"""One answer from many: labels with probabilities, boxes with their spread, annotators with their quality.

Conventions
-----------
- `annotations` are `labelqa.Annotations`, or a table with the same columns. The order of rows changes nothing.
- Probabilities, qualities and supports are shares, 0 to 1; boxes are in pixels.
- What is undefined is missing or nan, and `reason` says why. Ties follow a stated rule and are marked in `is_tied`.
- `gold` is trusted. A consensus is not the truth: where people err alike, so does it.

Questions and functions
-----------------------
What is the label of each item, and how sure is that?
    `consensus_labels` (start here), `majority_vote`, `dawid_skene`, `one_coin`, `mace`, `glad`, `crowdlab`; each gives
    a `LabelConsensus`. See `labelqa.consensus.labels`.
Which boxes are on an item, and how far do their edges scatter?
    `consensus_boxes`, which gives a `BoxConsensus`. See `labelqa.consensus.boxes`.
What changes with new labels?
    `update`.
How often is it right, where the truth is known?
    `expected_accuracy`.

References
----------
Each function names its own; those of the label methods stand together in `labelqa.consensus.labels`.
"""

from labelqa.consensus.boxes._consensus import consensus_boxes
from labelqa.consensus.boxes._result import BoxConsensus
from labelqa.consensus.labels._accuracy import expected_accuracy
from labelqa.consensus.labels._crowdlab import crowdlab
from labelqa.consensus.labels._dawid_skene import dawid_skene
from labelqa.consensus.labels._default import consensus_labels
from labelqa.consensus.labels._glad import glad
from labelqa.consensus.labels._mace import mace
from labelqa.consensus.labels._majority_vote import majority_vote
from labelqa.consensus.labels._one_coin import one_coin
from labelqa.consensus.labels._result import LabelConsensus
from labelqa.consensus.labels._update import update

__all__ = [
    "BoxConsensus",
    "LabelConsensus",
    "consensus_boxes",
    "consensus_labels",
    "crowdlab",
    "dawid_skene",
    "expected_accuracy",
    "glad",
    "mace",
    "majority_vote",
    "one_coin",
    "update",
]


def __dir__() -> list[str]:
    return sorted(__all__)
