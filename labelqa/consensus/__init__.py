"""One answer from many: labels with probabilities, boxes with their spread, annotators with their quality."""

from labelqa.consensus._accuracy import expected_accuracy
from labelqa.consensus._boxes import BoxConsensus, consensus_boxes
from labelqa.consensus._consensus_labels import consensus_labels
from labelqa.consensus._crowdlab import crowdlab
from labelqa.consensus._dawid_skene import dawid_skene
from labelqa.consensus._glad import glad
from labelqa.consensus._mace import mace
from labelqa.consensus._majority_vote import majority_vote
from labelqa.consensus._one_coin import one_coin
from labelqa.consensus._result import LabelConsensus
from labelqa.consensus._update import update

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
