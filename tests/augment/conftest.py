"""Small images with boxes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def pictures() -> dict[str, np.ndarray]:
    """Six colour images of different sizes; ids are numbers."""
    random = np.random.default_rng(3)
    sizes = [(60, 80), (48, 48), (80, 60), (64, 96), (33, 47), (60, 80)]
    return {str(i): random.integers(0, 255, (*size, 3), dtype=np.uint8) for i, size in enumerate(sizes)}


@pytest.fixture(scope="session")
def boxes() -> pd.DataFrame:
    """Two boxes on each image but the last; labels are integers, coordinates have fractions float32 cannot hold."""
    rows = [
        (str(i), label, 3.1, 4.7, 20.123456789, 21.9) if label == 0 else (str(i), label, 15.25, 9.5, 31.7, 30.3)
        for i in range(5)
        for label in (0, 1)
    ]
    table = pd.DataFrame(rows, columns=["item_id", "label", "x_min", "y_min", "x_max", "y_max"])
    return table.assign(annotator_id="ann")
