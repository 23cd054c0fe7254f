"""The model that `check_augmentation` asks: ridge regression on random waves, by sums over folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelqa._kernels.linear import RidgeSums, ridge, sums_without

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Longs = NDArray[np.int64]

#: Random Fourier features (Rahimi and Recht, NIPS 2007): with them a model can hold an image and its mirror image as
#: one class, which a plane cannot. Two models per view, each with waves of its own: one alone depends on how they fell.
_N_WAVES, _N_MEMBERS = 600, 2
_PENALTIES = np.array([0.03, 0.1, 0.3, 1.0])


@dataclass(frozen=True, eq=False)
class ImageVectors:
    """Images twice over: features of shape and colour (n, d), and plain small grey pixels (n, p)."""

    features: Floats32
    pixels: Floats32

    def __getitem__(self, rows: NDArray[np.bool_]) -> ImageVectors:
        return ImageVectors(self.features[rows], self.pixels[rows])


@dataclass(frozen=True, eq=False)
class Lift:
    """From one view to the columns of a model, fixed by the untransformed images alone."""

    is_pixels: bool
    mean: Floats32
    scale: Floats32
    waves: Floats32
    phase: Floats32

    @classmethod
    def fit(cls, views: ImageVectors, seed: int, *, is_pixels: bool) -> Lift:
        """Standardise, and choose waves about as long as images are far apart."""
        random = np.random.default_rng(seed)
        rows = views.pixels if is_pixels else views.features
        spread = rows.std(axis=0)
        if is_pixels:  # all pixels have one unit; a corner that is hardly ever lit must not be blown up
            spread = np.full_like(spread, np.sqrt(np.mean(spread**2)))
        scale = np.where(spread > 1e-6, 1.0 / np.maximum(spread, 1e-6), 0.0)
        some = ((rows - rows.mean(axis=0)) * scale)[random.permutation(len(rows))[:300]]
        gram = some @ some.T
        squared = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2 * gram
        apart = float(np.median(squared[squared > 1e-6])) if (squared > 1e-6).any() else 1.0
        n_waves = min(_N_WAVES, max(len(rows) // 2, 1))
        waves = random.normal(size=(rows.shape[1], n_waves)) * (1.5 / np.sqrt(apart))
        phase = random.uniform(0, 2 * np.pi, n_waves)
        parts = (rows.mean(axis=0), scale, waves, phase)
        return cls(is_pixels, *(np.asarray(part, dtype=np.float32) for part in parts))

    def apply(self, views: ImageVectors) -> Floats32:
        """Give the columns (n, c): the waves, and beside them the features themselves."""
        rows = ((views.pixels if self.is_pixels else views.features) - self.mean) * self.scale
        lifted = np.cos(rows @ self.waves + self.phase)
        return (lifted if self.is_pixels else np.hstack([rows, lifted])).astype(np.float32)


class Probe:
    """A few models whose scores are averaged.

    Folds of images are kept as sums, so that models with and without the transformed copies follow by adding.
    """

    def __init__(self, views: ImageVectors, label: Longs, fold: Longs, *, test_folds: Longs, seed: int) -> None:
        self._views, self._label, self._fold, self._test = views, label, fold, test_folds
        self._k = int(label.max()) + 1
        self._folds = np.unique(fold)
        self._lifts = [
            Lift.fit(views, seed + member, is_pixels=is_pixels)
            for member in range(_N_MEMBERS)
            for is_pixels in (False, True)
        ]
        self._sums = [self._collect(lift.apply(views)) for lift in self._lifts]
        scores = [self._scores(self._sums, [views], float(penalty))[0] for penalty in _PENALTIES]
        right = [float(np.mean(self._chosen(one)[self.is_tested] == label[self.is_tested])) for one in scores]
        self._penalty = float(_PENALTIES[int(np.argmax(right))])
        self.plain = self._chosen(scores[int(np.argmax(right))])

    @property
    def is_tested(self) -> NDArray[np.bool_]:
        """Which images are predicted, each by models that have not seen it."""
        return np.isin(self._fold, self._test)

    def ask(self, views: ImageVectors) -> tuple[Longs, Longs, Longs]:
        """Show transformed images.

        Returns
        -------
        transformed, retrained, plain_after
            Classes (n,) named for the transformed images by models trained without them; for the same by models trained
            with the copies as well; and for the untransformed images by the latter. Each model is asked about images of
            folds it was not trained on.
        """
        sums = [self._collect(lift.apply(views)) for lift in self._lifts]
        without = self._scores(self._sums, [views], self._penalty)[0]
        both = [[a + b for a, b in zip(plain, new, strict=True)] for plain, new in zip(self._sums, sums, strict=True)]
        retrained, after = self._scores(both, [views, self._views], self._penalty)
        return self._chosen(without), self._chosen(retrained), self._chosen(after)

    def _chosen(self, scores: Floats) -> Longs:
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)

    def _collect(self, rows: Floats32) -> list[RidgeSums]:
        return [RidgeSums.collect(rows[self._fold == f], self._label[self._fold == f], self._k) for f in self._folds]

    def _scores(self, sums: list[list[RidgeSums]], asked: list[ImageVectors], penalty: float) -> list[Floats]:
        out = [np.zeros((len(self._label), self._k)) for _ in asked]
        for lift, parts in zip(self._lifts, sums, strict=True):
            others = sums_without(parts)
            for f in self._test:
                weights, intercept = ridge(others[int(np.searchsorted(self._folds, f))], np.array([penalty]))[0]
                mine = self._fold == f
                for scores, views in zip(out, asked, strict=True):
                    scores[mine] += lift.apply(views[mine]) @ weights + intercept
        return out
