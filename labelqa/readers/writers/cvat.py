"""CVAT XML 1.1 for images: one file per person, as CVAT exports each replica of a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr, unescape

import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa.readers._changes import Change, Place
from labelqa.readers._edits import XmlText, number_like
from labelqa.readers._frames import Reading
from labelqa.readers.writers._files import Files

_EDGES = ("xtl", "ytl", "xbr", "ybr")


def write_cvat(tables: Mapping[str, pd.DataFrame], person: str) -> str:
    """Compose the export of the one job that a person did.

    Pictures are called by their paths, or by their ids where they have none; items without a size have no place.
    """
    boxes = _by_item(tables["boxes"], person)
    labels = _by_item(tables["labels"], person)
    seen = tables["views"].loc[tables["views"]["annotator_id"] == person, "item_id"]
    items = tables["items"].loc[tables["items"]["item_id"].isin(seen)]
    images = []
    for nth, row in enumerate(items.to_dict("records")):
        item = row["item_id"]
        if row["width"] != row["width"] or row["height"] != row["height"]:
            continue
        inner = [_box(id_text(one["label"]), [one[edge] for edge in BOX_EDGES]) for one in boxes.get(item, [])]
        inner += [_tag(id_text(one["label"])) for one in labels.get(item, [])]
        head = f'<image id="{nth}" name={quoteattr(item)} width="{row["width"]:g}" height="{row["height"]:g}"'
        images.append(f"  {head}>\n" + "".join(f"    {one}\n" for one in inner) + "  </image>\n")
    classes = sorted({id_text(one["label"]) for rows in (*boxes.values(), *labels.values()) for one in rows})
    names = "".join(f"        <label>\n          <name>{escape(name)}</name>\n        </label>\n" for name in classes)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta>\n    <job>\n'
        f"      <size>{len(images)}</size>\n      <labels>\n{names}      </labels>\n"
        f"      <assignee>{escape(person)}</assignee>\n    </job>\n  </meta>\n{''.join(images)}</annotations>\n"
    )


def _by_item(table: pd.DataFrame, person: str) -> dict[str, list[dict[str, Any]]]:
    out: dict[str, list[dict[str, Any]]] = {}
    for row in table.loc[table["annotator_id"] == person].to_dict("records"):
        out.setdefault(row["item_id"], []).append(row)  # type: ignore[arg-type]
    return out


def _box(label: str, corners: Sequence[float]) -> str:
    edges = " ".join(f'{edge}="{_number(value)}"' for edge, value in zip(_EDGES, corners, strict=True))
    return f'<box label={quoteattr(label)} source="manual" occluded="0" {edges} z_order="0"></box>'


def _number(value: float) -> str:
    short = f"{value:.2f}"
    return short if float(short) == value else repr(float(value))


def _tag(label: str) -> str:
    return f'<tag label={quoteattr(label)} source="manual"></tag>'


def rewrite_cvat(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change the shapes and tags that were decided on; source, attributes and tracks stay."""
    known: dict[Any, _Classes] = {}
    for change in changes:
        for path, nth in change.places:
            if path not in known:
                known[path] = _Classes(files.xml(path))
            classes = known[path]
            text = classes.text
            if nth is None:
                lost["frames of a video to change other than by their boxes"] += 1
            elif change.kind == "drop item":
                text.remove(nth)
            elif change.kind == "drop view":
                lost["views to drop where every listed picture counts as looked at"] += 1
            elif change.kind == "add box":
                text.append(nth, _box(classes.know(change.new), change.corners))
            elif change.kind in ("relabel", "drop label", "add label"):
                _change_tags(classes, nth, change)
            else:
                _change_shape(classes, nth, change, lost)


def strip_cvat(places: Sequence[Place], files: Files, person: str) -> list[Path]:
    """Leave nothing but the pictures of some places, and name the assignee."""
    for path in dict.fromkeys(path for path, _ in places):
        text = files.xml(path)
        kept = {nth for own, nth in places if own == path}
        for nth, element in enumerate(text.elements):
            if element.tag == "image" and nth not in kept:
                text.remove(nth)
            for child in text.children(nth) if nth in kept else ():
                text.remove(child)
            if element.tag == "assignee":
                text.set_content(next(iter(text.children(nth, "username")), nth), person)
    return []


def _change_tags(classes: _Classes, image: int, change: Change) -> None:
    """Make the tags of a picture say another label, which may be a set."""
    text = classes.text
    old = set() if change.kind == "add label" else set(id_text(change.old).split("|"))
    new = set() if change.kind == "drop label" else set(id_text(change.new).split("|"))
    tags = {_plain(text.attribute(tag, "label")): tag for tag in text.children(image, "tag")}
    gone, added = sorted(old - new), sorted(new - old)
    for before, after in zip(gone, added, strict=False):
        text.set_attribute(tags[before], "label", classes.know(after))
    for name in gone[len(added) :]:
        text.remove(tags[name])
    for name in added[len(gone) :]:
        text.append(image, _tag(classes.know(name)))


def _plain(written: str) -> str:
    return unescape(written, {"&quot;": '"', "&apos;": "'", "&#10;": "\n", "&#9;": "\t"})


def _change_shape(classes: _Classes, nth: int, change: Change, lost: Counter[str]) -> None:
    text = classes.text
    shape = text.elements[nth]
    in_track = text.elements[shape.parent].tag == "track"
    if in_track and change.kind != "move box":
        lost["boxes of a track to drop, or to call otherwise, in single frames"] += 1
    elif change.kind == "drop box":
        text.remove(nth)
    elif change.kind == "relabel box":
        text.set_attribute(nth, "label", classes.know(change.new))
    elif shape.tag != "box" or text.attribute(nth, "rotation") not in ("", "0", "0.00", "0.0"):
        lost[f"{shape.tag} or turned box to move"] += 1
    else:
        for edge, old, new in zip(_EDGES, change.was, change.corners, strict=True):
            if old != new:
                text.set_attribute(nth, edge, number_like(text.attribute(nth, edge), new))
        if in_track and text.attribute(nth, "keyframe") == "0":
            text.set_attribute(nth, "keyframe", "1")


class _Classes:
    """The classes that a file lists; new ones are listed too."""

    def __init__(self, text: XmlText) -> None:
        self.text = text
        self._known = {
            nth: {_plain(text.text[slice(*text.content(at))].strip()) for each in text.children(nth)
                  for at in text.children(each, "name")}
            for nth, element in enumerate(text.elements) if element.tag == "labels"
        }  # fmt: skip

    def know(self, label: Any) -> str:
        """Give the name of a class, listed."""
        name = id_text(label)
        for nth, known in self._known.items():
            if name not in known:
                known.add(name)
                self.text.append(nth, f"<label>\n  <name>{escape(name)}</name>\n</label>")
        return name
