"""Opening images safely, and joining items to their pictures by id.

Conventions
-----------
Pixels are numpy uint8 arrays: (height, width, 3) for "RGB", (height, width) for "L" (grey). The type of the values says
what is white, never the values of one picture (see `open_image`). A file is a picture where the installed Pillow can
read its suffix (`SUFFIXES`). The orientation tag of a photo is applied, so that a picture looks as it does in a viewer.
What cannot be read in full is an `ImageError`, never a grey rectangle. Pictures are joined to items by id, and to
arrays by a documented order; anything else is refused.

Questions
---------
- What does this picture hold, as pixels? `open_image`.
- Which picture belongs to which item? `as_source`, which takes every form that a function's `images=` takes;
  `ImageSource.missing` lists the items without one.

Map
---
`ImageSource` (`from_folder`, `from_bytes`, `select`, `open`, `raw`, `digest`); `as_source`; `open_image`;
`SUFFIXES`, `MODES`, `MAX_PIXELS`: what is read, and up to which size.

References
----------
Pillow, "Concepts": modes, and `ImageOps.exif_transpose`; CIPA DC-008, Exif 2.32: the orientation tag.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labelqa._codes import id_text, natural_order
from labelqa._options import check_path
from labelqa._pixels import MAX_PIXELS, MODES, Picture, Pixels, open_image, size_of, stack_of, suffixes
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.errors import ImageError, TableError, shown

__all__ = ["MAX_PIXELS", "MODES", "SUFFIXES", "ImageSource", "Picture", "Pixels", "as_source", "open_image", "size_of"]

#: Suffixes of the files that are pictures: all that the installed Pillow can read.
SUFFIXES: tuple[str, ...]


def __getattr__(name: str) -> Any:
    # asking Pillow for all it can read takes a moment
    if name == "SUFFIXES":
        return tuple(sorted(suffixes()))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


#: Whether paths may lead out of the folder, for all that one command reads.
_OUTSIDE_ALLOWED: ContextVar[bool] = ContextVar("labelqa_outside_allowed", default=False)


@contextmanager
def outside_allowed() -> Iterator[None]:
    """Read pictures wherever paths lead."""
    token = _OUTSIDE_ALLOWED.set(True)
    try:
        yield
    finally:
        _OUTSIDE_ALLOWED.reset(token)


#: What a picture may be given as.
_KINDS = (str, os.PathLike, bytes, np.ndarray)


@dataclass(frozen=True, eq=False, repr=False)
class ImageSource:
    """The pictures of items, by item id; nothing is read before it is asked for.

    Make one with `from_folder`, `from_bytes` or `as_source`.

    Attributes
    ----------
    pictures
        Item id -> path, bytes or pixels, in natural order of the ids.
    missing
        Ids that were asked for and have no picture.
    outside
        Those of them whose file lies outside the folder, and is not read.
    """

    pictures: Mapping[str, Picture]
    missing: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    @classmethod
    @takes_tables()
    def from_folder(
        cls,
        folder: str | os.PathLike[str],
        items: Annotations | pd.DataFrame | Iterable[Any] | None = None,
        *,
        allow_outside: bool = False,
    ) -> ImageSource:
        """Join items to the files of a folder and its subfolders.

        Parameters
        ----------
        folder
            Where the files are.
        items
            Whose pictures: `Annotations`, a table with `item_id` and, where files are called differently, `path`
            (relative to the folder, or absolute), or a list of ids. Without a path the id itself is looked up as a
            relative path, as a file name, then as a file name without its suffix. By default every image file is an
            item, called by its relative path.
        allow_outside
            Whether a path may lead out of the folder: absolute, by "..", or by a link. By default such a picture is
            missing.

        Raises
        ------
        TableError
            Where there is no such folder, or an id fits more than one file.
        """
        root = check_path("folder", folder)
        if not root.is_dir():
            raise TableError(f"There is no folder {root}; give the folder that holds the image files.")
        if items is None:
            return cls(_in_order(_image_files(root)))
        wanted = _paths_of(items)
        # only ids that are no path of their own need the folder to be searched
        found = {item: path for item, given in wanted.items() if (path := _direct(root, item, given)) is not None}
        left = [item for item in wanted if item not in found]
        if left:
            found |= _by_name(root, left, wanted)
        outside = () if allow_outside or _OUTSIDE_ALLOWED.get() else _outside(root, found)
        found = {item: path for item, path in found.items() if item not in set(outside)}
        return cls(_in_order(found), tuple(item for item in wanted if item not in found), outside)

    @classmethod
    @takes_tables()
    def from_bytes(cls, pictures: Mapping[Any, Picture] | pd.Series | pd.DataFrame) -> ImageSource:
        """Take the bytes of image files (or pixels) by item id.

        Parameters
        ----------
        pictures
            A mapping or Series item id -> bytes, or a table with the columns `item_id` and `image`.

        Raises
        ------
        TableError
            Where an id occurs twice, a column is missing, or a value is no picture.
        """
        if isinstance(pictures, pd.DataFrame):
            if not {"item_id", "image"} <= set(pictures.columns):
                raise TableError(
                    f"The table of pictures has the columns {shown(pictures.columns)}; it needs 'item_id' and 'image'."
                )
            pictures = pictures.set_index("item_id")["image"]
        ids = [id_text(value) for value in pictures.keys()]  # noqa: SIM118 - a Series iterates over its values
        if len(set(ids)) < len(ids):
            twice = pd.Series(ids)[pd.Series(ids).duplicated()].unique()
            raise TableError(f"{len(twice)} item ids have more than one picture ({shown(twice)}); give one each.")
        values = pictures.to_numpy() if isinstance(pictures, pd.Series) else list(pictures.values())
        odd = [item for item, value in zip(ids, values, strict=True) if not isinstance(value, _KINDS)]
        if odd:
            kind = type(values[ids.index(odd[0])]).__name__
            raise TableError(
                f"{len(odd)} pictures are none, such as that of item {odd[0]!r}, which is a {kind}; give paths, the "
                "bytes of image files, or arrays of pixels."
            )
        return cls(_in_order(dict(zip(ids, values, strict=True))))

    @property
    def item_ids(self) -> list[str]:
        """All ids that have a picture, in natural order."""
        return list(self.pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __contains__(self, item_id: object) -> bool:
        return id_text(item_id) in self.pictures

    def __repr__(self) -> str:
        return f"ImageSource({len(self):,} pictures, {len(self.missing):,} missing)"

    def _picture(self, item_id: Any) -> Picture:
        item = id_text(item_id)
        if item not in self.pictures:
            raise ImageError(f"Item {item!r} has no picture; there are {len(self):,} (first: {shown(self.item_ids)}).")
        return self.pictures[item]

    def open(self, item_id: Any, *, mode: str = "RGB") -> Pixels:
        """Read one item's picture, see `open_image`."""
        picture = self._picture(item_id)
        called = f"The picture of item {id_text(item_id)!r}"
        if isinstance(picture, str | os.PathLike):
            called += f" ({os.fspath(picture)})"
        return open_image(picture, mode=mode, name=called)

    def raw(self, item_id: Any) -> bytes | None:
        """Give the bytes of the item's image file; None where only pixels were given.

        Raises
        ------
        ImageError
            Where the file is missing.
        """
        picture = self._picture(item_id)
        if isinstance(picture, np.ndarray):
            return None
        if isinstance(picture, bytes):
            return picture
        try:
            return Path(picture).read_bytes()
        except OSError as error:
            raise ImageError(
                f"The picture of item {id_text(item_id)!r} ({picture}) cannot be read: {error}."
            ) from error

    def digest(self, item_id: Any) -> str:
        """Give a hash of the picture's content: equal files have equal digests, whatever they are called."""
        data = self.raw(item_id)
        hashed = hashlib.blake2b(digest_size=16)
        if data is None:
            pixels = np.ascontiguousarray(np.asarray(self._picture(item_id)))
            hashed.update(f"{pixels.dtype.str}{pixels.shape}".encode())
            hashed.update(pixels.tobytes())
        else:
            hashed.update(data)
        return hashed.hexdigest()

    def select(self, items: Iterable[Any]) -> ImageSource:
        """Keep only these items; those without a picture are listed in `missing`."""
        wanted = {id_text(item) for item in items}
        kept = {item: picture for item, picture in self.pictures.items() if item in wanted}
        return ImageSource(kept, tuple(_sorted(wanted - set(kept))))

    def batches(self, size: int = 256) -> Iterator[list[str]]:
        """Give the ids in runs of `size`, so that no more than one run of pictures need be in memory."""
        ids = self.item_ids
        for start in range(0, len(ids), size):
            yield ids[start : start + size]

    def check(self) -> pd.DataFrame:
        """Read every picture and list those that cannot be: `item_id`, `problem`; no rows is good news."""
        out = set(self.outside)
        rows = [(item, "its file lies outside the folder" if item in out else "there is no picture")
                for item in self.missing]  # fmt: skip
        for item in self.pictures:
            try:
                self.open(item)
            except ImageError as error:
                rows.append((item, str(error)))
        return pd.DataFrame(rows, columns=["item_id", "problem"], dtype="str")


