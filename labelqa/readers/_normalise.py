"""Spellings that may mean the same, joined on request."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from labelqa._options import check_choice
from labelqa._suspects import spelling_key
from labelqa.errors import OptionError
from labelqa.readers._frames import PLACES, Frames
from labelqa.readers._joining import near_ids

#: What may be made alike.
KINDS = ("case", "space", "unicode", "number", "ids")


def check_kinds(normalise: str | Iterable[str] | None) -> tuple[str, ...]:
    """Take names separated by commas, or a list of them.

    Raises
    ------
    OptionError
        For an unknown one.
    """
    if normalise is None:
        return ()
    if isinstance(normalise, str):
        normalise = [name.strip() for name in normalise.split(",") if name.strip()]
    elif not isinstance(normalise, Iterable):
        raise OptionError(f"normalise={normalise!r} is no list; choose among {', '.join(map(repr, KINDS))}.")
    kinds = tuple(normalise)
    for kind in kinds:
        check_choice("normalise", kind, KINDS)
    return kinds


def normalise(frames: Frames, kinds: Sequence[str]) -> None:
    """Join spellings of classes and annotators, and with "ids" item ids that nearly match, in place.

    What is met most often stands for all; each table says how many rows changed.
    """
    spelling = tuple(kind for kind in kinds if kind != "ids")
    for column in ("label", "annotator_id") if spelling else ():
        given = [table[column] for table in frames.answers.values() if column in table]
        if given:
            _replace(frames, column, _chosen(pd.concat(given), spelling))
    if "ids" in kinds:
        named = [table for name, table in frames.tables.items() if name != PLACES and "item_id" in table]
        seen = pd.concat([table["item_id"].map(str) for table in named])
        counts = seen.value_counts(sort=False)
        groups = near_ids(frames.answers)
        _replace(frames, "item_id", _most_frequent(groups.values(), counts))
        if "items" in frames.tables:
            frames.tables["items"] = frames.tables["items"].drop_duplicates("item_id")


def _chosen(values: pd.Series, kinds: Sequence[str]) -> dict[str, str]:
    counts = values.dropna().map(str).value_counts(sort=False)
    groups: dict[str, list[str]] = {}
    for text in counts.index:
        groups.setdefault(spelling_key(text, kinds), []).append(text)
    # a lone spelling is cleaned too: "dog " becomes "dog"
    clean = {found[0]: _clean(found[0], kinds) for found in groups.values() if len(found) == 1}
    return _most_frequent(groups.values(), counts) | {old: new for old, new in clean.items() if old != new}


def _clean(text: str, kinds: Sequence[str]) -> str:
    if "unicode" in kinds:
        text = unicodedata.normalize("NFC", text)
    return re.sub(r"\s+", " ", text).strip() if "space" in kinds else text


def _most_frequent(groups: Iterable[list[str]], counts: pd.Series) -> dict[str, str]:
    out: dict[str, str] = {}
    for found in groups:
        best = max(found, key=lambda text: (counts.get(text, 0), text == text.strip()))
        out |= {text: best for text in found if text != best}
    return out


def _replace(frames: Frames, column: str, names: dict[str, Any]) -> None:
    if not names:
        return
    for name, table in frames.tables.items():
        if column not in table:
            continue
        texts = table[column].map(str, na_action="ignore")
        hit = texts.isin(list(names))
        if hit.any():
            frames.tables[name] = table.assign(**{column: texts.replace(names)})
            frames.found.add(name, f"{column} in another spelling", int(hit.sum()), "joined with the most frequent one",
                             [f"{old} -> {new}" for old, new in names.items()])  # fmt: skip
