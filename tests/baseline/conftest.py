import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def blobs():
    """Three classes of 40 items around three points; features and labels by item id."""
    rng = np.random.default_rng(0)
    label = np.repeat(["dent", "ok", "scratch"], 40)
    centre = {"dent": (0, 3), "ok": (3, 0), "scratch": (-3, -3)}
    ids = [f"part_{k}" for k in range(120)]
    rows = np.array([centre[value] for value in label]) + rng.normal(size=(120, 2))
    return pd.DataFrame(rows, index=ids, columns=["x", "y"]), pd.Series(label, index=ids)
