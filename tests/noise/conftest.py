"""Small sets that the tests of this room share."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def cifar(real_data):
    """The first 3,000 images of CIFAR-10N, ids as text."""
    table = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet").head(3000)
    return table.assign(item_id=table["item_id"].astype(str))


@pytest.fixture(scope="session")
def blobs():
    """Three clouds in 8 dimensions: features by id, labels of which every tenth is wrong, and which are."""
    rng = np.random.default_rng(5)
    true = np.repeat([0, 1, 2], 100)
    points = rng.normal(size=(300, 8)) + 4 * np.eye(8)[true]
    is_wrong = np.arange(300) % 10 == 0
    given = np.where(is_wrong, (true + 1) % 3, true)
    ids = [f"i{k}" for k in range(300)]
    features = pd.DataFrame(points, index=pd.Index(ids, name="item_id"))
    labels = pd.DataFrame({"item_id": ids, "label": np.array(["cat", "dog", "owl"])[given]})
    return features, labels, pd.Series(is_wrong, index=ids)


@pytest.fixture
def probabilities():
    """Make random labels and probabilities: (n, k, seed) -> labels (n,), probabilities (n, k)."""

    def make(n, n_classes, seed=0, noise=0.2):
        rng = np.random.default_rng(seed)
        true = rng.integers(0, n_classes, n)
        scores = rng.normal(size=(n, n_classes)) + 2.5 * np.eye(n_classes)[true]
        probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        given = np.where(rng.random(n) < noise, rng.integers(0, n_classes, n), true)
        return given, probs

    return make


@pytest.fixture
def as_jpeg():
    """Turn pixels into the bytes of a JPEG file."""
    from PIL import Image

    def encode(pixels, form="JPEG", **options):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, form, **({"quality": 92} | options if form == "JPEG" else options))
        return stream.getvalue()

    return encode


@pytest.fixture
def scene():
    """Draw a colourful scene with sharp edges: (seed, height, width) -> pixels."""

    def draw(seed=0, height=240, width=320):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width]
        out = np.full((height, width, 3), rng.integers(60, 200, 3), float)
        for _ in range(14):
            centre, size = rng.random(2) * [height, width], rng.integers(8, 60, 2)
            inside = (abs(y - centre[0]) < size[0]) & (abs(x - centre[1]) < size[1])
            out[inside] = rng.integers(0, 256, 3)
        return np.clip(out + rng.normal(0, 6, out.shape), 0, 255).astype(np.uint8)

    return draw
