"""Which items of several files are one: by id, unless their pictures say otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd

from labelqa._codes import TEXT
from labelqa._labels import id_texts
from labelqa.errors import TableError, shown
from labelqa.readers._frames import Frames

_UPLOAD = re.compile(r"^[0-9a-f]{8}-(?=.)")


def join_files(files: Sequence[tuple[Path, Frames]]) -> Frames:
    """Put the tables of several files together.

    Items with equal ids are one item. Where files number the same pictures differently, or call different pictures by
    one id, the file names of the pictures join them, if every picture has a name of its own; else the files are
    refused.

    Raises
    ------
    TableError
        Where one id is two pictures and names cannot tell them apart, or an item has two sizes.
    """
    names = [_names(frames) for _, frames in files]
    out = Frames()
    if len(files) > 1 and _disagree(names):
        _refuse_unnamed(files, names)
        out.found.add("items", "image ids that differ between files", len(files), "file names used as item_id")
        files = [(path, _called_by(frames, named)) for (path, frames), named in zip(files, names, strict=True)]
    out.join([frames for _, frames in files])
    if "items" in out.tables:
        out.tables["items"] = _one_row_each(out.tables["items"].drop(columns="picture", errors="ignore"))
    return out


def _names(frames: Frames) -> dict[str, str]:
    """Give the file name of each item's picture, where the file says one."""
    items = frames.tables.get("items")
    if items is None or "picture" not in items:
        return {}
    named = items.dropna(subset=["picture"])
    return dict(zip(named["item_id"].map(str), named["picture"].map(str), strict=True))


def _disagree(files: Sequence[dict[str, str]]) -> bool:
    """Tell whether files number the same pictures differently, or different pictures alike."""
    name_of: dict[str, str] = {}
    id_of: dict[str, str] = {}
    for named in files:
        if any(name_of.get(item, name) != name for item, name in named.items()):
            return True
        if any(id_of.get(name, item) != item for item, name in named.items()):
            return True
        name_of |= named
        id_of |= {name: item for item, name in named.items()}
    return False


def _refuse_unnamed(files: Sequence[tuple[Path, Frames]], names: Sequence[dict[str, str]]) -> None:
    for (path, frames), named in zip(files, names, strict=True):
        twice = sorted(name for name, n in Counter(named.values()).items() if n > 1)
        if twice:
            raise TableError(
                f"{path} has {len(twice)} file names of several images ({shown(twice)}), and the files number their "
                "images differently, so only names can join them; give each picture its own file_name."
            )
        items = frames.tables["items"]["item_id"].map(str) if "items" in frames.tables else pd.Series([], dtype="str")
        nameless = [item for item in items if item not in named]
        if nameless:
            raise TableError(
                f"{path} has {len(nameless)} items without a picture's name ({shown(nameless)}), and the files number "
                "their images differently, so only names can join them; export with file names."
            )


def _called_by(frames: Frames, named: dict[str, str]) -> Frames:
    tables = {
        name: table.assign(item_id=table["item_id"].map(lambda item: named.get(str(item), str(item))))
        for name, table in frames.tables.items()
    }
    return Frames(tables, frames.found, frames.forms)


def _one_row_each(items: pd.DataFrame) -> pd.DataFrame:
    """Join what several files say of one item: the first known value of each column."""
    if "item_id" not in items or items["item_id"].isna().any():
        return items  # the checks refuse it with its rows
    items = items.assign(item_id=id_texts(items["item_id"]))
    if not items["item_id"].duplicated().any():
        return items
    sizes = items.reindex(columns=["item_id", "width", "height"])
    sizes = sizes.assign(
        **{side: pd.to_numeric(sizes[side].map(_scalar), errors="coerce") for side in ("width", "height")}
    )
    sizes = sizes.dropna()
    unlike = sizes.groupby("item_id")[["width", "height"]].nunique().max(axis=1)
    if (unlike > 1).any():
        raise TableError(
            f"{int((unlike > 1).sum())} items have different sizes in different files "
            f"({shown(unlike.index[unlike > 1])}); their boxes cannot be compared: correct the sizes or export again."
        )
    return items.groupby("item_id", as_index=False, sort=False).first()


def _scalar(value: object) -> object:
    return value if isinstance(value, str | int | float | np.number) else None


def near_key(item: str) -> str:
    """Give the form in which ids are compared that may mean the same picture.

    Case, spaces around, folders, backslashes, percent codes, a query, the prefix of an upload, leading zeros and ``.0``
    count for nothing.
    """
    text = item.strip().replace("\\", "/").split("?", 1)[0]
    text = (unquote(text) if "%" in text else text).rstrip("/")
    name = _UPLOAD.sub("", text.rsplit("/", 1)[-1]).casefold()
    whole = re.fullmatch(r"0*(\d+)(?:\.0+)?", name)
    return whole[1] if whole else name


#: ASCII that needs no care: no space, no percent code, no query, no backslash.
_PLAIN = r"[!-$&->@-\[\]-~]*"


def near_keys(ids: pd.Series) -> pd.Series:
    """Give the `near_key` of each id: those of plain characters by columns, the others one by one."""
    is_plain = ids.str.fullmatch(_PLAIN).astype(bool)
    names = ids[is_plain].str.rstrip("/").str.replace(r"^.*/", "", regex=True)
    names = names.str.replace(r"^[0-9a-f]{8}-(.)", r"\1", regex=True).str.lower()
    keys = ids.copy()
    keys[is_plain] = names.str.replace(r"^0*([0-9]+)(?:\.0+)?$", r"\1", regex=True)
    keys[~is_plain] = [near_key(item) for item in ids[~is_plain]]
    return keys


def near_ids(tables: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """Find ids that nearly match: key -> the ids; only where nobody gave answers to both."""
    named = [_unique_texts(table["item_id"]) for table in tables.values() if "item_id" in table]
    ids = pd.Series(pd.unique(pd.concat(named)) if named else [], dtype="str")
    if ids.str.fullmatch(r"0|[1-9][0-9]*").all():
        return {}  # plain numbers are their own keys
    keys = near_keys(ids)
    shared = keys.duplicated(keep=False)
    if not shared.any():
        return {}
    several: dict[str, list[str]] = {}
    for key, item in zip(keys[shared], ids[shared], strict=True):
        several.setdefault(key, []).append(item)
    people: dict[str, set[str]] = {}
    for table in tables.values():
        if {"item_id", "annotator_id"} <= set(table.columns):
            for item, person in table[["item_id", "annotator_id"]].drop_duplicates().itertuples(index=False):
                people.setdefault(str(item), set()).add(str(person))
    return {key: found for key, found in several.items() if _is_apart([people.get(item, set()) for item in found])}


def _unique_texts(ids: pd.Series) -> pd.Series:
    known = ids.dropna().drop_duplicates() if ids.dtype == TEXT else ids.dropna().map(str)
    return known.drop_duplicates()


def _is_apart(people: list[set[str]]) -> bool:
    return sum(map(len, people)) == len(set().union(*people))
