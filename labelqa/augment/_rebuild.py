"""An augmented image from its record alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa.augment._albumentations import library
from labelqa.augment._copies import draw_once
from labelqa.augment._draw import draw_seed
from labelqa.augment._pictures import read_picture
from labelqa.errors import TableError, shown

_NEEDED = ("source_item_id", "copy", "seed", "attempt", "policy")


def rebuild(record: Mapping[str, Any] | pd.Series, image: Any) -> NDArray[Any]:
    """Make an augmented image again, bit for bit, from the record of it and the source image.

    Parameters
    ----------
    record
        A row of `Augmented.records`, or the same as a dict (a line of `records.jsonl`): `source_item_id`, `copy`,
        `seed`, `attempt`, `policy` and, for policies that look at the boxes, `source_boxes`.
    image
        The source image as pixels, path or bytes.

    Raises
    ------
    TableError
        Where the record lacks something or was made by another release, or the image is none.
    MissingExtra
        Where albumentations is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from labelqa.augment import augment, rebuild
    >>> image = np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8)
    >>> made = augment({"a": image}, policy="inspection", seed=7)
    >>> record = made.records.iloc[0].to_dict()
    >>> bool((rebuild(record, image) == made.images["a_aug1"]).all())
    True
    """
    known = dict(record)
    missing = [name for name in _NEEDED if name not in known]
    if missing:
        raise TableError(
            f"The record has no {shown(missing)} (found: {shown(list(known), 12)}); give one row of Augmented.records."
        )
    made_with, here = str(known.get("albumentations", "")), str(library().__version__)
    if made_with and made_with != here:
        raise TableError(
            f"The record was made with albumentations {made_with}, and {here} is installed, which may draw "
            f"differently; run: pip install albumentations=={made_with}"
        )
    item_id = str(known["source_item_id"])
    policy = known["policy"]
    text = policy if isinstance(policy, str) else json.dumps(policy, sort_keys=True, separators=(",", ":"))
    given = known.get("source_boxes")
    boxes = json.loads(given) if isinstance(given, str) else given
    xyxy = np.asarray(boxes if boxes is not None else [], dtype=np.float64).reshape(-1, 4)
    seed = draw_seed(int(known["seed"]), item_id, int(known["copy"]), int(known["attempt"]))
    return draw_once(text, item_id, read_picture(item_id, image), xyxy, seed=seed).image
