"""Opening one picture safely: in full, upright, as uint8 pixels; needs numpy and Pillow and nothing else.

Serving an exported model reads pictures through this module alone, exactly as training did.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._options import check_choice
from labelqa.errors import ImageError, TableError

Pixels = NDArray[np.uint8]
#: What a picture may be given as: a path, the bytes of a file, or pixels.
Picture = str | os.PathLike[str] | bytes | Pixels

#: What Pillow registers and is no picture by itself: documents, drawings, films and containers of data.
_NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"}
#: Grey values of more than 8 bits; Pillow would clip them at 255.
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N", "I"}
MODES = ("RGB", "L")
#: Above this a file is refused before its pixels are unpacked: a small file can claim to be enormous.
MAX_PIXELS = 200_000_000


#: The tag of an image file that says how it was turned.
_ORIENTATION = 0x0112


@cache
def suffixes() -> frozenset[str]:
    """Give the suffixes, in small letters, of all files that are pictures: what the installed Pillow can read."""
    from PIL import Image

    known = Image.registered_extensions()
    readable = {"MPO", *Image.OPEN} - _NO_PICTURES
    return frozenset(suffix for suffix, kind in known.items() if kind in readable)


def open_image(picture: Picture, *, mode: str = "RGB", name: str | None = None) -> Pixels:
    """Read one picture in full, upright, as uint8 pixels.

    Parameters
    ----------
    picture
        A path, the bytes of an image file, or pixels of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4).
    mode
        "RGB" gives (h, w, 3); "L" gives grey (h, w). Transparent pixels are laid on white.
    name
        What the error message calls the picture; by default its path.

    Raises
    ------
    ImageError
        Where the file is missing, empty, truncated, corrupt, no image, or larger than `MAX_PIXELS`, and where values
        are outside the range of their type.

    Notes
    -----
    The type of the values says what is white, never the values of the one picture: 255 for 8 bits and whole numbers in
    an array, 65535 for 16 bits and for the 32-bit whole numbers of a file, 1 for floats and for True.

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
    if not isinstance(picture, str | os.PathLike | bytes):
        raise ImageError(
            f"Found {called} as a picture; give a path, the bytes of an image file, or an array of pixels."
        )
    from PIL import Image, ImageOps, UnidentifiedImageError

    stream = io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture)
    try:
        with _own_limit(), Image.open(stream) as opened:
            _check_size(opened.width, opened.height, str(called))
            opened.load()
            return _flatten(ImageOps.exif_transpose(opened), mode, str(called))
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


def size_of(picture: str | os.PathLike[str] | bytes) -> tuple[int, int]:
    """Give the width and height of a picture, a file or its bytes, as it is shown, from its header alone.

    Parameters
    ----------
    picture
        The path of an image file, or its bytes.

    Raises
    ------
    ImageError
        Where the file is missing or no picture.

    Examples
    --------
    >>> from labelqa.images import size_of
    >>> size_of("sample_data/inspection/images/part_000.jpg")
    (240, 180)
    """
    from PIL import Image, UnidentifiedImageError

    called = "the given picture" if isinstance(picture, bytes) else picture

    try:
        stream = io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture)
        with _own_limit(), Image.open(stream) as opened:
            width, height = opened.size
            is_turned = _may_turn(opened) and opened.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    except FileNotFoundError as error:
        raise ImageError(f"There is no image file {called}; check the folder.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"{called} is not an image that can be read; replace the file.") from error
    return (height, width) if is_turned else (width, height)


#: The chunks of a PNG that may say how it is to be turned.
_TELLING = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")


def _may_turn(opened: Any) -> bool:
    """Tell whether a picture may say that it is shown turned; to ask a PNG itself decodes all its pixels."""
    if opened.format != "PNG":
        return True
    stream, before = opened.fp, opened.fp.tell()
    try:
        stream.seek(8)  # behind the signature
        while len(head := stream.read(8)) == 8:
            if head[4:] in _TELLING:
                return True
            # the length of the chunk, and its checksum
            stream.seek(int.from_bytes(head[:4], "big") + 4, io.SEEK_CUR)
        return False
    finally:
        stream.seek(before)


@contextmanager
def _own_limit() -> Iterator[None]:
    """Put our limit in the place of Pillow's, which is lower; it warns above and refuses from twice as many."""
    from PIL import Image

    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = MAX_PIXELS
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _check_size(width: int, height: int, called: str) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{called} claims {width} x {height} pixels; more than {MAX_PIXELS:,} are not read. Make it smaller, or "
            "leave it out."
        )


def _flatten(image: Any, mode: str, called: str) -> Pixels:
    from PIL import Image

    if image.mode in _DEEP or image.mode == "F":
        image = Image.fromarray(_scaled(np.asarray(image), 1 if image.mode == "F" else 65535, called))
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    if mode == "L":
        return np.array(image.convert("RGB").convert("L"))
    return np.array(image.convert("RGB"))


def _scaled(values: NDArray[Any], white: int, called: str) -> Pixels:
    """Bring values from 0 to `white` to 0-255; what is outside is refused, because no scale fits it for sure."""
    low, high = float(np.min(values)), float(np.max(values))
    if not (low >= 0 and high <= white):
        raise ImageError(
            f"{called} holds {values.dtype} values from {low:g} to {high:g}, and values of this type go from 0 to "
            f"{white}; bring them to uint8 by one scale for all pictures (value / largest possible value * 255)."
        )
    if white == 255:
        return values.astype(np.uint8)
    return np.asarray(np.round(values.astype(np.float64) / white * 255), dtype=np.float64).astype(np.uint8)


def _white(dtype: np.dtype[Any]) -> int:
    """Give the value of white in an array of this type."""
    return 1 if dtype.kind in "fb" else 65535 if dtype == np.uint16 else 255


def _from_array(pixels: NDArray[Any], mode: str, called: str) -> Pixels:
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"{called} has shape {pixels.shape}; give pixels of shape (height, width) or (height, width, 3)."
        )
    if pixels.dtype.kind not in "uifb":
        raise ImageError(f"{called} holds {pixels.dtype} values; give uint8, uint16, or floats from 0 to 1.")
    if pixels.dtype != np.uint8:
        pixels = _scaled(pixels, _white(pixels.dtype), called)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3 and pixels.shape[2] == 3 and mode == "RGB":
        return pixels
    from PIL import Image

    return _flatten(Image.fromarray(pixels), mode, called)


def stack_of(images: Any) -> list[Any] | None:
    """Give the pictures of an array (n, h, w[, 3]) or of an array, list or tuple of pictures; None for anything else.

    Raises
    ------
    TableError
        For an array of another shape, and for one picture where several are needed.
    """
    if isinstance(images, list | tuple) or (isinstance(images, np.ndarray) and images.ndim == 1):
        return list(images)
    if not isinstance(images, np.ndarray):
        return None
    if images.ndim not in (3, 4):
        raise TableError(f"An array of pictures has shape (n, height, width[, 3]); found {images.shape}.")
    if images.ndim == 3 and images.shape[2] == 3:
        raise TableError(
            f"Found an array of shape {images.shape}, which is one picture; give several as (n, height, width[, 3]), "
            "or this one as array[None]."
        )
    return list(images)
