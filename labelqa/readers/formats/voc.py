"""Pascal VOC: an XML file per picture, the annotator by folder."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree.ElementTree import Element

from labelqa.errors import TableError
from labelqa.readers import _shapes
from labelqa.readers._frames import PLACES, Frames, Reading, Rows, nobody
from labelqa.readers._opened import Source
from labelqa.readers._record import record, text_number

_EDGES = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("difficult", "truncated")


def is_voc(folder: Path) -> bool:
    """Tell a folder by the first XML file that lies in it or in its Annotations."""
    first = next(iter(sorted([*folder.glob("*.xml"), *folder.glob("Annotations/*.xml")])), None)
    return first is not None and _is_one(Source(first))


def _is_one(source: Source) -> bool:
    root = source.xml
    return root.tag == "annotation" and (root.find("filename") is not None or root.find("size") is not None)


def read_voc(folder: Path, how: Reading) -> Frames:
    """Read the files of one person; a file without objects is a picture on which nothing was drawn.

    Numbers stand as they are: some programs count pixels from 1, and the file does not say so.

    Raises
    ------
    TableError
        For a file of another kind, a box that is not four numbers, or a missing annotator.
    """
    rows = Rows(folder, how)
    if how.annotator is None:
        raise nobody(folder)
    items: set[str] = set()
    for path in sorted(folder.rglob("*.xml")):
        with record(path):
            source = Source(path)
            if not _is_one(source):
                raise TableError("it is no annotation of Pascal VOC, unlike others in its folder")
            _add_picture(rows, source.xml, path, how.annotator, items)
    _tell_lists(rows, folder, {Path(item).stem for item in items})
    return rows.frames()


def _tell_lists(rows: Rows, folder: Path, stems: set[str]) -> None:
    """Count what the lists of pictures hold that no file does."""
    lists = sorted(folder.rglob("ImageSets/Main/*.txt"))
    lines = [line.split() for path in lists for line in Source(path).text.splitlines() if line.split()]
    rows.met["files", "class of a picture in ImageSets", "left out"] += sum(len(words) > 1 for words in lines)
    absent = {words[0] for words in lines if Path(words[0]).name not in stems and Path(words[0]).stem not in stems}
    rows.met["items", "picture listed without a file", "no view"] += len(absent)


def _add_picture(rows: Rows, root: Element, path: Path, person: str, items: set[str]) -> None:
    name = (root.findtext("filename") or "").strip() or path.stem
    if name in items:
        raise TableError(f"it is about {name}, as another file of the same person is; remove one of them")
    items.add(name)
    width, height = (float(root.findtext(f"size/{side}") or 0) or None for side in ("width", "height"))
    rows.met["items", "picture of size 0 x 0", "size unknown"] += width is None and root.find("size") is not None
    unread = False
    places = {element: nth for nth, element in enumerate(root.iter())} if rows.how.with_places else {}
    for nth, one in enumerate(root.iterfind("object")):
        with record(("object", nth)):
            label = (one.findtext("name") or "").strip()
            corners = _corners(rows, one)
            if corners is None or not label:
                rows.met["boxes", "object without a class or a box", "left out"] += 1
                unread = True
                continue
            rows.boxes.append((name, person, label, *corners))
            rows.mark("boxes", places.get(one), path)
            for flag in _FLAGS:
                rows.met["boxes", f"box marked {flag}", "kept"] += (one.findtext(flag) or "0").strip() == "1"
            rows.met["boxes", "part of an object", "left out"] += len(one.findall("part"))
            rows.met["boxes", "polygon beside its box", "left out"] += one.find("polygon") is not None
    rows.view(name, person, unread=unread)
    rows.mark("views", None, path)
    rows.item(name, name, width, height)
    rows.mark(PLACES, None, path, person)


def _corners(rows: Rows, one: Element) -> _shapes.Corners | None:
    box, turned = one.find("bndbox"), one.find("robndbox")
    if turned is not None:
        cx, cy, w, h, angle = (text_number(turned.findtext(name), name) for name in ("cx", "cy", "w", "h", "angle"))
        rows.met["boxes", "rotated rectangle", "read as the box that encloses it"] += 1
        return _shapes.turned(cx - w / 2, cy - h / 2, w, h, math.degrees(angle), round_middle=True)
    if box is None:
        return None
    left, top, right, bottom = (text_number(box.findtext(edge), edge) for edge in _EDGES)
    turns = [
        each.findtext("value") for each in one.iterfind("attributes/attribute") if each.findtext("name") == "rotation"
    ]
    if turns and float(turns[0] or 0):
        rows.met["boxes", "rotated rectangle", "read as the box that encloses it"] += 1
        return _shapes.turned(left, top, right - left, bottom - top, float(turns[0] or 0), round_middle=True)
    return left, top, right, bottom
