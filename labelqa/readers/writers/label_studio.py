"""Label Studio JSON, written as tasks that can be imported again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from labelqa._checks import BOX_EDGES
from labelqa._codes import id_text
from labelqa.readers._changes import Change
from labelqa.readers._edits import JsonText
from labelqa.readers._frames import Reading
from labelqa.readers.writers._files import Files, change_documents, moved_path

#: Names of the controls where a source has none: those of Label Studio's own templates.
_CONTROLS = {"rectanglelabels": ("label", "image"), "choices": ("choice", "image")}


def write_label_studio(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Compose the tasks: one per item, one annotation per view, ids as numbers where they are.

    Boxes of items whose size is not known have no place, as they stand in percent (`losses` counts them).
    """
    sizes = _sizes(tables["items"])
    results: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in tables["labels"].to_dict("records"):
        seed = f"{row['item_id']}/{row['annotator_id']}/choice"
        added = _choice(id_text(row["label"]), _CONTROLS["choices"], seed)
        results.setdefault((row["item_id"], row["annotator_id"]), []).append(added)
    for row in tables["boxes"].to_dict("records"):
        size = sizes.get(row["item_id"])
        if size is None:
            continue
        corners = [row[edge] for edge in BOX_EDGES]
        added = _rectangle(id_text(row["label"]), corners, size, _CONTROLS["rectanglelabels"], row["box_id"])
        results.setdefault((row["item_id"], row["annotator_id"]), []).append(added)
    said: dict[str, list[dict[str, Any]]] = {}
    for number, row in enumerate(tables["views"].to_dict("records"), 1):
        said.setdefault(row["item_id"], []).append(
            {
                "id": number,
                "completed_by": person_value(row["annotator_id"]),
                "result": results.get((row["item_id"], row["annotator_id"]), []),
                "was_cancelled": row["status"] == "skipped",
                "ground_truth": False,
                **({} if pd.isna(row["created_at"]) else {"created_at": row["created_at"].isoformat()}),
                **({} if pd.isna(row["seconds"]) else {"lead_time": row["seconds"]}),
            }
        )
    return [
        {
            "id": int(item) if re.fullmatch(r"0|[1-9]\d{0,14}", item) else item,
            "data": {"image": path if isinstance(path, str) else ""},
            "annotations": said.get(item, []),
            "predictions": [],
        }
        for item, path in zip(tables["items"]["item_id"], tables["items"]["path"], strict=True)
    ]


def _sizes(items: pd.DataFrame) -> dict[str, tuple[float, float]]:
    known = items.loc[items["width"].notna() & items["height"].notna()]
    sizes = zip(known["item_id"], known["width"], known["height"], strict=True)
    return {item: (_plain(width), _plain(height)) for item, width, height in sizes}


def _plain(side: float) -> float:
    return int(side) if float(side).is_integer() else float(side)


def person_value(person: str) -> Any:
    """Give a person as an import takes them: by number, or by e-mail or name."""
    return int(person) if re.fullmatch(r"0|[1-9]\d{0,14}", person) else {"email": person}


def _choice(label: str, control: tuple[str, str], seed: str) -> dict[str, Any]:
    return {
        "id": _name(seed, label),
        "type": "choices",
        "from_name": control[0],
        "to_name": control[1],
        "value": {"choices": [label]},
    }


def _rectangle(
    label: str, corners: Sequence[float], size: tuple[float, float], control: tuple[str, str], seed: str
) -> dict[str, Any]:
    return {
        "id": _name(seed, label),
        "type": "rectanglelabels",
        "from_name": control[0],
        "to_name": control[1],
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": {**_percent(corners, size), "rotation": 0, "rectanglelabels": [label]},
    }


def _percent(corners: Sequence[float], size: tuple[float, float]) -> dict[str, float]:
    left, top, right, bottom = corners
    across, down = 100 / size[0], 100 / size[1]
    return {"x": left * across, "y": top * down, "width": (right - left) * across, "height": (bottom - top) * down}


