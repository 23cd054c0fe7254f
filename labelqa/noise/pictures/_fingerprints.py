"""Opening every picture once: numbers, hashes and faults, on all cores, memory bounded by a batch."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelqa._kernels.pictures import measure as kernels
from labelqa._options import check_jobs
from labelqa.errors import ImageError
from labelqa.images import MAX_PIXELS, ImageSource, open_image

#: Pictures are measured with a long side of at least this and less than twice this, where they are that large.
REFERENCE_SIDE = 256
#: Number of the orientation tag in Exif.
_ORIENTATION = 0x0112
_CHUNK = 64
#: Files smaller than this are unpacked faster than threads take turns.
_SMALL = 8192
COLUMNS = ("item_id", "problem", "width", "height", "orientation", *kernels.MEASURES, "hash", "digest")


def fingerprints(source: ImageSource, *, n_jobs: int | None = None) -> pd.DataFrame:
    """Measure every picture.

    Parameters
    ----------
    source
        The pictures; nothing but the numbers stays in memory.
    n_jobs
        Threads, see `labelqa._options.check_jobs`; by default one per core, but one in all for tiny pictures. Unpacking
        and measuring run outside Python's lock.

    Returns
    -------
    DataFrame
        One row per item: `item_id`, `problem` (why it cannot be read, else None), `width`, `height` (upright pixels),
        `orientation` (Exif tag, 1 where there is none), the numbers of `_kernels.pictures.measure`, `hash`
        (uint64), `digest` (of the file's bytes).
    """
    ids = source.item_ids
    chunks = [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
    wanted = check_jobs(n_jobs)
    workers = min(_n_threads(source) if n_jobs is None else wanted, max(len(chunks), 1))
    rows: list[tuple[Any, ...]] = []

    def work(chunk: list[str]) -> list[tuple[Any, ...]]:
        return [_one(source, item) for item in chunk]

    with warnings.catch_warnings():
        # set here, once: filters are shared by all threads
        warnings.simplefilter("ignore")
        if workers == 1:
            for chunk in chunks:
                rows += work(chunk)
        else:
            with ThreadPoolExecutor(workers) as pool:
                for part in pool.map(work, chunks):
                    rows += part
    rows += [_failed(item, "there is no picture") for item in source.missing]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"item_id": "str", "hash": np.uint64, "orientation": np.int64})


def _n_threads(source: ImageSource) -> int:
    """Use one thread per core, but one in all for tiny pictures."""
    sizes = []
    for picture in list(source.pictures.values())[:: max(len(source) // 16, 1)]:
        if isinstance(picture, np.ndarray):
            sizes.append(picture.nbytes)
        elif isinstance(picture, bytes):
            sizes.append(len(picture))
        elif Path(picture).is_file():
            sizes.append(Path(picture).stat().st_size)
    return 1 if sizes and np.median(sizes) < _SMALL else check_jobs(None)


def _failed(item: str, problem: str) -> tuple[Any, ...]:
    return (item, problem, np.nan, np.nan, 1, *(np.nan,) * len(kernels.MEASURES), np.uint64(0), None)


def _one(source: ImageSource, item: str) -> tuple[Any, ...]:
    picture = source.pictures[item]
    try:
        if isinstance(picture, np.ndarray):
            pixels, orientation, digest = open_image(picture), 1, source.digest(item)
            size = pixels.shape[:2]
            pixels = _averaged(pixels, _factor(size[1], size[0]))
        else:
            data = picture if isinstance(picture, bytes) else _read(picture)
            digest = hashlib.blake2b(data, digest_size=16).hexdigest()
            pixels, size, orientation = unpack(data)
    except (ImageError, OSError) as error:
        return _failed(item, _plain(error, picture))
    height, width = size
    return (
        item,
        None,
        float(width),
        float(height),
        orientation,
        *kernels.measure(pixels).tolist(),
        kernels.perceptual_hash(pixels),
        digest,
    )


def _read(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - thrice as fast as Path.read_bytes for small files
        return stream.read()


def _plain(error: Exception, picture: Any) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {picture}"
    return str(error)


def unpack(data: bytes) -> tuple[NDArray[np.uint8], tuple[int, int], int]:
    """Unpack an image file no larger than measuring needs.

    JPEG files are unpacked at a half, a quarter or an eighth of their size, which skips most of the work and reads the
    stream to its end all the same; other formats are averaged down afterwards.

    Returns
    -------
    uint8 (h, w, 3) upright, (height, width) of the full upright picture, orientation tag

    Raises
    ------
    ImageError
        Where the file is truncated, corrupt, no image or too large.
    """
    from PIL import Image, UnidentifiedImageError

    # the first bytes say JPEG: no other reader need look
    formats = ("JPEG",) if data.startswith(b"\xff\xd8\xff") else None
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            width, height = image.size
            if image.format != "JPEG" or image.mode not in ("RGB", "L"):
                return _unpack_in_full(data)
            if width * height > MAX_PIXELS:
                return _unpack_in_full(data)
            orientation = _orientation(image)
            factor = _factor(width, height)
            if factor > 1:
                image.draft("RGB", (-(-width // factor), -(-height // factor)))
            pixels = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
            left = factor * image.size[0] // width
    except UnidentifiedImageError as error:
        raise ImageError("the file is not an image that can be read") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"the picture cannot be read in full ({str(error) or type(error).__name__})") from error
    return upright(_averaged(pixels, left), orientation), _size(width, height, orientation), orientation


def _unpack_in_full(data: bytes) -> tuple[NDArray[np.uint8], tuple[int, int], int]:
    from PIL import Image

    pixels = open_image(data, name="the picture")
    with Image.open(io.BytesIO(data)) as image:
        orientation = _orientation(image)
    height, width = pixels.shape[:2]
    return _averaged(pixels, _factor(width, height)), (height, width), orientation


def _orientation(image: Any) -> int:
    # asking for Exif parses the file's notes: most small files have none
    if "exif" not in image.info and image.format == "JPEG":
        return 1
    return int(image.getexif().get(_ORIENTATION, 1) or 1)


def _factor(width: int, height: int) -> int:
    """Give the power of two to measure at."""
    factor = 1
    while max(width, height) >= 2 * factor * REFERENCE_SIDE:
        factor *= 2
    return factor


def _averaged(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    if factor <= 1:
        return pixels
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).reduce(factor))


def _size(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (width, height) if orientation in (5, 6, 7, 8) else (height, width)


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror stored pixels (h, w, 3) as the Exif orientation tag says."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
