"""One answer from many: labels with probabilities, boxes with their spread, annotators with their quality."""

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
