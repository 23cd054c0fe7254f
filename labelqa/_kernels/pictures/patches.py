"""Learned patch features (Coates and Ng, 2011): contrast-normalised, whitened patches against a k-means dictionary."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

#: Side of a patch, pixels of the resized picture.
SIDE = 6
#: Added to a patch's variance before dividing by its root, on the scale 0 to 1; flat patches stay quiet.
CONTRAST = 10.0 / 255.0**2
#: Added to the eigenvalues of the patch covariance before whitening.
WHITEN = 0.1
#: Share of a match that does not count: the threshold of the soft-threshold encoder.
THRESHOLD = 0.25


@njit(cache=True)
def extract(rgb: Floats32, stride: int) -> Floats32:
    """Cut all patches and normalise their contrast: (n, s, s, 3) -> (n * p * p, SIDE * SIDE * 3)."""
    n, side, _, _ = rgb.shape
    places = (side - SIDE) // stride + 1
    length = SIDE * SIDE * 3
    out = np.empty((n * places * places, length), np.float32)
    at = 0
    for i in range(n):
        for row in range(places):
            for column in range(places):
                k = 0
                total = np.float32(0)
                for y in range(row * stride, row * stride + SIDE):
                    for x in range(column * stride, column * stride + SIDE):
                        for c in range(3):
                            out[at, k] = rgb[i, y, x, c]
                            total += out[at, k]
                            k += 1
                mean = total / np.float32(length)
                square = np.float32(0)
                for k in range(length):
                    out[at, k] -= mean
                    square += out[at, k] * out[at, k]
                scale = np.float32(1) / np.sqrt(square / np.float32(length) + np.float32(CONTRAST))
                for k in range(length):
                    out[at, k] *= scale
                at += 1
    return out


def learn(patches: Floats32, n_centres: int, rng: np.random.Generator, n_steps: int = 12) -> tuple[Floats32, Floats32]:
    """Whiten patches and cluster their directions (spherical k-means).

    Parameters
    ----------
    patches
        (m, d), contrast-normalised.

    Returns
    -------
    mean, dictionary
        (d,) and (d, n_centres): the match of a patch with every centre is ``(patch - mean) @ dictionary``.
    """
    mean = patches.mean(axis=0, dtype=np.float64)
    centred = patches - mean.astype(np.float32)
    values, vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred / max(len(centred), 1))
    whiten = ((vectors / np.sqrt(np.maximum(values, 0) + WHITEN)) @ vectors.T).astype(np.float32)
    white = centred @ whiten
    centres = rng.standard_normal((n_centres, white.shape[1])).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    for _ in range(n_steps):
        match = white @ centres.T
        best = np.abs(match).argmax(axis=1)
        strength = match[np.arange(len(match)), best]
        # damped by the old centre, so that a centre that nothing chose stays where it is
        centres += _sums(white, best, strength, n_centres)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True) + np.float32(1e-10)
    return mean.astype(np.float32), np.ascontiguousarray((centres @ whiten.T).T)


@njit(cache=True)
def _sums(rows: Floats32, group: NDArray[np.int64], weight: Floats32, n_groups: int) -> Floats32:
    out = np.zeros((n_groups, rows.shape[1]), np.float32)
    for i in range(rows.shape[0]):
        for k in range(rows.shape[1]):
            out[group[i], k] += weight[i] * rows[i, k]
    return out


@njit(cache=True)
def pool(match: Floats32, n: int, places: int, threshold: float) -> Floats32:
    """Average the positive and the negative part of each match over the four quarters of each picture, take the root.

    Parameters
    ----------
    match
        (n * places * places, c).

    Returns
    -------
    array of shape (n, 4 * 2 * c)
    """
    n_centres = match.shape[1]
    out = np.zeros((n, 4, 2 * n_centres), np.float32)
    half = (places + 1) // 2
    weight = np.float32(1) / np.float32(half * half)
    cut = np.float32(threshold)
    for i in range(n):
        for row in range(places):
            for column in range(places):
                quarter = out[i, 2 * (row // half) + column // half]
                line = match[(i * places + row) * places + column]
                for k in range(n_centres):
                    value = line[k]
                    quarter[k] += max(value - cut, np.float32(0)) * weight
                    quarter[n_centres + k] += max(-value - cut, np.float32(0)) * weight
    # the root evens out rare strong and frequent weak matches, which a linear model reads better
    return np.sqrt(out).reshape(n, 8 * n_centres)
