"""Krippendorff's alpha and its item bootstrap on published crowd-labelling sets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from labelqa.agreement import krippendorff_alpha

# alpha as krippendorff 0.8 gives it; bounds of an item bootstrap, which is random in the third digit
ALPHA = {
    "cf": (0.577, 0.536, 0.620),
    "sp_amt": (0.738, 0.709, 0.765),
    "zencrowd_us": (0.234, 0.216, 0.252),
    "product": (0.158, 0.141, 0.175),
    "bluebird": (0.126, 0.101, 0.148),
    "rte": (0.241, 0.220, 0.261),
    "web": (0.210, 0.200, 0.221),
    "adult": (0.314, 0.305, 0.322),
    "music": (0.301, 0.281, 0.322),
}


@pytest.mark.parametrize("name", ALPHA)
def test_alpha_of_the_crowd(real_data: Path, name: str) -> None:
    data = pd.read_csv(real_data / "crowdlabels" / name / "labels.csv")
    analytic, drawn = krippendorff_alpha(data), krippendorff_alpha(data, n_resamples=1000)
    value, low, high = ALPHA[name]
    assert analytic.value == pytest.approx(value, abs=6e-4)
    assert [drawn.low, drawn.high] == pytest.approx([low, high], abs=0.005)
    assert [analytic.low, analytic.high] == pytest.approx([low, high], abs=0.005)


def test_alpha_of_cifar_10n(real_data: Path) -> None:
    slots = ["label_1", "label_2", "label_3"]
    wide = pd.read_parquet(real_data / "cifar10n" / "cifar10n.parquet", columns=slots)
    long = wide.rename_axis("item_id").reset_index().melt("item_id", slots, "annotator_id", "label")
    found = krippendorff_alpha(long, n_resamples=1000)
    # all 50,000 images have .68367 [.680, .687]; the first 20,000, which are here, lie within its interval
    assert found.value == pytest.approx(0.68367, abs=0.005)
    assert found.high - found.low == pytest.approx(0.007 * (50_000 / len(wide)) ** 0.5, rel=0.1)
