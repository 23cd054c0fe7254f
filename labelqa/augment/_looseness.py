"""How loose boxes get, transform by transform: an expectation made before any image is touched."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labelqa.augment._draw import Drawer, draw_seed
from labelqa.augment._policy import Policy, leaves
from labelqa.errors import OptionError

#: A stand-in for an image, with one box that leaves room on all sides.
_WIDTH, _HEIGHT = 192, 144
_BOX = (60.0, 48.0, 132.0, 96.0)


def expected_looseness(policy: Policy, *, n_draws: int = 24, seed: int = 0) -> pd.DataFrame:
    """Tell how far each transform of a policy loosens and cuts boxes when it is applied.

    The object is taken to be the ellipse that fills its box, which sits in the middle of the image. A rectangle around
    a rotated rectangle is larger than the object inside it; a model trained on such boxes learns to draw too wide.

    Parameters
    ----------
    policy
        The policy; each of its transforms is run alone.
    n_draws
        Draws per transform.
    seed
        Same policy and seed, same numbers.

    Returns
    -------
    pandas.DataFrame
        `transform`, `tightness` (mean IoU of the new box with the object's tight box; 1 is tight), `tightness_low` (the
        worst draw), `visible` (mean share of the box that is still seen); nan where a transform cannot be applied to
        the image that stands in, of 192 x 144 pixels, such as a larger crop.

    Raises
    ------
    MissingExtra
        Where albumentations is not installed.

    Examples
    --------
    >>> from labelqa.augment import expected_looseness, read_policy
    >>> turned = read_policy({"transforms": [{"Rotate": {"limit": [20, 30], "rotate_method": "largest_box"}}]})
    >>> expected_looseness(turned).round(2)
      transform  tightness  tightness_low  visible
    0    Rotate       0.57           0.55      1.0
    """
    image = np.full((_HEIGHT, _WIDTH, 3), 128, dtype=np.uint8)
    boxes = np.array([_BOX])
    rows = []
    for leaf in leaves(policy.tree):
        name = str(leaf["__class_fullname__"])
        drawer = Drawer({"__class_fullname__": "Compose", "p": 1.0, "transforms": [{**leaf, "p": 1.0}]})
        try:
            draws = [drawer.draw(image, boxes, draw_seed(seed, name, draw)) for draw in range(n_draws)]
        except OptionError:  # a crop larger than the stand-in
            draws = []
        tight = np.concatenate([draw.tightness for draw in draws]) if draws else np.empty(0)
        tight = tight[~np.isnan(tight)]
        rows.append(
            {
                "transform": name,
                "tightness": float(tight.mean()) if len(tight) else np.nan,
                "tightness_low": float(tight.min()) if len(tight) else np.nan,
                "visible": float(np.mean([draw.visible[0] for draw in draws])) if draws else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=["transform", "tightness", "tightness_low", "visible"])
