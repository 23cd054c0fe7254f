from __future__ import annotations

import pandas as pd
import pytest

from labelqa.consensus import expected_accuracy, majority_vote

EXPECTED = {
    "cf": 0.882,
    "sp_amt": 0.943,
    "zencrowd_us": 0.861,
    "product": 0.897,
    "bluebird": 0.759,
    "rte": 0.897,
    "web": 0.731,
    "adult": 0.760,
    "music": 0.704,
}


@pytest.mark.parametrize(("name", "accuracy"), EXPECTED.items())
def test_expected_accuracy_on_crowd_sets(real_data, name, accuracy):
    folder = real_data / "crowdlabels" / name
    found = majority_vote(pd.read_csv(folder / "labels.csv"))
    assert expected_accuracy(found, pd.read_csv(folder / "gold.csv")) == pytest.approx(accuracy, abs=0.0006)
