"""Kernels of label statistics where their tables must grow, against plain counting."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from labelqa._kernels.labels.annotators import pair_slots, pair_tables
from labelqa._kernels.labels.resampling import resampled_times
from labelqa._kernels.labels.rows import distinct_rows, item_modes, row_entries, salts
from labelqa.agreement.labels._statistics import CountRows

NOMINAL = np.empty((0, 0))


def labels(n_items: int, n_codes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 6, n_items))])
    return offsets, rng.integers(0, n_codes, offsets[-1]).astype(np.int32)


@pytest.mark.parametrize(("n_items", "n_codes"), [(50, 2), (4000, 12), (0, 3)])
def test_distinct_rows_are_the_multisets_of_items(n_items: int, n_codes: int) -> None:
    offsets, codes = labels(n_items, n_codes, 0)
    items = [tuple(sorted(codes[a:b])) for a, b in pairwise(offsets)]
    expected = Counter(row for row in items if row)
    first, times, keys, row_of_item = distinct_rows(offsets, codes, salts(n_codes, 1), salts(n_codes, 2))
    assert {items[i]: n for i, n in zip(first, times, strict=True)} == expected
    assert len(np.unique(keys, axis=0)) == len(first)
    assert [items[first[row]] if row >= 0 else () for row in row_of_item] == items
    starts, code, count = row_entries(offsets, codes, first)
    for d, item in enumerate(first):
        entries = slice(starts[d], starts[d + 1])
        assert tuple(np.repeat(code[entries], count[entries])) == items[item]


def test_rows_come_in_an_order_that_items_do_not_set() -> None:
    offsets, codes = labels(300, 5, 1)
    runs = [codes[a:b] for a, b in pairwise(offsets)][::-1]
    turned = np.concatenate([[0], np.cumsum([len(run) for run in runs])])
    one, two = CountRows.collect(offsets, codes, 5), CountRows.collect(turned, np.concatenate(runs), 5)
    for name in ("starts", "code", "count", "times", "keys"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_pairs_of_many_annotators_in_blocks() -> None:
    rng = np.random.default_rng(2)
    annotator = np.concatenate([np.sort(rng.choice(80, 4, replace=False)) for _ in range(900)]).astype(np.int32)
    label = rng.integers(0, 3, len(annotator)).astype(np.int32)
    offsets = np.arange(0, len(annotator) + 1, 4)
    slots = pair_slots(offsets, annotator, 80)
    assert len(slots[1]) > 1000
    whole = pair_tables(offsets, annotator, label, NOMINAL, slots, (0, len(slots[1])), (80, 3))
    middle = pair_tables(offsets, annotator, label, NOMINAL, slots, (100, 300), (80, 3))
    for one, two in zip(whole, middle, strict=True):
        assert np.array_equal(one[100:300], two)
    naive: Counter = Counter()
    for who in annotator.reshape(-1, 4):
        naive.update((a, b) for i, a in enumerate(who) for b in who[i + 1 :])
    assert {(key // 80, key % 80): n for key, n in zip(slots[1], whole[0], strict=True)} == naive
    assert np.allclose(whole[2].sum(axis=2), whole[0][:, None])


@pytest.mark.parametrize(
    ("run", "expected"),
    [([], (-1, 0, False)), ([2], (2, 1, False)), ([2, 1], (1, 1, True)), ([0, 2, 2], (2, 2, False)),
     ([2, 1, 0, 1, 2], (1, 2, True)), ([2, 2, 1], (2, 2, False))],
)  # fmt: skip
def test_modes(run: list[int], expected: tuple) -> None:
    found = item_modes(np.array([0, len(run)]), np.array(run, np.int32), 3)
    assert tuple(part[0] for part in found) == expected


@pytest.mark.parametrize("times", [np.full(1500, 1), np.array([900, 90, 10]), np.array([7])])
def test_resamples_hold_as_many_items_as_the_data(times: np.ndarray) -> None:
    blocks = list(resampled_times(times, 400, np.random.default_rng(0), 40_000))
    drawn = np.concatenate(blocks)
    assert len(blocks) > 1
    assert drawn.shape == (400, len(times))
    assert (drawn.sum(axis=1) == times.sum()).all()
    assert np.allclose(drawn.mean(axis=0), times, atol=5 * np.sqrt(times.max() / 400))
