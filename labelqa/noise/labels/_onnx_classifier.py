"""An image classifier in an ONNX file: what it takes, what it gives, and how pictures are brought to that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._onnx import is_runtime_error, open_model
from labelqa.errors import ModelError, OptionError
from labelqa.images import Pixels

Floats = NDArray[np.float64]

_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
#: Brings pixels to 0..1, as most models were trained.
SCALE = 1 / 255
_BATCH = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class PixelScaling:
    """What is done to pixels before a model of floats sees them: `(pixels * scale - mean) / std`.

    Attributes
    ----------
    scale
        One number.
    mean, std
        One number, or one for each of R, G and B.
    """

    scale: float = SCALE
    mean: float | Sequence[float] = 0.0
    std: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        for name, value in (("scale", self.scale), ("mean", self.mean), ("std", self.std)):
            found = np.asarray(value, dtype=np.float64)
            shapes = ((),) if name == "scale" else ((), (3,))
            if found.shape not in shapes or not np.isfinite(found).all() or (name != "mean" and not (found > 0).all()):
                needed = "a number" if name == "scale" else "a number, or one for each of R, G and B"
                raise OptionError(
                    f"{name}={value!r} is not usable; give {needed}{'' if name == 'mean' else ', above 0'}."
                )

    @property
    def is_default(self) -> bool:
        """Whether nobody asked for anything but pixels from 0 to 1."""
        return bool(self.scale == SCALE and np.all(np.equal(self.mean, 0)) and np.all(np.equal(self.std, 1)))

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Scale pixels (..., 3)."""
        mean, std = (np.asarray(value, np.float32) for value in (self.mean, self.std))
        return np.asarray((pixels.astype(np.float32) * np.float32(self.scale) - mean) / std, dtype=np.float32)


class OnnxClassifier:
    """A graph from pictures to one row of numbers each; see `labelqa.noise.model_probabilities` for the options.

    Attributes
    ----------
    size
        Height and width that pictures are brought to; None for their own.
    batch
        Pictures that go in together, at most.
    """

    def __init__(self, file: Path, *, size: int | tuple[int, int] | None, scaling: PixelScaling) -> None:
        self.file = file
        self._session = open_model(file, purpose="Running a model", advice="give a whole ONNX file")
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
            found = ", ".join(f"{one.name}: {one.type} {one.shape}" for one in inputs)
            raise ModelError(
                f"{file} takes {found or 'nothing'}; an image classifier is needed, with one input of shape (n, 3, "
                "height, width) or (n, height, width, 3), float32 or uint8."
            )
        shape = inputs[0].shape
        self._input, self._type = inputs[0].name, _TYPES[inputs[0].type]
        self._channels_first = _channels_first(file, shape)
        self._n_fixed = shape[0] if isinstance(shape[0], int) else None
        self.batch = self._n_fixed or _BATCH
        self.size = _size(file, shape[2:] if self._channels_first else shape[1:3], size)
        self._scaling = scaling
        if self._type is np.uint8 and not scaling.is_default:
            raise OptionError(f"{file} takes raw pixels (uint8); leave out scale=, mean= and std=.")
        self._output = _output(self._session.get_outputs())

    def fit(self, pixels: Pixels) -> Pixels:
        """Bring one picture (h, w, 3) to the size that the graph takes: the whole picture, nothing is cut off."""
        if self.size is None or pixels.shape[:2] == self.size:
            return pixels
        from PIL import Image

        height, width = self.size
        return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))

    def run(self, pixels: NDArray[np.uint8]) -> Floats:
        """Run pictures (n, h, w, 3) of the right size: float64 (n, k), as the graph gives them.

        Raises
        ------
        ModelError
            Where the graph fails, or gives something else than one row of numbers for each picture.
        """
        n_images = len(pixels)
        if self._n_fixed is not None:
            # the last run may be short: repeat a picture, forget its rows
            pixels = np.concatenate([pixels, np.repeat(pixels[-1:], self._n_fixed - n_images, axis=0)])
        batch: NDArray[Any] = pixels if self._type is np.uint8 else self._scaling(pixels)
        if self._channels_first:
            batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
        try:
            said = np.asarray(self._session.run([self._output], {self._input: batch})[0], dtype=np.float64)
        except Exception as error:
            if not is_runtime_error(error):
                raise
            raise ModelError(
                f"{self.file} fails on pictures of {pixels.shape[1]} x {pixels.shape[2]} pixels ({str(error)[:200]}); "
                "give size=, the height and width it was made for."
            ) from error
        if said.ndim != 2 or len(said) != len(pixels):
            raise ModelError(
                f"The output {self._output!r} of {self.file} has shape {said.shape} for {len(pixels)} pictures; a "
                "classifier gives (n, number of classes)."
            )
        return said[:n_images]


def _channels_first(file: Path, shape: list[Any]) -> bool:
    if 3 not in (shape[1], shape[3]):
        raise ModelError(
            f"The input of {file} has shape {shape}; three colours are needed in second or last place, as a fixed "
            "number: (n, 3, height, width) or (n, height, width, 3)."
        )
    return bool(shape[1] == 3)


def _size(file: Path, fixed: list[Any], wanted: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Put the graph's own size and the given one together."""
    own = [side if isinstance(side, int) else None for side in fixed]
    given = tuple(wanted) if isinstance(wanted, tuple | list) else (wanted, wanted)
    if wanted is not None and (
        len(given) != 2 or not all(isinstance(side, int | np.integer) and side > 0 for side in given)
    ):
        raise OptionError(f"size={wanted!r} is no size; give a number of pixels, or (height, width).")
    both = [mine if mine is not None else other for mine, other in zip(own, given, strict=True)]
    if wanted is not None and tuple(both) != given:
        raise OptionError(f"size={wanted!r} does not fit {file}, which takes {own[0]} x {own[1]} pixels; leave it out.")
    height, width = both
    if (height is None) != (width is None):
        raise OptionError(f"{file} fixes one side of its pictures ({fixed}) only; give size=(height, width).")
    return None if height is None or width is None else (height, width)


def _output(outputs: list[Any]) -> str:
    """Take the output called probabilities, else the first with a row of floats for each picture, else the first."""
    names = [one.name for one in outputs]
    if "probabilities" in names:
        return "probabilities"
    rows = [one.name for one in outputs if one.type != "tensor(int64)" and len(one.shape or ()) == 2]
    return str((rows or names)[0])
