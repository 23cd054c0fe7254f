"""Augmentation that keeps boxes and labels right, and a check of when it does not.

Conventions
-----------
A policy is data: a preset's name, a dict, a YAML or JSON file, or an `albumentations.Compose`. Copies are called
`<item_id>_aug<number>`, and `source_item_id` says whose copy each is: keep both on one side of every split. Every draw
follows from (seed, item id, copy): neither the order of items nor the number of processes changes anything, and a
record rebuilds its image bit for bit. Boxes are corners in pixels; `visible` is the share of the source box that is
still seen, `tightness` the overlap with the object's own tight box, both 0 to 1. Test items get no copies.

Questions
---------
- Does this augmentation keep labels right, can a model learn it, or does it destroy them? `check_augmentation`.
- What becomes of my boxes: which are cut, dropped, loose? `augment(...)`: `.boxes`, `.dropped`, `.looseness`.
- How loose will boxes get before I run anything? `expected_looseness`.
- How was this image made, and can I have it again? `Augmented.records`, `rebuild`.

Map
---
`augment`, `augment_to_folder` -> `Augmented`; `check_augmentation` -> `AugmentationCheck`; `read_policy` -> `Policy`;
`expected_looseness` -> a table; `rebuild` -> pixels; `PRESETS` and `CATALOGUE` hold the policies and the single
transforms that have a name.

References
----------
Shorten and Khoshgoftaar, "A survey on image data augmentation for deep learning", J. Big Data 6 (2019); Buslaev et al.,
"Albumentations", Information 11 (2020); Balestriero, Bottou and LeCun, "The effects of regularization and data
augmentation are class dependent", NeurIPS 2022; Rahimi and Recht, "Random features for large-scale kernel machines",
NIPS 2007.
"""

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


def __dir__() -> list[str]:
    return sorted(__all__)