@takes_tables()
def as_source(images: Any, items: Annotations | pd.DataFrame | Iterable[Any] | None = None) -> ImageSource:
    """Take pictures in any form the public functions allow.

    Parameters
    ----------
    images
        An `ImageSource`, a folder, a mapping or Series item id -> bytes, path or pixels, a table with `item_id` and
        `image`, an array (n, h, w) or (n, h, w, 3), a list of n pictures, `Annotations` or a table of items that name
        their files in `path`; those whose file is not there are `missing`.
    items
        For a folder: see `ImageSource.from_folder`. For an array or a list: a list or table of the n ids in the order
        of the pictures, by default "0", "1"..., which `Annotations` must name in this order too. Otherwise the items to
        keep.

    Raises
    ------
    TableError
        Where `images` is none of these, an array and its ids differ in length, or nothing says which picture of an
        array is whose.
    """
    if isinstance(images, str | os.PathLike):
        return ImageSource.from_folder(images, items)
    if isinstance(images, Annotations) or (isinstance(images, pd.DataFrame) and _names_files(images)):
        paths = _paths_of(images)
        found = {item: path for item, path in paths.items() if path is not None and Path(path).is_file()}
        images = ImageSource(_in_order(found), tuple(item for item in paths if item not in found))
    if (stack := stack_of(images)) is not None:
        ids = [str(row) for row in range(len(stack))] if items is None else list(_paths_of(items, unique=False))
        if len(ids) != len(stack):
            raise TableError(f"There are {len(stack):,} pictures and {len(ids):,} item ids; give one id for each.")
        if isinstance(items, Annotations) and ids != [str(row) for row in range(len(ids))]:
            raise TableError(
                f"Nothing says which picture of the array is which item ({shown(ids)}); give a mapping such as "
                "dict(zip(ids, images))."
            )
        return ImageSource.from_bytes(pd.Series(stack, index=ids, dtype=object))
    if isinstance(images, Mapping | pd.Series | pd.DataFrame):
        images = ImageSource.from_bytes(images)
    if not isinstance(images, ImageSource):
        raise TableError(
            f"Found a {type(images).__name__} as images; give a folder, an ImageSource, a mapping item id -> bytes, "
            "a table with item_id and image, an array of pixels, a list of pictures, or Annotations whose items have a "
            "path."
        )
    return images if items is None else images.select(_paths_of(items))


