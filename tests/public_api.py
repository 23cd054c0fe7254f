"""The public face of labelqa as the live package has it: names, arguments, fields, docstrings.

`python tests/public_api.py --write` writes it to public_api.json, so that every change of it is a visible diff;
test_public_api.py compares the two and asks what each docstring must hold.
"""

from __future__ import annotations

import builtins
import dataclasses
import dis
import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

LISTED = Path(__file__).with_suffix(".json")
ROOMS = (
    "agreement", "consensus", "noise", "augment", "baseline", "compare", "deploy", "report", "audit", "readers",
    "features", "images", "annotations",
)  # fmt: skip


def room(name: str) -> ModuleType:
    """Import a room, or the package itself under the name "labelqa"."""
    return importlib.import_module("labelqa" if name == "labelqa" else f"labelqa.{name}")


def shown_names(module: ModuleType) -> list[str]:
    """What `dir` shows, names with two underscores at both ends aside."""
    return sorted(name for name in dir(module) if not re.fullmatch(r"__\w+__", name))


def declared_names(module: ModuleType) -> list[str]:
    """What `__all__` lists."""
    return sorted(name for name in getattr(module, "__all__", ()) if not re.fullmatch(r"__\w+__", name))


def public_objects(kind: Callable[[Any], bool]) -> list[tuple[str, str, Any]]:
    """Give (room, name, object) for all of a kind that the rooms declare and the package itself defines."""
    found = []
    for name in ROOMS:
        module = room(name)
        for each in declared_names(module):
            thing = getattr(module, each)
            if kind(thing) and getattr(thing, "__module__", "").startswith("labelqa"):
                found.append((name, each, thing))
    return found


def is_result(thing: Any) -> bool:
    """Tell classes that hold named fields: dataclasses and named tuples."""
    return inspect.isclass(thing) and (dataclasses.is_dataclass(thing) or hasattr(thing, "_fields"))


def fields_of(result: type) -> list[str]:
    """Give the public fields of a dataclass or named tuple."""
    names = [f.name for f in dataclasses.fields(result)] if dataclasses.is_dataclass(result) else list(result._fields)
    return [name for name in names if not name.startswith("_")]


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Give the parameters, `self` and `cls` aside."""
    found = inspect.signature(function).parameters.values()
    return [parameter for parameter in found if parameter.name not in ("self", "cls")]


def described() -> dict[str, Any]:
    """Give all public names: arguments and result of functions; fields and methods of classes; types of constants."""
    rooms: dict[str, Any] = {"labelqa": declared_names(room("labelqa"))}
    for name in ROOMS:
        module = room(name)
        rooms[name] = {each: _described(getattr(module, each)) for each in declared_names(module)}
    return rooms


def _described(thing: Any) -> Any:
    if inspect.isfunction(thing):
        return _signature(thing)
    if not inspect.isclass(thing):
        return type(thing).__name__
    out: dict[str, Any] = {"fields": fields_of(thing)} if is_result(thing) else {}
    for name, member in sorted(vars(thing).items()):
        if name.startswith("_") or name in out.get("fields", ()):
            continue
        inner = getattr(member, "__func__", member)
        out[name] = _signature(inner) if inspect.isfunction(inner) else "property"
    return out


def _signature(function: Callable[..., Any]) -> list[str]:
    """Give one line per argument, a star before the options, and the type of the answer."""
    lines, starred = [], False
    for parameter in parameters(function):
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            lines, starred = [*lines, "*"], True
        starred |= parameter.kind is parameter.VAR_POSITIONAL
        # the stars of *args and **options; a default as it is written
        line = str(parameter.replace(annotation=parameter.empty, default=parameter.empty)) + _type(parameter.annotation)
        lines.append(line if parameter.default is parameter.empty else f"{line} = {parameter.default!r}")
    return [*lines, "->" + _type(inspect.signature(function).return_annotation)[1:]]


def _type(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ": ?"
    return f": {annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)}"


def sections(thing: Any) -> dict[str, str]:
    """Take a numpydoc docstring apart: text by heading, the summary under ""."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(text: str) -> list[str]:
    """Give the names that a section describes: `a`, `a, b` or `a : type` at the beginning of a line."""
    lines = [line.partition(":")[0] for line in text.splitlines() if line and not line[0].isspace()]
    return [name.strip().lstrip("*") for line in lines for name in line.split(",")]


def errors_within(function: Callable[..., Any]) -> set[str]:
    """Give the errors of this package that a function can raise, as far as its calls can be followed by name."""
    seen: set[CodeType] = set()
    return {error.__name__ for error in _raised(function, seen)}


def _raised(function: Any, seen: set[CodeType]) -> Iterator[type[BaseException]]:
    function = inspect.unwrap(function)
    known = getattr(function, "__globals__", {})
    for code in _codes(getattr(function, "__code__", None)):
        if code in seen:
            continue
        seen.add(code)
        for name in _loaded(code):
            thing = known.get(name)
            if not getattr(thing, "__module__", "").startswith("labelqa"):
                continue
            if inspect.isclass(thing) and issubclass(thing, Exception):
                yield thing
            elif inspect.isclass(thing):
                for made in ("__init__", "__post_init__"):
                    if inspect.isfunction(vars(thing).get(made)):
                        yield from _raised(vars(thing)[made], seen)
            elif callable(thing):
                yield from _raised(thing, seen)


def _loaded(code: CodeType) -> Iterator[str]:
    """Give the names that a code looks up, what it only catches aside."""
    steps = list(dis.get_instructions(code))
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(step.argval, str) and not (after is not None and after.opname == "CHECK_EXC_MATCH"):
            yield step.argval


def _codes(code: CodeType | None) -> Iterator[CodeType]:
    if code is not None:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from _codes(constant)


def is_error(name: str) -> bool:
    """Tell the name of an exception: one of the package's own, or a builtin."""
    places = [importlib.import_module("labelqa.errors"), builtins, *map(room, ROOMS)]
    found = [vars(place).get(name) for place in places]
    return any(inspect.isclass(thing) and issubclass(thing, BaseException) for thing in found)


def text() -> str:
    """Give what public_api.json should hold."""
    return json.dumps(described(), indent=1) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python tests/public_api.py --write")
    LISTED.write_text(text(), encoding="utf-8")
