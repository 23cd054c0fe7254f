"""Numbers of a picture against numpy, scipy and Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dct

from labelqa._kernels.pictures.measure import MEASURES, grey, measure, perceptual_hash, shrink, thumbnail


@pytest.fixture(params=[(32, 32), (60, 90), (33, 47)])
def pixels(request):
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize(request.param[::-1], Image.Resampling.BICUBIC))


def test_grey_is_pillows(pixels):
    np.testing.assert_array_equal(grey(pixels), np.asarray(Image.fromarray(pixels).convert("L")))


def test_measures_equal_numpy(pixels):
    found = dict(zip(MEASURES, measure(pixels), strict=True))
    levels = np.asarray(Image.fromarray(pixels).convert("L")).astype(float)
    share = np.bincount(levels.astype(int).ravel(), minlength=256) / levels.size
    edges = 4 * levels[1:-1, 1:-1] - levels[:-2, 1:-1] - levels[2:, 1:-1] - levels[1:-1, :-2] - levels[1:-1, 2:]
    expected = {
        "dark_end": np.quantile(levels, 0.05, method="inverted_cdf") / 255,
        "bright_end": np.quantile(levels, 0.99, method="inverted_cdf") / 255,
        "entropy": -sum(p * np.log2(p) for p in share if p),
        "contrast": levels.std() / 255,
        "sharpness": np.log10((edges.var() + 0.1) / (levels.var() + 1)),
        "colour": np.ptp(pixels.astype(float), axis=2).mean() / 255,
    }
    assert found == pytest.approx(expected)


def test_the_hash_is_the_published_one():
    """Signs of the low frequencies of the unnormalised DCT against their median, as in the package imagehash."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        levels = np.asarray(Image.fromarray(pixels).convert("L")).astype(float)
        low = dct(dct(levels, axis=0), axis=1)[:8, :8]
        bits = (low > np.median(low)).ravel()
        assert int(perceptual_hash(pixels)) == sum(int(bit) << place for place, bit in enumerate(bits))


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_averages_over_whole_cells_are_exact(factor):
    plane = np.random.default_rng(0).integers(0, 256, (32 * factor, 32 * factor), dtype=np.int32)
    cells = plane.reshape(32, factor, 32, factor).mean(axis=(1, 3))
    np.testing.assert_allclose(shrink(plane, 32), cells)


@pytest.mark.parametrize("size", [(20, 70), (33, 47), (100, 31)])
def test_cells_share_pixels_on_their_borders(size):
    plane = np.random.default_rng(1).integers(0, 256, size, dtype=np.int32)
    small = shrink(plane, 32)
    assert small.mean() == pytest.approx(plane.mean())
    np.testing.assert_allclose(shrink(np.full(size, 7, np.int32), 32), 7)


def test_thumbnails_keep_the_channels(pixels):
    small = thumbnail(pixels, 8)
    assert small.shape == (8, 8, 3)
    np.testing.assert_allclose(small.mean(axis=(0, 1)), pixels.mean(axis=(0, 1)), rtol=1e-6)


def test_pictures_smaller_than_a_laplacian_have_numbers():
    for size in ((1, 1), (1, 5), (2, 2)):
        assert np.isfinite(measure(np.full((*size, 3), 9, np.uint8))).all()