def _names_files(table: pd.DataFrame) -> bool:
    return "path" in table.columns and "image" not in table.columns


def _image_files(root: Path) -> dict[str, Path]:
    """Relative path -> file, in the order of the paths."""
    found, known = {}, suffixes()
    for folder, _, names in os.walk(root):
        parent = Path(folder)
        inside = parent.relative_to(root).parts
        for name in names:
            # cut from the text: to make a path of every name would take longer
            dot = name.rfind(".")
            if dot > 0 and name[dot:].lower() in known and (path := parent / name).is_file():
                found["/".join((*inside, name))] = path
    return {name: found[name] for name in sorted(found, key=lambda name: name.split("/"))}


def _sorted(ids: Iterable[str]) -> list[str]:
    listed = list(ids)
    return [listed[position] for position in natural_order(listed)]


def _in_order(pictures: Mapping[str, Any]) -> dict[str, Picture]:
    return {item: pictures[item] for item in _sorted(pictures)}


def _paths_of(items: Annotations | pd.DataFrame | Iterable[Any], *, unique: bool = True) -> dict[str, str | None]:
    """Item id -> its path where one is given."""
    if isinstance(items, Annotations):
        items = items.items
    if isinstance(items, pd.DataFrame):
        if "item_id" not in items:
            raise TableError(f"The items table has no column 'item_id' (found: {shown(items.columns)}).")
        paths = items["path"] if "path" in items else pd.Series(None, index=items.index, dtype=object)
        pairs = zip(items["item_id"], paths, strict=True)
        return {id_text(item): None if pd.isna(path) else str(path) for item, path in pairs}
    ids = [id_text(item) for item in items]
    if not unique and len(set(ids)) < len(ids):
        raise TableError(f"{len(ids) - len(set(ids))} item ids occur twice among the pictures; give each its own.")
    return dict.fromkeys(ids)


def _outside(root: Path, found: Mapping[str, Path]) -> tuple[str, ...]:
    """Tell the items whose file is not below the folder once all links are followed."""
    within = os.path.realpath(root)
    real: dict[str, str] = {}
    out = []
    for item, path in found.items():
        folder, name = os.path.split(path)
        if folder not in real:
            real[folder] = os.path.realpath(folder)
        place = os.path.realpath(path) if path.is_symlink() else f"{real[folder]}{os.sep}{name}"
        if os.path.commonpath([within, place]) != within:
            out.append(item)
    return tuple(out)


def _direct(root: Path, item: str, given: str | None) -> Path | None:
    path = root / (item if given is None else given)
    return path if path.is_file() else None


def _by_name(root: Path, left: list[str], wanted: Mapping[str, str | None]) -> dict[str, Path]:
    names: dict[str, list[Path]] = {}
    for relative, path in _image_files(root).items():
        for name in {path.name, path.stem, relative.removesuffix(path.suffix)}:
            names.setdefault(name, []).append(path)
    found = {}
    for item in left:
        given = wanted[item]
        fits = names.get(item if given is None else Path(given).name, [])
        if len(fits) > 1:
            raise TableError(
                f"Item {item!r} fits {len(fits)} files ({shown([path.as_posix() for path in fits])}); add a path "
                "column to the items table that says which."
            )
        if fits:
            found[item] = fits[0]
    return found
