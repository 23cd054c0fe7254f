"""Augmentation that keeps boxes and labels right, and a check of when it does not."""

from labelqa.augment._augment import Augmented, augment
from labelqa.augment._catalogue import CATALOGUE
from labelqa.augment._check import AugmentationCheck, check_augmentation
from labelqa.augment._folder import augment_to_folder
from labelqa.augment._looseness import expected_looseness
from labelqa.augment._policy import Policy, read_policy
from labelqa.augment._presets import PRESETS
from labelqa.augment._rebuild import rebuild

__all__ = [
    "CATALOGUE",
    "PRESETS",
    "AugmentationCheck",
    "Augmented",
    "Policy",
    "augment",
    "augment_to_folder",
    "check_augmentation",
    "expected_looseness",
    "read_policy",
    "rebuild",
]
