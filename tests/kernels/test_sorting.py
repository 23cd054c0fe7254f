import numpy as np
import pytest

from labelqa._kernels.sorting import offsets_of, stable_order


def test_offsets_are_running_counts() -> None:
    assert offsets_of(np.array([2, 0, 2], np.int32), 4).tolist() == [0, 1, 1, 3, 3]


@pytest.mark.parametrize("kept", [[0, 1, 2, 3, 4], [1, 3, 4], [4], []])
def test_order_is_stable_and_covers_only_the_rows_given(kept: list[int]) -> None:
    codes = np.array([-1, 1, -1, 0, 1], np.int32) if kept != [0, 1, 2, 3, 4] else np.array([2, 1, 0, 0, 1], np.int32)
    order = stable_order(codes, 3, np.array(kept, np.int64))
    assert order.tolist() == sorted(kept, key=lambda row: codes[row])
