"""Pascal VOC: an XML file per picture, a folder for each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa.readers._changes import Change, Place
from labelqa.readers._edits import XmlText, number_like
from labelqa.readers._frames import Reading
from labelqa.readers.writers._files import Files

_EDGES = ("xmin", "ymin", "xmax", "ymax")


def write_voc(item: Mapping[str, Any], boxes: Sequence[Mapping[str, Any]]) -> str:
    """Compose the file of one picture."""
    known = item["width"] == item["width"] and item["height"] == item["height"]
    sides = (item["width"], item["height"]) if known else (0, 0)
    size = f"<width>{sides[0]:g}</width>\n    <height>{sides[1]:g}</height>\n    <depth>3</depth>"
    objects = "".join(
        "  " + _object(id_text(row["label"]), [row[edge] for edge in BOX_EDGES]).replace("\n", "\n  ") + "\n"
        for row in boxes
    )
    return (
        f"<annotation>\n  <filename>{escape(item['item_id'])}</filename>\n  <size>\n    {size}\n  </size>\n"
        f"  <segmented>0</segmented>\n{objects}</annotation>\n"
    )


def _object(label: str, corners: Sequence[float]) -> str:
    edges = "".join(f"    <{edge}>{_number(value)}</{edge}>\n" for edge, value in zip(_EDGES, corners, strict=True))
    return (
        f"<object>\n  <name>{escape(label)}</name>\n  <pose>Unspecified</pose>\n  <truncated>0</truncated>\n"
        f"  <difficult>0</difficult>\n  <bndbox>\n{edges}  </bndbox>\n</object>"
    )


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def rewrite_voc(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change the objects that were decided on; the file of an item that goes is left out, and its line in the lists."""
    for change in changes:
        if change.kind in ("add label", "relabel", "drop label"):
            lost["classes of whole pictures"] += change.kind != "drop label"
            continue
        for path, nth in change.places:
            text = files.xml(path)
            if change.kind in ("drop item", "drop view"):
                files.remove(path)
            elif change.kind == "add box":
                text.append(0, _object(id_text(change.new), change.corners))
            elif change.kind == "drop box":
                text.remove(nth)
            elif change.kind == "relabel box":
                text.set_content(text.children(nth, "name")[0], id_text(change.new))
            else:
                _move(text, nth, change, lost)


def strip_voc(places: Sequence[Place], files: Files, person: str) -> list[Path]:
    """Take all objects out."""
    for path in dict.fromkeys(path for path, _ in places):
        text = files.xml(path)
        for nth in text.children(0, "object"):
            text.remove(nth)
    return []


def _move(text: XmlText, nth: int, change: Change, lost: Counter[str]) -> None:
    box = next(iter(text.children(nth, "bndbox")), None)
    attributes = [text.text[slice(*text.content(one))] for one in text.children(nth, "attributes")]
    if box is None or any("rotation" in one for one in attributes) or text.children(nth, "polygon"):
        lost["turned boxes, and boxes with an outline, to move"] += 1
        return
    for edge, old, new in zip(_EDGES, change.was, change.corners, strict=True):
        if old != new:
            place = text.children(box, edge)[0]
            text.set_content(place, number_like(text.text[slice(*text.content(place))], new))
