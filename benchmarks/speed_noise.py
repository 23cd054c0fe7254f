"""Noisy samples: confident learning, picture checks and hashes, near hashes, neighbours, against peers in one run."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Case

Work = Callable[[], Any]


def cases() -> tuple[str, list[Case]]:
    here = "benchmarks.speed_noise"
    pictures = {"cleanvision (with its pHash)": f"{here}:cleanvision", "cleanvision + imagehash": f"{here}:both"}
    return "Noisy samples", [
        Case("confident learning, 10 classes", f"{here}:confident", {"cleanlab": f"{here}:cleanlab"}, 1_000_000),
        Case("picture checks + pHash", f"{here}:checks", pictures, [2000, 32, 32]),
        Case("picture checks + pHash", f"{here}:checks", pictures, [60, 640, 480]),
        Case("all pairs of hashes within 7 bits", f"{here}:hashes", {}, 1_000_000),
        Case("10 neighbours, 64 numbers each", f"{here}:nearest", {"scikit-learn, brute": f"{here}:sklearn"}, 20_000),
    ]


def _labels_and_probabilities(n: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    given = rng.integers(0, 10, n).astype(np.int32)
    probs = rng.dirichlet(np.full(10, 0.3), n)
    probs[np.arange(n), given] += 1
    is_wrong = rng.random(n) < 0.1
    given[is_wrong] = rng.integers(0, 10, int(is_wrong.sum()))
    return given, probs / probs.sum(axis=1, keepdims=True)


def confident(n: int) -> Work:
    from labelqa.noise.labels._confident_learning import find_issues

    given, probs = _labels_and_probabilities(n)
    return lambda: find_issues(given, probs, "prune_by_noise_rate")


def cleanlab(n: int) -> Work:
    from cleanlab.filter import find_label_issues

    given, probs = _labels_and_probabilities(n)
    return lambda: find_label_issues(labels=given.astype(np.int64), pred_probs=probs, n_jobs=1)


def _jpegs(size: list[int]) -> dict[str, bytes]:
    from PIL import Image

    n, width, height = size
    rng = np.random.default_rng(0)
    out = {}
    for k in range(n):
        # smooth shapes and some noise: about as many bytes as a photograph
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((width, height))
        pixels = np.clip(np.asarray(coarse) + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=90)
        out[f"{k:05d}"] = stream.getvalue()
    return out


def _folder(size: list[int]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="labelqa-bench-"))
    for name, data in _jpegs(size).items():
        (folder / f"{name}.jpg").write_bytes(data)
    return folder


def checks(size: list[int]) -> Work:
    from labelqa.noise import image_issues

    folder = _folder(size)
    return lambda: image_issues(folder, n_jobs=1)


def cleanvision(size: list[int]) -> Work:
    from cleanvision import Imagelab

    folder = _folder(size)
    return lambda: Imagelab(data_path=str(folder)).find_issues(n_jobs=1, verbose=False)


def both(size: list[int]) -> Work:
    import imagehash
    from cleanvision import Imagelab
    from PIL import Image

    folder = _folder(size)
    kinds = ("dark", "light", "odd_aspect_ratio", "low_information", "blurry", "grayscale", "odd_size")

    def work() -> None:
        Imagelab(data_path=str(folder)).find_issues({kind: {} for kind in kinds}, n_jobs=1, verbose=False)
        for path in folder.iterdir():
            with Image.open(path) as image:
                imagehash.phash(image)

    return work


def hashes(n: int) -> Work:
    from labelqa._kernels.pictures.hamming import near_pairs

    words = np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64)
    return lambda: near_pairs(words, 7)


def _points(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(n, 64)).astype(np.float32)


def nearest(n: int) -> Work:
    from labelqa._kernels.neighbours import nearest as find

    points = _points(n)
    return lambda: find(points, 10)


def sklearn(n: int) -> Work:
    from sklearn.neighbors import NearestNeighbors

    points = _points(n)
    return lambda: NearestNeighbors(n_neighbors=11, algorithm="brute").fit(points).kneighbors()
