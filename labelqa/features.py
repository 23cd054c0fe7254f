"""Numbers that describe pictures, made without pretrained weights.

Conventions
-----------
Every picture is brought to one small square of RGB floats between 0 and 1 (`squares`). From that come four kinds:

- ``"hog"``: histograms of oriented gradients with linear orientation binning: shape;
- ``"colour"``: soft histograms of each channel and the mean colours of a 4 x 4 grid;
- ``"detail"``: how far the strongest spots, light, dark or coloured, stand out from their surroundings at four scales,
  wherever they are: small faults;
- ``"patches"``: matches with a dictionary of small patches learned from the pictures at hand.

All but the last are fixed formulas; patches are stronger on thousands of natural pictures and need their dictionary
kept. The same recipe gives the same numbers for new pictures, in Python and in an exported graph.

Questions
---------
- How do I describe pictures by numbers? `image_features`: a table by item id, with named columns.
- How do I describe new pictures in the same way? Keep the `FeatureRecipe` that `fit_recipe` gives.
- Which kinds does an exported ONNX graph repeat from raw pixels? `EXPORTABLE`.

Map
---
`fit_recipe` -> `FeatureRecipe`; `image_features`; `KINDS`, `EXPORTABLE`.

References
----------
Dalal, Triggs, "Histograms of oriented gradients for human detection", CVPR 2005. Coates, Ng, "The importance of
encoding versus training with sparse coding and vector quantization", ICML 2011 (patches).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._columns import in_order_of, unnamed_rows
from labelqa._files import replacing
from labelqa._kernels.pictures import detail as _detail
from labelqa._kernels.pictures import hog as _hog
from labelqa._kernels.pictures import patches as _patches
from labelqa._labels import by_item_id, is_ordered
from labelqa._options import check_choice
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import ImageError, OptionError, shown
from labelqa.images import ImageSource, Picture, Pixels, as_source, open_image

__all__ = ["EXPORTABLE", "KINDS", "FeatureRecipe", "fit_recipe", "image_features"]

Floats32 = NDArray[np.float32]

#: All kinds there are.
KINDS = ("hog", "colour", "detail", "patches")
#: The kinds an exported graph can repeat from raw pixels.
EXPORTABLE = ("hog", "colour", "detail")
#: Side of a HOG cell in pixels of the square, and orientations told apart.
HOG_CELL, HOG_BINS = 8, 9
#: Bins of a channel's histogram, and side of the grid of mean colours.
COLOUR_BINS, COLOUR_GRID = 8, 4
#: Weights of R, G and B in grey (ITU-R BT.601, as in Pillow).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
#: Maps on which details are looked for, as weights of R, G and B: brightness, and two differences of colour.
COLOUR_MAPS = np.array([LUMA, [1, -1, 0], [-0.5, -0.5, 1]], np.float32)
_BATCH = 256
_N_PATCHES = 100_000


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FeatureRecipe:
    """How pictures become numbers; the same recipe gives the same numbers for the same picture.

    Attributes
    ----------
    kinds
        Which features, in the order of their columns.
    size
        Side of the square each picture is brought to, pixels; a multiple of 8, at least 16.
    mean, dictionary
        What "patches" learned, shapes (108,) and (108, c); empty without it.
    stride
        Step between patches.
    """

    kinds: tuple[str, ...] = EXPORTABLE
    size: int = 32
    mean: Floats32 | None = None
    dictionary: Floats32 | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        for kind in self.kinds:
            check_choice("kinds", kind, KINDS)
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise OptionError(f"kinds={self.kinds!r} names no kind or one twice; choose among {shown(KINDS)}.")
        if self.size % HOG_CELL or self.size < 2 * HOG_CELL:
            raise OptionError(f"size={self.size!r} is not usable; choose a multiple of {HOG_CELL} from 16 up.")
        if "patches" in self.kinds and self.dictionary is None:
            raise OptionError("kinds holds 'patches' but there is no dictionary; make the recipe with fit_recipe().")

    def __repr__(self) -> str:
        return f"FeatureRecipe(kinds={self.kinds!r}, size={self.size}, n_features={len(self.names)})"

    @property
    def is_exportable(self) -> bool:
        """Whether an exported graph can compute these features from raw pixels."""
        return set(self.kinds) <= set(EXPORTABLE)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        n_blocks = self.size // HOG_CELL - 1
        n_centres = 0 if self.dictionary is None else self.dictionary.shape[1]
        lengths = {
            "hog": n_blocks * n_blocks * 4 * HOG_BINS,
            "colour": 3 * COLOUR_BINS + 3 * COLOUR_GRID * COLOUR_GRID,
            "detail": len(COLOUR_MAPS) * len(_detail.WINDOWS) * _detail.N_STATISTICS,
            "patches": 8 * n_centres,
        }
        return [f"{kind}_{k}" for kind in self.kinds for k in range(lengths[kind])]

    @property
    def digest(self) -> str:
        """A hash of everything that decides the numbers."""
        fixed = (HOG_CELL, HOG_BINS, COLOUR_BINS, COLOUR_GRID)
        parts = f"6|{tuple(self.kinds)}|{self.size}|{self.stride}|{fixed}".encode()
        for array in (self.mean, self.dictionary):
            parts += b"" if array is None else array.tobytes()
        return hashlib.blake2b(parts, digest_size=16).hexdigest()

    def compute(self, rgb: Floats32) -> Floats32:
        """Compute the features of squares (see `squares`): (n, size, size, 3) -> (n, d) float32."""
        if not len(rgb):
            return np.empty((0, len(self.names)), np.float32)
        made = []
        for kind in self.kinds:
            if kind == "hog":
                made.append(hog(rgb @ LUMA))
            elif kind == "colour":
                made.append(colour(rgb))
            elif kind == "detail":
                made.append(detail(rgb))
            else:
                made.append(self._patches(rgb))
        return np.hstack(made)

    def _patches(self, rgb: Floats32) -> Floats32:
        if self.mean is None or self.dictionary is None:
            raise OptionError("This recipe has no dictionary of patches; make one with fit_recipe().")
        places = (self.size - _patches.SIDE) // self.stride + 1
        out = []
        for start in range(0, len(rgb), 32):
            run = rgb[start : start + 32]
            match = (_patches.extract(run, self.stride) - self.mean) @ self.dictionary
            out.append(_patches.pool(match, len(run), places, _patches.THRESHOLD))
        return np.vstack(out)


def squares(pictures: Sequence[Picture], size: int = 32) -> Floats32:
    """Bring pictures to squares of RGB floats between 0 and 1.

    Each channel is resized on its own as 32-bit floats with Pillow's antialiased bilinear filter; ONNX's
    ``Resize(linear, antialias=1, exclude_outside=1)`` does the same.

    Returns
    -------
    array of shape (n, size, size, 3), float32
    """
    out = np.empty((len(pictures), size, size, 3), np.float32)
    for place, picture in enumerate(pictures):
        out[place] = _square(open_image(picture), size)
    return out


def _square(pixels: Pixels, size: int) -> Floats32:
    if pixels.shape[:2] == (size, size):
        return pixels.astype(np.float32) / np.float32(255)
    from PIL import Image

    resized = [
        np.asarray(Image.fromarray(pixels[:, :, c].astype(np.float32)).resize((size, size), Image.Resampling.BILINEAR))
        for c in range(3)
    ]
    return np.stack(resized, axis=-1).astype(np.float32) / np.float32(255)


def hog(grey: Floats32, *, cell: int = HOG_CELL, n_bins: int = HOG_BINS) -> Floats32:
    """Describe shape by histograms of oriented gradients, with linear orientation binning.

    Gradients are differences of the right and left, lower and upper neighbour (edges repeat); their strengths are
    summed by `cell` x `cell` pixels and orientation, each shared between the two nearest of `n_bins` orientations, and
    2 x 2 blocks of cells are normalised (L2-Hys). Because nothing jumps, small rounding differences stay small.

    Parameters
    ----------
    grey
        (n, s, s), 0 to 1; s is a multiple of `cell` and at least two cells.

    Returns
    -------
    array of shape (n, (s / cell - 1) ** 2 * 4 * n_bins), float32

    References
    ----------
    Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> hog(np.zeros((2, 32, 32), np.float32)).shape
    (2, 324)
    """
    grey = np.ascontiguousarray(grey, dtype=np.float32)
    return np.asarray(_hog.block_normalise(_hog.orientation_cells(grey, cell, n_bins)))


def colour(rgb: Floats32) -> Floats32:
    """Describe colours: soft histograms of the channels, then the mean colours of a grid: (n, s, s, 3) -> (n, 72)."""
    rgb = np.ascontiguousarray(rgb, dtype=np.float32)
    n, side = rgb.shape[:2]
    step = side // COLOUR_GRID
    grid = rgb.reshape(n, COLOUR_GRID, step, COLOUR_GRID, step, 3).mean(axis=(2, 4))
    return np.hstack([_hog.colour_histogram(rgb, COLOUR_BINS), grid.reshape(n, 3 * COLOUR_GRID**2)])


def detail(rgb: Floats32) -> Floats32:
    """Describe the strongest spots: how far they stand out from their surroundings, in brightness and colour.

    For each map of `COLOUR_MAPS` and four pairs of windows, the difference of the windows' means round every pixel is
    summed up by its highest and lowest value and its root mean square.

    Parameters
    ----------
    rgb
        (n, s, s, 3), 0 to 1.

    Returns
    -------
    array of shape (n, 60), float32
    """
    maps = [np.ascontiguousarray(rgb @ weights, dtype=np.float32) for weights in COLOUR_MAPS]
    return np.hstack([_detail.standing_out(each, *windows) for each in maps for windows in _detail.WINDOWS])


@takes_tables()
def fit_recipe(
    images: Any,
    *,
    kinds: Sequence[str] = EXPORTABLE,
    size: int = 32,
    n_centres: int = 256,
    stride: int = 1,
    seed: int = 0,
    items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
) -> FeatureRecipe:
    """Fix how pictures become numbers; "patches" learns a dictionary from `images`, other kinds nothing.

    Parameters
    ----------
    images
        See `labelqa.images.as_source`.
    kinds
        Among "hog", "colour", "detail" and "patches".
    size
        Side of the square each picture is brought to.
    n_centres, stride
        Patches in the dictionary, and the step between patches of a picture.
    seed
        Same pictures and seed, same recipe; the order of the pictures changes nothing.
    items
        Which pictures, and their paths; see `labelqa.images.as_source`.

    Raises
    ------
    OptionError
        For an unknown kind, or a size that is no multiple of 8 from 16 up.
    ImageError
        Where "patches" has no pictures to learn from, or one cannot be read.

    References
    ----------
    Dalal, Triggs, "Histograms of oriented gradients for human detection", CVPR 2005. Coates, Ng, "The importance of
    encoding versus training with sparse coding and vector quantization", ICML 2011 (patches).

    Examples
    --------
    >>> import numpy as np
    >>> fit_recipe(np.zeros((3, 40, 50, 3), np.uint8), kinds=("colour",), size=16)
    FeatureRecipe(kinds=('colour',), size=16, n_features=72)
    """
    kinds = tuple(kinds)
    source = as_source(images, items)
    if "patches" not in kinds:
        return FeatureRecipe(kinds=kinds, size=size)
    rng = np.random.default_rng(seed)
    # pictures are chosen by content, so that neither their names nor their order matter
    chosen = sorted(source.item_ids, key=source.digest)[:5000]
    per_picture = -(-_N_PATCHES // max(len(chosen), 1))
    cut = []
    for start in range(0, len(chosen), _BATCH):
        rgb = squares([source.open(item) for item in chosen[start : start + _BATCH]], size)
        every = _patches.extract(rgb, 1).reshape(len(rgb), -1, 3 * _patches.SIDE**2)
        where = rng.integers(0, every.shape[1], (len(rgb), min(per_picture, every.shape[1])))
        cut.append(np.take_along_axis(every, where[:, :, None], axis=1).reshape(-1, every.shape[2]))
    if not cut:
        raise ImageError("There are no pictures to learn patches from; give at least one, or choose other kinds.")
    mean, dictionary = _patches.learn(np.vstack(cut)[:_N_PATCHES], n_centres, rng)
    return FeatureRecipe(kinds=kinds, size=size, mean=mean, dictionary=dictionary, stride=stride)


@takes_tables()
def image_features(
    images: Any,
    *,
    kinds: Sequence[str] = EXPORTABLE,
    size: int = 32,
    seed: int = 0,
    recipe: FeatureRecipe | None = None,
    items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
    unreadable: str = "refuse",
    cache: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Describe every picture by a row of numbers that a simple classifier can learn from.

    Parameters
    ----------
    images
        A folder, an `ImageSource`, a mapping item id -> bytes, path or pixels, a table with `item_id` and `image`, or
        an array of pixels; see `labelqa.images.as_source`.
    kinds, size, seed
        See `fit_recipe`.
    recipe
        A recipe made before, for new pictures; then `kinds`, `size` and `seed` do not count.
    items
        Which pictures, and their paths; see `labelqa.images.as_source`.
    unreadable
        "refuse": pictures that are missing or cannot be read are an error that lists them. "leave_out": their rows are
        missing from the table (`ImageSource.check` lists them).
    cache
        A folder that keeps features by content of the picture and recipe; only new pictures are computed.

    Returns
    -------
    DataFrame
        One float32 row per picture, index `item_id` in natural order. Pictures are read in runs of 256, so memory does
        not grow with their size.

    Raises
    ------
    ImageError
        For unreadable pictures.
    OptionError
        For an unknown kind, an unusable size, or another word for `unreadable`.

    Examples
    --------
    >>> import numpy as np
    >>> image_features(np.zeros((3, 40, 50, 3), np.uint8)).shape
    (3, 456)
    """
    check_choice("unreadable", unreadable, ("refuse", "leave_out"))
    source = as_source(images, items)
    if source.missing and unreadable == "refuse":
        raise ImageError(
            f"{len(source.missing):,} items have no picture ({shown(source.missing)}); check the folder and the paths, "
            "or choose unreadable='leave_out'."
        )
    if recipe is None:
        recipe = fit_recipe(source, kinds=kinds, size=size, seed=seed)
    known = _Cache(cache, recipe)
    problems: dict[str, str] = {}
    ids: list[str] = []
    rows: list[Floats32] = []
    for run in source.batches(_BATCH):
        done, values = _run(source, run, recipe, known, problems)
        ids += done
        rows.append(values)
    if problems and unreadable == "refuse":
        raise ImageError(
            f"{len(problems):,} pictures cannot be read; the first: {next(iter(problems.values()))} All: "
            f"{shown(problems, 10)}. Or choose unreadable='leave_out'."
        )
    known.save()
    values = np.vstack(rows) if rows else np.empty((0, len(recipe.names)), np.float32)
    return pd.DataFrame(values, index=pd.Index(ids, name="item_id", dtype="str"), columns=recipe.names)


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemFeatures:
    """Numbers that describe items.

    Attributes
    ----------
    table
        One row per item, index item id, columns named by text.
    recipe
        How new pictures become the same columns; None where the numbers were given without one.
    """

    table: pd.DataFrame
    recipe: FeatureRecipe | None


