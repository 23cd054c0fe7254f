"""`python -m benchmarks.fuzz_readers [--seconds 3600] [--seed 0]`: files of the fixtures, damaged at random, and read.

Each round takes a fixture, changes one thing (a value of JSON, an attribute or a text of XML, a cell, a byte, the end
of the file), reads it, and writes it back. Anything but tables or one of labelqa's own errors is a fault, and is
printed with how to get it again; so is a file that comes back otherwise without a decision, and more than ten seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import labelqa
from labelqa.errors import OptionError, TableError
from labelqa.noise import apply_decisions
from labelqa.readers import write_back

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "readers" / "formats"
READ = ("argilla", "class_folders", "coco", "cvat", "imagefolder", "label_studio", "labelbox", "labelme", "long_table",
        "mturk", "prodigy", "toloka", "via", "voc", "wide_table", "yolo", "zooniverse")  # fmt: skip
ODD: tuple[Any, ...] = (
    None, "", "x", -1, 0, 1e308, 1e-308, True, [], {}, [None], [[]], {"a": None}, "1e400", "\ud83d\ude00", "nan", 2**70,
    [1, 2, 3], ["a", 1], {"x": "y"}, "../../etc/passwd", "a" * 5000,
)  # fmt: skip


def variants() -> list[Path]:
    """The expectations of all fixtures of formats that are read."""
    return sorted(path for name in READ for path in FIXTURES.glob(f"{name}/*.expected.json"))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the paths of all values within JSON."""
    out = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            out += places(inner, (*path, key))
    elif isinstance(value, list):
        for key, inner in enumerate(value):
            out += places(inner, (*path, key))
    return out


def damaged_json(text: str, dice: random.Random) -> str:
    """Change, remove or repeat one value."""
    data = copy.deepcopy(json.loads(text))
    *path, last = dice.choice(places(data) or [(0,)])
    inner = data
    for key in path:
        inner = inner[key]
    match dice.randrange(4):
        case 0:
            del inner[last]
        case 1 if isinstance(inner, list):
            inner.append(copy.deepcopy(inner[last]))
        case _:
            inner[last] = copy.deepcopy(dice.choice(ODD))
    return json.dumps(data)


def damaged_xml(text: str, dice: random.Random) -> str:
    """Change or remove an attribute, a text or an element."""
    root = ElementTree.fromstring(text)
    element = dice.choice(list(root.iter()))
    odd = str(dice.choice(ODD))
    if element.attrib and dice.random() < 0.7:
        name = dice.choice(sorted(element.attrib))
        if dice.random() < 0.5:
            del element.attrib[name]
        else:
            element.attrib[name] = odd
    elif len(element) and dice.random() < 0.5:
        element.remove(dice.choice(list(element)))
    else:
        element.text = odd
    return ElementTree.tostring(root, encoding="unicode")


def damaged_text(data: bytes, dice: random.Random) -> bytes:
    """Cut, repeat or change bytes."""
    if not data:
        return b"\x00"
    at, n = dice.randrange(len(data)), dice.randrange(1, 12)
    match dice.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[at + n :]
        case 2:
            return data[:at] + bytes(dice.randrange(256) for _ in range(n)) + data[at:]
        case _:
            return data[:at] + dice.choice([b",", b'"', b"\n", b";", b"\t", b"-", b"1e999", b"nan"]) + data[at:]


def damage(path: Path, dice: random.Random) -> None:
    """Change one thing in a file."""
    data = path.read_bytes()
    # where there is nothing of the kind to change, bytes are
    with contextlib.suppress(TypeError, KeyError, IndexError, ValueError):
        if path.suffix == ".json" and dice.random() < 0.9:
            path.write_text(damaged_json(data.decode("utf-8-sig"), dice), encoding="utf-8")
            return
        if path.suffix == ".xml" and dice.random() < 0.9:
            path.write_text(damaged_xml(data.decode("utf-8"), dice), encoding="utf-8")
            return
        if path.suffix in (".jsonl", ".ndjson") and dice.random() < 0.9:
            lines = data.decode("utf-8").splitlines()
            at = dice.randrange(len(lines))
            lines[at] = damaged_json(lines[at], dice)
            path.write_text("\n".join(lines), encoding="utf-8")
            return
    path.write_bytes(damaged_text(data, dice))


def written_back(found: labelqa.Annotations, source: Path, target: Path, options: dict[str, Any]) -> str | None:
    """Write back what was read, and once more with the first box or label changed; give the fault, or None."""
    write_back(found, source, target, **options)
    if contents(source) != contents(target):
        return "what was written back without a decision is not the same to the byte"
    row = next(iter(found.boxes.to_dict("records")), None)
    one = {"item_id": row["item_id"], "box_id": row["box_id"]} if row else {"item_id": found.items["item_id"].iloc[0]}
    fixed = apply_decisions(found, [one | {"action": "relabel", "label": "another", "reviewer": "bo"}]).annotations
    # it reads its own result again, and refuses one that does not say what was asked
    write_back(fixed, source, target.with_name(f"fixed{target.suffix}"), **options)
    return None


def contents(path: Path) -> dict[Path, bytes]:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return {each.relative_to(path): each.read_bytes() for each in files}


def try_one(expectation: Path, seed: int) -> str | None:
    """Damage one fixture and read it; give the fault, or None."""
    dice = random.Random(seed)
    how = json.loads(expectation.read_text(encoding="utf-8"))["read"]
    options = {name: how[name] for name in ("annotator", "annotator_from", "format") if name in how}
    if "format" in options:
        options["format"] = {"long_table": "table"}.get(options["format"], options["format"])
    if "map" in how.get("options", {}):
        options["map"] = how["options"]["map"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "files"
        shutil.copytree(expectation.with_name(expectation.name.removesuffix(".expected.json")), place)
        files = [path for path in sorted(place.rglob("*")) if path.is_file()]
        damage(dice.choice(files), dice)
        start = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = labelqa.read(place / how["path"], **options)
                fault = written_back(
                    found, place / how["path"], Path(folder) / f"again{Path(how['path']).suffix}", options
                )
                if fault is not None:
                    return fault
        except (TableError, OptionError, FileNotFoundError):
            return None
        except Exception:
            return traceback.format_exc()
        return "it took more than ten seconds" if time.perf_counter() - start > 10 else None


def main(words: list[str] | None = None) -> int:
    """Fuzz for a while; give the number of faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(words)
    known = variants()
    faults: Counter[str] = Counter()
    end, n = time.monotonic() + asked.seconds, 0
    while time.monotonic() < end:
        seed = asked.seed + n
        path = known[n % len(known)]
        fault = try_one(path, seed)
        n += 1
        if fault is not None:
            kind = fault.strip().splitlines()[-1][:100]
            if not faults[kind]:
                print(f"try_one({path.relative_to(FIXTURES)}, {seed}):\n{fault}", flush=True)
            faults[kind] += 1
    print(f"{n:,} damaged files, {sum(faults.values())} faults of {len(faults)} kinds")
    return len(faults)


if __name__ == "__main__":
    sys.exit(main() > 0)
