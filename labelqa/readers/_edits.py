"""Replacements in a text that leave everything else as it stands, to the byte: for JSON, XML and delimited text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from labelqa.errors import TableError


class Text:
    """A text, and the replacements to be made in it.

    Parameters
    ----------
    text
        As it stands in the file.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._edits: list[tuple[int, int, str]] = []

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def replace(self, start: int, end: int, new: str) -> None:
        """Put `new` where text[start:end] stands."""
        self._edits.append((start, end, new))

    def result(self) -> str:
        """Give the text with all replacements; those within a longer one fall away."""
        out, done = [], 0
        # at one place, what is inserted comes before what is cut out; longer cuts hide shorter ones
        for start, end, new in sorted(self._edits, key=lambda edit: (edit[0], edit[1] > edit[0], -edit[1])):
            if start >= done:
                out += [self.text[done:start], new]
                done = end
        return "".join([*out, self.text[done:]])


def number_like(old: str, value: float) -> str:
    """Write a number in the style of the one it replaces: whole, or with as many decimals, if that loses nothing."""
    if float(value).is_integer() and re.fullmatch(r"-?\d+", old.strip()):
        return str(int(value))
    decimals = len(old.strip().partition(".")[2]) if re.fullmatch(r"-?\d+\.\d+", old.strip()) else 0
    short = f"{value:.{decimals}f}"
    return short if decimals and float(short) == value else repr(float(value))


@dataclass(frozen=True)
class Member:
    """One value in a JSON list or object: its key or number, where it begins (with its key), and its value's span."""

    key: Any
    first: int
    start: int
    end: int


@dataclass
class _Array:
    removed: set[int] = field(default_factory=set)
    added: list[Any] = field(default_factory=list)