def is_features(data: Any) -> bool:
    """Tell numbers from pictures: a table of pictures has the column `image`, an array of them three axes or four."""
    if isinstance(data, np.ndarray):
        return data.ndim == 2 or data.dtype.names is not None
    if is_ordered(data):
        # the first will do: a list of pictures can be long
        return len(data) > 0 and np.ndim(data[0]) == 1
    return isinstance(data, pd.DataFrame) and "image" not in data.columns


def item_features(data: Any, *, recipe: FeatureRecipe | None = None, seed: int = 0) -> ItemFeatures:
    """Take features by item id as they are, or compute them where pictures are given.

    Parameters
    ----------
    data
        A table of numbers with the item ids as index or column, an array or list (n, d) whose items are called "0",
        "1"..., or pictures in any form of `labelqa.images.as_source`.
    recipe
        How pictures become numbers; by default that of `fit_recipe`.
    seed
        For `fit_recipe`.
    """
    if is_features(data):
        table = by_item_id(pd.DataFrame(unnamed_rows(data)) if is_ordered(data) else data)
        return ItemFeatures(table=table.set_axis([str(column) for column in table.columns], axis=1), recipe=recipe)
    source: ImageSource = as_source(data)
    recipe = fit_recipe(source, seed=seed) if recipe is None else recipe
    return ItemFeatures(table=image_features(source, recipe=recipe), recipe=recipe)


