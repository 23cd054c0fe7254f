"""YOLO: a text file per picture, classes by number, a folder for each person."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa._pixels import size_of
from labelqa.readers._changes import Change, Place
from labelqa.readers._edits import LinesText, Text
from labelqa.readers._frames import Reading
from labelqa.readers.formats.yolo import class_file, class_names
from labelqa.readers.writers._files import Files


def write_yolo(
    item: Mapping[str, Any], boxes: Sequence[Mapping[str, Any]], number: Mapping[str, int], size: Sequence[float]
) -> str:
    """Compose the file of one picture."""
    return "".join(
        f"{number[id_text(row['label'])]} {_shares([row[edge] for edge in BOX_EDGES], size)}\n" for row in boxes
    )


def _shares(corners: Sequence[float], size: Sequence[float]) -> str:
    left, top, right, bottom = corners
    middle = ((left + right) / 2 / size[0], (top + bottom) / 2 / size[1])
    return " ".join(_number(value) for value in (*middle, (right - left) / size[0], (bottom - top) / size[1]))


def _number(value: float) -> str:
    """Write a share: with six decimals as usual, and with more where they are needed to give the pixels back."""
    short = f"{value:.6f}"
    return short if abs(float(short) - value) < 1e-12 else f"{value:.12f}".rstrip("0")


def rewrite_yolo(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change the lines that were decided on; an item that goes takes its picture along, or it would count as empty."""
    numbers: dict[Path, _Classes] = {}
    for change in changes:
        if change.kind in ("add label", "relabel", "drop label"):
            lost["classes of whole pictures"] += change.kind != "drop label"
            continue
        for path, (folder, picture, nth) in change.places:
            if folder not in numbers:
                numbers[folder] = _Classes(folder, files)
            classes = numbers[folder]
            text = files.lines(path)
            if change.kind in ("drop item", "drop view"):
                files.remove(path)
                if change.kind == "drop item":
                    _forget(folder, picture, files)
            elif change.kind == "add box":
                text.append(f"{classes.number(change.new)} {_shares(change.corners, size_of(picture))}")
            elif change.kind == "drop box":
                text.remove(nth)
            elif change.kind == "relabel box":
                words = text.line(nth).split(maxsplit=1)
                text.set(nth, f"{classes.number(change.new)} {words[1]}")
            else:
                _move(text, nth, change, picture, lost)
    for classes in numbers.values():
        classes.finish()


def strip_yolo(places: Sequence[Place], files: Files, person: str) -> list[Path]:
    """Take all lines out; the pictures and the names of the classes are needed with them."""
    beside: dict[Path | None, None] = {}
    for path, (folder, picture, _) in places:
        text = files.lines(path)
        for nth in range(len(text.lines())):
            text.remove(nth)
        beside |= dict.fromkeys((picture, class_file(folder)))
    return [path for path in beside if path is not None]


def _move(text: LinesText, nth: int, change: Change, picture: Path, lost: Counter[str]) -> None:
    words = text.line(nth).split()
    if len(words) not in (5, 6):
        lost["oriented boxes and polygons to move"] += 1
        return
    new = _shares(change.corners, size_of(picture)).split()
    old = _shares(change.was, size_of(picture)).split()
    sides = [word if one == other else one for word, one, other in zip(words[1:5], new, old, strict=True)]
    written = iter([words[0], *sides, *words[5:]])
    text.set(nth, re.sub(r"\S+", lambda _: next(written), text.line(nth)))


def _forget(folder: Path, picture: Path, files: Files) -> None:
    """Leave a picture out, and its line in the lists of pictures."""
    files.remove(picture)
    for name in ("train.txt", "val.txt", "valid.txt", "test.txt"):
        if (folder / name).is_file():
            text = files.lines(folder / name)
            for nth, line in enumerate(text.lines()):
                if line.strip().replace("\\", "/").rsplit("/", 1)[-1] == picture.name:
                    text.remove(nth)


class _Classes:
    """The classes of one folder by number; new ones are put at the end of the file that names them."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.folder, self.files = folder, files
        self._new: list[str] = []
        self._number = {name: number for number, name in class_names(folder).items()}

    def number(self, label: Any) -> int:
        """Give the number of a class."""
        name = id_text(label)
        if name not in self._number:
            if not self._number and name.isdigit():
                return int(name)
            self._number[name] = max(self._number.values(), default=-1) + 1
            self._new.append(name)
        return self._number[name]

    def finish(self) -> None:
        """List the new classes."""
        if not self._new:
            return
        path = class_file(self.folder)
        if path is None:
            self.files.make(self.folder / "classes.txt", "".join(f"{name}\n" for name in self._number).encode())
        elif path.suffix in (".yaml", ".yml"):
            _list_in_yaml(self.files.lines(path), {name: self._number[name] for name in self._new})
        else:
            for name in self._new:
                self.files.lines(path).append(name)


def _list_in_yaml(text: Text, new: Mapping[str, int]) -> None:
    """Put classes at the end of names, and count them in nc."""
    import yaml

    root: Any = yaml.compose(text.text)
    keys = {key.value: value for key, value in root.value}
    names = keys["names"]
    is_list = isinstance(names, yaml.SequenceNode)
    last = names.value[-1] if is_list else names.value[-1][1]
    first = names.value[0] if is_list else names.value[0][0]
    begin = first.start_mark.index
    lead = ", " if names.flow_style else text.newline + text.text[text.text.rfind("\n", 0, begin) + 1 : begin]
    said = (json.dumps(name, ensure_ascii=False) for name in new)
    entries = said if is_list else (f"{number}: {name}" for number, name in zip(new.values(), said, strict=True))
    at = last.end_mark.index
    text.replace(at, at, "".join(lead + entry for entry in entries))
    if "nc" in keys:
        text.replace(keys["nc"].start_mark.index, keys["nc"].end_mark.index, str(max(new.values()) + 1))
