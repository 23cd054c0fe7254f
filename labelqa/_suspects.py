"""What the data themselves say against them: spellings of ids and classes, and placeholders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from labelqa._findings import Findings
from labelqa._units import BOX_EDGES


def spelling_key(text: str, kinds: Sequence[str] = ("case", "space", "unicode", "number")) -> str:
    """Give the form in which spellings are compared: by case, space, Unicode form, and how numbers are written."""
    if "unicode" in kinds:
        text = unicodedata.normalize("NFKC", text)
    if "space" in kinds:
        text = re.sub(r"[\s\u200b\ufeff]+", " ", text).strip()
    if "case" in kinds:
        text = unicodedata.normalize("NFC", text.casefold()) if "unicode" in kinds else text.casefold()
    if "number" in kinds and (whole := re.fullmatch(r"([+-]?\d+)\.0+", text)):
        text = whole[1]
    return text


#: Words that say "no label" in other programs.
_MISSING_WORDS = frozenset(("none", "na", "n/a", "null", "nan", "<na>", "nil", "undefined"))


def tell_spellings(table: pd.DataFrame, name: str, found: Findings) -> None:
    """Report classes and annotators that differ only by spelling, and labels that look like missing ones."""
    for column, what in (("label", "classes"), ("annotator_id", "annotators")):
        if column not in table or table[column].dtype.kind in "biufcMm":
            continue
        codes, values = pd.factorize(table[column])
        said = [str(value) for value in values]
        counts = pd.Series(np.bincount(codes[codes >= 0], minlength=len(said)), said).groupby(level=0, sort=False).sum()
        groups: dict[str, list[str]] = {}
        for text in counts.index:
            groups.setdefault(spelling_key(text), []).append(text)
        alike = [texts for texts in groups.values() if len(texts) > 1]
        n = int(sum(counts[text] for texts in alike for text in texts))
        found.add(name, f"{what} that differ only by case, spaces, Unicode form or number format", n,
                  "kept apart: normalise='case,space,unicode,number' joins them",
                  [" / ".join(map(repr, texts)) for texts in alike])  # fmt: skip
        if column == "label":
            words = [text for text in counts.index if text.strip().casefold() in _MISSING_WORDS]
            found.add(name, "label that looks like a missing one", int(counts[words].sum()), "kept as a class", words)


#: Names of classes that say there is nothing to draw.
_NOTHING = frozenset(
    ("no finding", "no findings", "nofinding", "none", "nothing", "normal", "background", "negative", "empty",
     "no object", "no objects", "no label", "healthy", "no defect", "no anomaly", "no mass")
)  # fmt: skip


def without_placeholders(table: pd.DataFrame, found: Findings, *, is_kept: bool) -> pd.DataFrame:
    """Take boxes that stand for "nothing here" out: all of one class, all alike, and tiny or out of any frame.

    They are views with nothing drawn where the name of the class says so, unless all boxes are to be kept, and are
    otherwise reported.
    """
    if table.empty:
        return table
    corners = table[list(BOX_EDGES)].to_numpy(np.float64)
    # in shares of the picture every box is small, and the whole picture is the placeholder
    tiny = 1.0 if corners.max() > 1 else 0.0
    is_odd = ((corners[:, 2:] - corners[:, :2]) <= tiny).all(axis=1) | (corners[:, 2:] <= 0).all(axis=1)
    is_odd |= (corners == [0, 0, 1, 1]).all(axis=1)
    names = table["label"].map(str)
    left_out = np.zeros(len(table), bool)
    for name in pd.unique(names[is_odd]):
        mine = (names == name).to_numpy()
        if not is_odd[mine].all() or len(np.unique(corners[mine], axis=0)) > 1 or mine.sum() < 2:
            continue
        says_nothing = not is_kept and spelling_key(name).replace("_", " ").replace("-", " ") in _NOTHING
        edges = ", ".join(f"{edge:g}" for edge in corners[mine][0])
        found.add("boxes", f"boxes of the class {name!r} that are all {edges}: a placeholder", int(mine.sum()),
                  "read as views with nothing drawn" if says_nothing else "kept: leave them out if they are",
                  table.loc[mine, "item_id"])  # fmt: skip
        left_out |= mine & says_nothing
    return table.loc[~left_out].reset_index(drop=True)