def features_of(columns: list[str], data: Any) -> pd.DataFrame:
    """Take new features for what was trained on `columns`, by the one rule of `labelqa._columns`."""
    if is_ordered(data):
        return pd.DataFrame(unnamed_rows(data, columns), columns=pd.Index(columns))
    return pd.DataFrame(in_order_of(columns, by_item_id(data)))


def _run(
    source: ImageSource, run: list[str], recipe: FeatureRecipe, known: _Cache, problems: dict[str, str]
) -> tuple[list[str], Floats32]:
    done: list[str] = []
    values: list[Floats32 | None] = []
    new: list[tuple[int, str, Floats32]] = []
    for item in run:
        try:
            digest = source.digest(item) if known.is_on else ""
            row = known.rows.get(digest)
            if row is None:
                new.append((len(done), digest, _square(source.open(item), recipe.size)))
        except ImageError as error:
            problems[item] = str(error)
            continue
        done.append(item)
        values.append(row)
    if new:
        for (place, digest, _), row in zip(new, recipe.compute(np.stack([square for *_, square in new])), strict=True):
            values[place] = row
            known.add(digest, row)
    return done, np.vstack(values) if values else np.empty((0, len(recipe.names)), np.float32)  # type: ignore[arg-type]


class _Cache:
    """Feature rows by digest of the picture, kept in one file per recipe."""

    def __init__(self, folder: str | os.PathLike[str] | None, recipe: FeatureRecipe) -> None:
        self.is_on = folder is not None
        self.rows: dict[str, Floats32] = {}
        self._n_saved = 0
        if folder is not None:
            self._path = Path(folder) / f"features-{recipe.digest}.npz"
            self._load()

    def _load(self) -> None:
        if self._path.exists():
            with np.load(self._path, allow_pickle=False) as stored:
                self.rows = dict(zip(stored["digests"].tolist(), stored["values"], strict=True))
        self._n_saved = len(self.rows)

    def add(self, digest: str, row: Floats32) -> None:
        if self.is_on:
            self.rows[digest] = row

    def save(self) -> None:
        if not self.is_on or len(self.rows) == self._n_saved:
            return
        values = np.vstack(list(self.rows.values()))
        with replacing(self._path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, digests=np.asarray(list(self.rows)), values=values)
