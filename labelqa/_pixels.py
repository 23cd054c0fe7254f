"""Opening one picture safely: in full, upright, as uint8 pixels; needs numpy and Pillow and nothing else.

Serving an exported model reads pictures through this module alone, exactly as training did.
"""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._options import check_choice
from labelqa.errors import ImageError

Pixels = NDArray[np.uint8]
#: What a picture may be given as: a path, the bytes of a file, or pixels.
Picture = str | os.PathLike[str] | bytes | Pixels

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
MODES = ("RGB", "L")
#: Above this a file is refused before its pixels are unpacked: a small file can claim to be enormous.
MAX_PIXELS = 200_000_000


def open_image(picture: Picture, *, mode: str = "RGB", name: str | None = None) -> Pixels:
    """Read one picture in full, upright, as uint8 pixels.

    Parameters
    ----------
    picture
        A path, the bytes of an image file, or pixels of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4): uint8, or
        floats between 0 and 1.
    mode
        "RGB" gives (h, w, 3); "L" gives grey (h, w). Transparent pixels are laid on white.
    name
        What the error message calls the picture; by default its path.

    Raises
    ------
    ImageError
        Where the file is missing, empty, truncated, corrupt, no image, or larger than `MAX_PIXELS`.

    Examples
    --------
    >>> import numpy as np
    >>> open_image(np.zeros((4, 6), np.uint8)).shape
    (4, 6, 3)
    """
    check_choice("mode", mode, MODES)
    called = name or (picture if isinstance(picture, str | os.PathLike) else f"the given {type(picture).__name__}")
    if isinstance(picture, np.ndarray):
        return _from_array(picture, mode, str(called))
    from PIL import Image, ImageOps, UnidentifiedImageError

    stream = io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures by its own limit; ours is checked below
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(stream) as opened:
                _check_size(opened.width, opened.height, str(called))
                opened.load()
                return _flatten(ImageOps.exif_transpose(opened), mode)
    except FileNotFoundError as error:
        raise ImageError(f"There is no image file {called}; check the folder and the path column of items.") from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{called} is not an image that can be read; replace the file or leave the item out."
        ) from error
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(
            f"{called} cannot be read in full ({str(error) or type(error).__name__}); fetch the file again or leave "
            "the item out."
        ) from error


def _check_size(width: int, height: int, called: str) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{called} claims {width} x {height} pixels; more than {MAX_PIXELS:,} are not read. Make it smaller, or "
            "leave it out."
        )


def _flatten(image: Any, mode: str) -> Pixels:
    from PIL import Image

    if image.mode in {"I;16", "I;16B", "I;16L", "I"}:
        # Pillow would clip 16-bit values at 255
        values = np.asarray(image).astype(np.float64)
        scale = 65535.0 if values.max(initial=0) > 255 else 255.0
        image = Image.fromarray(np.round(np.clip(values / scale, 0, 1) * 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    if mode == "L":
        return np.array(image.convert("RGB").convert("L"))
    return np.array(image.convert("RGB"))


def _from_array(pixels: NDArray[Any], mode: str, called: str) -> Pixels:
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"{called} has shape {pixels.shape}; give pixels of shape (height, width) or (height, width, 3)."
        )
    if pixels.dtype != np.uint8:
        low, high = float(np.min(pixels)), float(np.max(pixels))
        is_float = pixels.dtype.kind == "f"
        if not (low >= 0 and high <= (1 if is_float else 255)):
            raise ImageError(
                f"{called} holds {pixels.dtype} values from {low:g} to {high:g}; give uint8, or floats from 0 to 1."
            )
        pixels = np.round(pixels * 255).astype(np.uint8) if is_float else pixels.astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3 and pixels.shape[2] == 3 and mode == "RGB":
        return pixels
    from PIL import Image

    return _flatten(Image.fromarray(pixels), mode)
