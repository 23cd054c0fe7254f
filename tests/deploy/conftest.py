"""A small model from pixels, with the pictures it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labelqa import baseline, deploy


def draw(n: int, seed: int) -> tuple[dict[str, np.ndarray], pd.Series]:
    """Pictures of three sizes with a bar, a square or noise."""
    random = np.random.default_rng(seed)
    pictures, labels = {}, {}
    for i in range(n):
        height, width = ((40, 40), (32, 48), (57, 33))[i % 3]
        image = random.integers(60, 120, (height, width, 3), dtype=np.uint8)
        kind = ("bar", "square", "noise")[(i // 3) % 3]
        if kind == "bar":
            image[:, 12:16] = random.integers(180, 255, 3)
        elif kind == "square":
            image[8:24, 8:24] = random.integers(180, 255, 3)
        pictures[f"p{i:04d}"], labels[f"p{i:04d}"] = image, kind
    return pictures, pd.Series(labels)


@dataclass
class Exported:
    """A registry with one version in it."""

    root: Any
    model: Any
    pictures: dict[str, np.ndarray]
    labels: pd.Series
    result: Any


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Exported:
    pictures, labels = draw(620, 0)
    train = list(pictures)[:120]
    model = baseline.fit({item: pictures[item] for item in train}, labels[train])
    rest = {item: pictures[item] for item in list(pictures)[120:]}
    root = tmp_path_factory.mktemp("models")
    result = deploy.export(
        model, root, name="parts", items=rest, gold=labels[list(rest)], comparison={"verdict": "helps"}
    )
    return Exported(root, model, rest, labels, result)


@pytest.fixture
def photos(tmp_path, exported):
    """Six of the pictures as JPEG and PNG files in a folder."""
    for n, (item, image) in enumerate(list(exported.pictures.items())[:6]):
        Image.fromarray(image).save(tmp_path / f"{item}.{'jpg' if n % 2 else 'png'}")
    return tmp_path