class JsonText(Text):
    """A JSON text; places in it are paths of keys and numbers."""

    _SPACE = re.compile(r"[ \t\n\r]*")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._known: dict[int, list[Member]] = {}
        self._arrays: dict[tuple[Any, ...], _Array] = {}
        self._scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]

    def span(self, path: Sequence[Any]) -> tuple[int, int]:
        """Give where the value at a path stands."""
        start, end = self._skip(0), len(self.text.rstrip())
        for step in path:
            # of a key that stands twice the last counts, as for `json.loads`
            member = [one for one in self.members(start) if one.key == step][-1]
            start, end = member.start, member.end
        return start, end

    def value(self, path: Sequence[Any]) -> Any:
        """Give the value at a path."""
        return self._scan(self.text, self.span(path)[0])[0]

    def has(self, path: Sequence[Any]) -> bool:
        """Tell whether there is a value at a path."""
        start = self.span(path[:-1])[0]
        return any(one.key == path[-1] for one in self.members(start))

    def set(self, path: Sequence[Any], value: Any) -> None:
        """Put another value at a path; numbers keep their style."""
        start, end = self.span(path)
        old = self.text[start:end]
        members = self.members(start) if old[0] == "[" and isinstance(value, list) else []
        if members and len(members) == len(value):
            # the space between the values of a list is its writer's
            for nth, one in enumerate(value):
                self.set((*path, nth), one)
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and re.match(r"-?\d", old)
        self.replace(start, end, number_like(old, value) if is_number else self._written(value, start))

    def add_key(self, path: Sequence[Any], value: Any) -> None:
        """Put a key that is not there at the end of its object."""
        start, end = self.span(path[:-1])
        members = self.members(start)
        said = f"{json.dumps(path[-1], ensure_ascii=self._is_ascii)}{': ' if self._is_spaced else ':'}"
        said += self._written(value, members[0].first if members else start)
        if members:
            self.replace(members[-1].end, members[-1].end, f",{self._lead(members, start)}{said}")
        else:
            self.replace(start, end, "{" + said + "}")

    def remove(self, path: Sequence[Any]) -> None:
        """Take an element out of its list."""
        self._arrays.setdefault(tuple(path[:-1]), _Array()).removed.add(path[-1])

    def append(self, path: Sequence[Any], value: Any) -> None:
        """Put a value at the end of a list."""
        self._arrays.setdefault(tuple(path), _Array()).added.append(value)

    def extend(self, path: Sequence[Any], values: Sequence[Any]) -> None:
        """Put values at the end of a list, which is made where there is none yet, or null."""
        if not self.has(path):
            self.add_key(path, list(values))
        elif self.text[self.span(path)[0]] != "[":
            self.set(path, list(values))
        else:
            for value in values:
                self.append(path, value)

    def n_added(self, path: Sequence[Any]) -> int:
        """Count what is to be put at the end of a list."""
        change = self._arrays.get(tuple(path))
        return len(change.added) if change else 0

    def result(self) -> str:
        """Give the text with all changes."""
        for path, change in self._arrays.items():
            self._change_array(path, change)
        self._arrays = {}
        return super().result()

    def members(self, start: int) -> list[Member]:
        """Give what is in the list or object that begins at a place."""
        if start not in self._known:
            self._known[start] = list(self._parsed(start))
        return self._known[start]

    def _parsed(self, start: int) -> Any:
        is_object = self.text[start] == "{"
        place, nth = self._skip(start + 1), 0
        while self.text[place] not in "]}":
            first, key = place, nth
            if is_object:
                key, place = self._scan(self.text, place)
                place = self._skip(self._skip(place) + 1)
            end = self._scan(self.text, place)[1]
            yield Member(key, first, place, end)
            nth, place = nth + 1, self._skip(end)
            if self.text[place] == ",":
                place = self._skip(place + 1)

    def _skip(self, place: int) -> int:
        return self._SPACE.match(self.text, place).end()  # type: ignore[union-attr]

    def _change_array(self, path: tuple[Any, ...], change: _Array) -> None:
        start, end = self.span(path)
        members = self.members(start)
        kept = [nth for nth in range(len(members)) if nth not in change.removed]
        if not kept:
            self.replace(start, end, self._written(change.added, start))
            return
        for one, after in pairwise([*kept, len(members)]):
            # what goes takes the comma before it along
            if after - one > 1:
                self.replace(members[one].end, members[after - 1].end, "")
        if kept[0] > 0:
            self.replace(members[0].first, members[kept[0]].first, "")
        last = members[kept[-1]].end
        for value in change.added:
            self.replace(last, last, f",{self._lead(members, start)}{self._written(value, members[0].first)}")

    def _lead(self, members: list[Member], start: int) -> str:
        """Give the space that stands before a further member."""
        space = self.text[start + 1 : members[0].first]
        return space if "\n" in space else " " if self._is_spaced else ""

    @cached_property
    def _is_spaced(self) -> bool:
        return re.search(r'"\s*:[^ ]', self.text[:4096]) is None

    @cached_property
    def _is_ascii(self) -> bool:
        return self.text.isascii()

    @cached_property
    def _unit(self) -> str | None:
        """The indentation of one level; None where lists stand in one line."""
        found = re.match(r"\s*[\[{][ \t]*\r?\n([ \t]+)", self.text)
        return found[1] if found else None

    def _written(self, value: Any, place: int) -> str:
        """Write a value in the style of the text, indented like the line it begins in."""
        if self._unit is None:
            separators = (", ", ": ") if self._is_spaced else (",", ":")
            return json.dumps(value, ensure_ascii=self._is_ascii, separators=separators)
        line = self.text[self.text.rfind("\n", 0, place) + 1 : place]
        indent = line[: len(line) - len(line.lstrip())]
        said = json.dumps(value, ensure_ascii=self._is_ascii, indent=self._unit)
        return said.replace("\n", self.newline + indent)


@dataclass
class Element:
    """One XML element: its tag, where its start tag and the whole stand, and its parent's number."""

    tag: str
    start: int
    head: int
    end: int
    parent: int


