"""What the model of `check_augmentation` sees of an image: as it is, and after each transform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from labelqa.augment._draw import Drawer, draw_seed
from labelqa.augment._pictures import read_picture
from labelqa.augment._policy import Policy
from labelqa.augment._probe import ImageVectors
from labelqa.features import LUMA, FeatureRecipe, squares
from labelqa.images import ImageSource, Pixels

#: Pictures with a longer side are reduced before anything is tried: the features see far fewer pixels.
_LONGEST = 256
_BATCH = 128
#: Side of the small grey picture that stands beside the features.
_PIXELS = 16


def reduced(image: Pixels) -> Pixels:
    """Make a large picture smaller, keeping its proportions."""
    height, width = image.shape[:2]
    if max(height, width) <= _LONGEST:
        return image
    from PIL import Image

    scale = _LONGEST / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))


def variant_vectors(
    source: ImageSource, ids: Sequence[str], policies: Mapping[str, Policy], recipe: FeatureRecipe, seed: int
) -> tuple[ImageVectors, dict[str, ImageVectors]]:
    """Describe the images as they are, and after each policy."""
    drawers = {name: Drawer(policy.tree) for name, policy in policies.items()}
    plain: list[ImageVectors] = []
    made: dict[str, list[ImageVectors]] = {name: [] for name in drawers}
    none = np.empty((0, 4))
    for start in range(0, len(ids), _BATCH):
        run = {item: reduced(read_picture(item, source.pictures[item])) for item in ids[start : start + _BATCH]}
        plain.append(_vectors(list(run.values()), recipe))
        for name, drawer in drawers.items():
            drawn = [
                drawer.draw(image, none, draw_seed(seed, item, 1), name=f"the image of item {item!r}").image
                for item, image in run.items()
            ]
            made[name].append(_vectors(drawn, recipe))
    return _stacked(plain), {name: _stacked(parts) for name, parts in made.items()}


def _vectors(images: Sequence[Pixels], recipe: FeatureRecipe) -> ImageVectors:
    small = squares(images, _PIXELS) @ LUMA
    return ImageVectors(recipe.compute(squares(images, recipe.size)), small.reshape(len(images), -1))


def _stacked(parts: Sequence[ImageVectors]) -> ImageVectors:
    return ImageVectors(np.vstack([part.features for part in parts]), np.vstack([part.pixels for part in parts]))


def all_grey(source: ImageSource, ids: Sequence[str]) -> bool:
    """Tell whether no image has colour; a few dozen are looked at."""
    some = [read_picture(item, source.pictures[item]) for item in ids[:: max(len(ids) // 32, 1)]]
    return all(image.ndim == 2 or bool((image == image[:, :, :1]).all()) for image in some)