def _name(*parts: str) -> str:
    """Name a result by what it says, so that the same fix has the same name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def rewrite_label_studio(changes: Sequence[Change], files: Files, lost: Counter[str], how: Reading) -> None:
    """Change the results that were decided on; a fix by somebody else is in an annotation of their own."""
    change_documents(changes, lambda path: _Document(files.json(path), lost, how))


class _Document:
    """One export, and what is added to each of its tasks."""

    def __init__(self, text: JsonText, lost: Counter[str], how: Reading) -> None:
        self.text, self.lost, self.how = text, lost, how
        self.tasks: list[dict[str, Any]] = text.value(())
        self._added: dict[tuple[int, str], list[dict[str, Any]]] = {}
        self._gone: set[tuple[int, int]] = set()

    def change(self, change: Change, place: Any) -> None:
        """Make one change at one place."""
        position, *rest = place
        if change.kind == "drop item":
            if rest[0] is None:
                self.text.remove((position,))
            else:
                self.lost["pictures to drop of a task that has several"] += 1
        elif change.kind == "drop view":
            if rest[1] is None:
                self._gone.add((position, rest[0]))
                self.text.remove((position, "annotations", rest[0]))
            else:
                self.lost["views to drop of one of the several pictures of a task"] += 1
        elif change.kind in ("add label", "add box"):
            self._add(change, position, rest[0])
        else:
            self._change_result(change, position, *rest)

    def finish(self) -> None:
        """Put what was added into the annotation of its author, or into a new one."""
        numbers = [one.get("id") for task in self.tasks for one in task["annotations"] if isinstance(one, dict)]
        number = max((one for one in numbers if isinstance(one, int)), default=0)
        for (position, person), results in self._added.items():
            nth = self._annotation_of(position, person)
            if nth is not None:
                self.text.extend((position, "annotations", nth, "result"), results)
                continue
            number += 1
            self.text.append(
                (position, "annotations"),
                {
                    "id": number,
                    "completed_by": person_value(person),
                    "result": results,
                    "was_cancelled": False,
                    "ground_truth": False,
                },
            )

    def _results(self, position: int, nth: int) -> list[dict[str, Any]]:
        return self.tasks[position]["annotations"][nth].get("result") or []

    def _change_result(self, change: Change, position: int, annotation: int, nth: int) -> None:
        results = self._results(position, annotation)
        base = (position, "annotations", annotation, "result")
        result = results[nth]
        if change.kind == "relabel":
            self.text.set((*base, nth, "value", "choices"), _split(change))
        elif change.kind == "drop label":
            self.text.remove((*base, nth))
        elif change.kind == "relabel box":
            for mate in self._mates(results, nth):
                kind = str(results[mate].get("type"))
                if kind.endswith("labels") and results[mate]["value"].get(kind):
                    self.text.set((*base, mate, "value", kind), _split(change))
        elif change.kind == "drop box":
            for mate in self._mates(results, nth):
                self.text.remove((*base, mate))
            for other, one in enumerate(results):
                ends = (one.get("from_id"), one.get("to_id"))
                if one.get("type") == "relation" and result.get("id") is not None and result.get("id") in ends:
                    self.text.remove((*base, other))
        else:
            self._move(change, (*base, nth), result)

    def _move(self, change: Change, path: tuple[Any, ...], result: dict[str, Any]) -> None:
        kind = str(result.get("type"))
        if not kind.startswith("rectangle") or result["value"].get("rotation"):
            self.lost[f"{kind.removesuffix('labels')} or turned rectangle to move"] += 1
            return
        width, height = result.get("original_width"), result.get("original_height")
        size = (width, height) if width and height else self._seen_size(path[0], None)
        if size is None:
            self.lost["boxes to move of a picture without a size"] += 1
            return
        old, new = _percent(change.was, size), _percent(change.corners, size)
        for side, value in new.items():
            if value != old[side]:
                self.text.set((*path, "value", side), value)

    def _mates(self, results: list[dict[str, Any]], nth: int) -> list[int]:
        """Give the numbers of all results of a region."""
        name = results[nth].get("id")
        return [n for n, one in enumerate(results) if n == nth or (name is not None and one.get("id") == name)]

    def _seen_size(self, position: int, key: str | None) -> tuple[float, float] | None:
        """Give the size of a picture as any result of its task says it."""
        for one in self.tasks[position]["annotations"]:
            for result in one.get("result") or []:
                if key not in (None, str(result.get("item_index", result.get("to_name")))):
                    continue
                if result.get("original_width") and result.get("original_height"):
                    return result["original_width"], result["original_height"]
        return None

    def _add(self, change: Change, position: int, key: str | None) -> None:
        label, person = id_text(change.new), str(change.annotator)
        seed = f"{change.item}/{person}/{change.corners}"
        if change.kind == "add label":
            result = _choice(label, self._control("choices", position), seed)
        else:
            size = self._seen_size(position, key)
            if size is None:
                self.lost["boxes to add to a picture without a size"] += 1
                return
            result = _rectangle(label, change.corners, size, self._control("rectanglelabels", position), seed)
        if key is not None and self._annotation_of(position, person) is None:
            self.lost["pictures of a task with several, which a new annotation calls looked at"] += 1
        if key is not None:
            result |= {"item_index": int(key)} if key.isdigit() else {"to_name": key}
        self._added.setdefault((position, person), []).append(result)

    def _control(self, kind: str, position: int) -> tuple[str, str]:
        """Give the names of a control as the task has them, or else the file."""
        for task in (self.tasks[position], *self.tasks):
            for one in task["annotations"]:
                for result in one.get("result") or []:
                    if result.get("type") == kind and isinstance(result.get("from_name"), str):
                        return result["from_name"], str(result.get("to_name"))
        return _CONTROLS[kind]

    def _annotation_of(self, position: int, person: str) -> int | None:
        """Find the annotation of a person that counts, if they have one."""
        own = []
        for nth, one in enumerate(self.tasks[position]["annotations"]):
            who = one.get("completed_by")
            who = who.get("id", who.get("email")) if isinstance(who, dict) else who
            is_view = not one.get("was_cancelled") and (self.how.keep_gold or not one.get("ground_truth"))
            if str(who) == person and is_view and (position, nth) not in self._gone:
                own.append((str(one.get("created_at")), nth))
        return max(own)[1] if own else None


def _split(change: Change) -> list[str]:
    """Give the classes of a label; where it was a set, it may be one again."""
    new = id_text(change.new)
    return sorted(new.split("|")) if "|" in id_text(change.old) else [new]


def repath_label_studio(paths: Sequence[Path], files: Files, there: Path) -> None:
    """Make the paths of pictures hold from another folder."""
    for path in paths:
        text = files.json(path)
        for position, task in enumerate(text.value(())):
            for key, value in task["data"].items() if isinstance(task.get("data"), dict) else ():
                listed = enumerate(value) if isinstance(value, list) else [(None, value)]
                for nth, one in listed:
                    new = moved_path(one, path.parent, there)
                    if new is not None:
                        text.set((position, "data", key, *([] if nth is None else [nth])), new)