class XmlText(Text):
    """An XML text; elements are called by their number in the order in which they begin."""

    _ATTRIBUTE = re.compile(r"\s([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
    _HEAD = re.compile(r"<[^\s/>]+(?:\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*\s*/?>")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.elements: list[Element] = []
        self._parse()

    def set_attribute(self, nth: int, name: str, value: str) -> None:
        """Give an attribute that is there another value."""
        element = self.elements[nth]
        head = self.text[element.start : element.head]
        found = self._found(head, name)
        if found is None:
            raise TableError(f"a {element.tag} has no {name}, which would have to change")
        quote = found[2][0]
        start = element.start + found.start(2) + 1
        new = escape(value, {quote: "&quot;" if quote == '"' else "&apos;", "\n": "&#10;", "\t": "&#9;"})
        self.replace(start, start + len(found[2]) - 2, new)

    def attribute(self, nth: int, name: str) -> str:
        """Give an attribute as it is written."""
        head = self.text[self.elements[nth].start : self.elements[nth].head]
        found = self._found(head, name)
        return found[2][1:-1] if found else ""

    def _found(self, head: str, name: str) -> re.Match[str] | None:
        """Find an attribute in a start tag, and not in what another one says."""
        return next((one for one in self._ATTRIBUTE.finditer(head) if one[1] == name), None)

    def content(self, nth: int) -> tuple[int, int]:
        """Give where the content of an element stands."""
        element = self.elements[nth]
        if self._is_bare(element):
            return element.head, element.head
        return element.head, self.text.rindex("</", element.head, element.end)

    def set_content(self, nth: int, value: str) -> None:
        """Give an element another text, space round it kept."""
        start, end = self.content(nth)
        old = self.text[start:end]
        lead = len(old) - len(old.lstrip())
        self.replace(start + lead, start + max(len(old.rstrip()), lead), escape(value))

    def children(self, nth: int, tag: str | None = None) -> list[int]:
        """Give the numbers of the children of an element."""
        return [n for n in self._children.get(nth, ()) if tag in (None, self.elements[n].tag)]

    @cached_property
    def _children(self) -> dict[int, list[int]]:
        out: dict[int, list[int]] = {}
        for n, one in enumerate(self.elements):
            out.setdefault(one.parent, []).append(n)
        return out

    def remove(self, nth: int) -> None:
        """Take an element out, with the line it stands in."""
        element = self.elements[nth]
        before = self.text[: element.start]
        space = len(before) - len(before.rstrip())
        self.replace(element.start - space, element.end, "")

    def append(self, nth: int, child: str) -> None:
        """Put a child, written as XML, at the end of an element; its lines are indented as needed."""
        element = self.elements[nth]
        line = self.text[self.text.rfind("\n", 0, element.start) + 1 : element.start]
        indent = line if not line.strip() else ""
        unit = self._unit
        inner = self.newline + indent + unit + child.replace("\n", self.newline + indent + unit)
        start, end = self.content(nth)
        if self._is_bare(element):
            self.replace(element.head - 2, element.head, f">{inner}{self.newline}{indent}</{element.tag}>")
            return
        content = self.text[start:end]
        at = start + len(content.rstrip())
        closing = "" if content.strip() or "\n" in content else self.newline + indent
        self.replace(at, at, inner + closing)

    def _is_bare(self, element: Element) -> bool:
        """Tell an element that is a single tag."""
        return self.text[element.head - 2 : element.head] == "/>"

    @cached_property
    def _unit(self) -> str:
        found = re.search(r"\n([ \t]+)<", self.text)
        return found[1] if found else ""

    def _parse(self) -> None:
        data = self.text.encode()
        parser = expat.ParserCreate("utf-8")
        stack: list[int] = []
        place = _Places(self.text)

        def begin(tag: str, _: Any) -> None:
            start = place.of(parser.CurrentByteIndex)
            head = self._HEAD.match(self.text, start)
            stack.append(len(self.elements))
            above = stack[-2] if len(stack) > 1 else -1
            self.elements.append(Element(tag, start, head.end() if head else start, 0, above))

        def end(_: str) -> None:
            element = self.elements[stack.pop()]
            if self._is_bare(element):
                element.end = element.head
            else:
                element.end = self.text.index(">", place.of(parser.CurrentByteIndex)) + 1

        parser.StartElementHandler, parser.EndElementHandler = begin, end
        parser.Parse(data, True)


class _Places:
    """Turns places in the bytes of a text, asked for in ascending order, into places in the text."""

    def __init__(self, text: str) -> None:
        self.text, self.byte, self.char = text, 0, 0
        self.is_ascii = text.isascii()

    def of(self, byte: int) -> int:
        if self.is_ascii:
            return byte
        while self.byte < byte:
            code = ord(self.text[self.char])
            self.byte += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
            self.char += 1
        return self.char


class DelimitedText(Text):
    """A delimited text; rows are numbered from 0 without the header, cells by column."""

    def __init__(self, text: str, delimiter: str, start: int = 0) -> None:
        super().__init__(text)
        self.delimiter = delimiter
        self._rows: list[tuple[int, int]] = []
        self._scan(start)

    @property
    def n_cells(self) -> int:
        """How many cells a row has."""
        return len(self._cells(min(0, len(self._rows) - 2)))

    def cell(self, row: int, column: int) -> str:
        """Give a cell as it is written."""
        start, end = self._cells(row)[column]
        return self.text[start:end]

    def set(self, row: int, column: int, value: str) -> None:
        """Give a cell another value, quoted where it was or has to be."""
        start, end = self._cells(row)[column]
        self.replace(start, end, self._quoted(value, always=self.text[start : start + 1] == '"'))

    def remove(self, row: int) -> None:
        """Take a row out, with its line."""
        start, end = self._span(row)
        self.replace(start, end, "")

    def append(self, cells: Sequence[str]) -> None:
        """Put a row at the end."""
        line = self.delimiter.join(self._quoted(cell, always=False) for cell in cells)
        end = len(self.text)
        self.replace(end, end, ("" if self.text.endswith("\n") else self.newline) + line + self.newline)

    def add_column(self, name: str, values: Sequence[str]) -> None:
        """Put a column at the end."""
        for row, value in zip(range(-1, len(values)), [name, *values], strict=True):
            end = self._cells(row)[-1][1]
            self.replace(end, end, self.delimiter + self._quoted(value, always=False))

    def _quoted(self, value: str, *, always: bool) -> str:
        if always or any(one in value for one in (self.delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value

    def _scan(self, start: int) -> None:
        """Find the rows: the reader says how many lines each takes, and blank lines are none."""
        lines = io.StringIO(self.text[start:], newline="").readlines()
        reader, place, seen = csv.reader(lines, delimiter=self.delimiter), start, 0
        for row in reader:
            length = sum(map(len, lines[seen : reader.line_num]))
            if row:
                self._rows.append((place, place + length))
            place, seen = place + length, reader.line_num

    def _span(self, row: int) -> tuple[int, int]:
        return self._rows[row + 1]

    def _cells(self, row: int) -> list[tuple[int, int]]:
        start, end = self._span(row)
        out, first, is_quoted = [], start, False
        stop = start + len(self.text[start:end].rstrip("\r\n"))
        for place in range(start, stop):
            if self.text[place] == '"':
                is_quoted = not is_quoted
            elif self.text[place] == self.delimiter and not is_quoted:
                out.append((first, place))
                first = place + 1
        return [*out, (first, stop)]


class LinesText(Text):
    """Lines of text, numbered from 0, that end as in any text: also with a lone carriage return, say."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        ends = [0]
        for line in self._split(text):
            ends.append(ends[-1] + len(line))
        self._spans = list(pairwise(ends))

    @staticmethod
    def _split(text: str) -> list[str]:
        return text.splitlines(keepends=True)

    def line(self, nth: int) -> str:
        """Give a line without its end."""
        start, end = self._spans[nth]
        return self.text[start:end].rstrip("\r\n")

    def lines(self) -> list[str]:
        """Give all lines without their ends."""
        return [self.line(nth) for nth in range(len(self._spans))]

    def set(self, nth: int, line: str) -> None:
        """Put another line."""
        start = self._spans[nth][0]
        self.replace(start, start + len(self.line(nth)), line)

    def remove(self, nth: int) -> None:
        """Take a line out."""
        self.replace(*self._spans[nth], "")

    def append(self, line: str) -> None:
        """Put a line at the end."""
        end = len(self.text)
        lead = "" if not self.text or self.text.endswith("\n") else self.newline
        self.replace(end, end, lead + line + self.newline)


class JsonLinesText(LinesText):
    """JSON lines: they end with a line feed, and may hold what ends a line elsewhere."""

    @staticmethod
    def _split(text: str) -> list[str]:
        return re.findall(r"[^\n]*\n|[^\n]+", text)
