"""The door for documents that others wrote: JSON and YAML within limits, and tables that fit into memory.

Conventions
-----------
What is refused is a `TableError` that names the file and the place. Limits are far above what annotation tools write.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from labelqa.errors import OptionError, TableError

#: Levels of lists and objects within each other.
MAX_DEPTH = 200
#: Values of a YAML document that stand for others (aliases), each counted with all that is in it.
MAX_ALIASED = 10_000
#: How many times its own size a packed file may hold: more is taken for a bomb.
MAX_RATIO = 300
#: Share of the free memory that a file may take.
_SHARE = 0.8
#: Bytes of a cell of text in memory beside its characters, and of the characters where nothing tells their number.
_TEXT_CELL = 16
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_LIMIT: ContextVar[int | None] = ContextVar("labelqa_max_memory", default=None)
#: An escape of half a pair; a whole pair is told from it by encoding the value.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def json_of(text: str, where: object, *, first_line: int = 1) -> Any:
    """Read JSON.

    Raises
    ------
    TableError
        For what is no JSON, with its line and column; for a key that stands twice in an object, half a pair of
        surrogates, numbers of thousands of digits, and nesting without end.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique)
        if _SURROGATE.search(text):
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise TableError(
            f"{where} is not valid JSON ({error.msg} in line {line}, column {error.colno}); export it again."
        ) from error
    except RecursionError as error:
        raise TableError(f"{where} is nested too deep to be read as JSON; export it again.") from error
    except UnicodeEncodeError as error:
        odd = str(error.object)[error.start]
        raise TableError(
            f"{where} holds {odd!r}, half of a pair of surrogates, which is no character; export it again."
        ) from error
    except ValueError as error:
        reason = "a number has thousands of digits" if "digits" in str(error) else str(error)
        raise TableError(f"{where} cannot be read as JSON ({reason}); export it again.") from error
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return out


def utf8_of(data: bytes, where: object) -> str:
    """Decode UTF-8.

    Raises
    ------
    TableError
        For other bytes, with the place.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{where} is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8.") from error


def yaml_of(text: str, where: object) -> Any:
    """Read YAML of plain values.

    Raises
    ------
    TableError
        For what is no YAML, with its line; for a key that stands twice, an alias within what it stands for, aliases
        that make much of little, and nesting without end.
    """
    import yaml

    try:
        _check_events(yaml.parse(text, Loader=yaml.SafeLoader), where)
        return yaml.safe_load(text)
    except TableError:
        raise
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" in line {error.problem_mark.line + 1}"
        raise TableError(f"{where} is not valid YAML ({error.problem or error.context}{line}); correct it.") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise TableError(f"{where} is not valid YAML ({str(error).splitlines()[0]}); correct it.") from error


class _Level:
    """A list or an object that is open: its anchor, the values in it so far, and the keys of an object."""

    def __init__(self, anchor: str | None, *, is_object: bool) -> None:
        self.anchor, self.n, self.n_children = anchor, 1, 0
        self.keys: set[str] | None = set() if is_object else None


def _check_events(events: Iterator[Any], where: object) -> None:
    """Walk through a document without building it."""
    import yaml

    sizes: dict[str | None, int] = {}
    levels: list[_Level] = []
    n_aliased = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.CollectionEndEvent):
            done = levels.pop()
            _count(levels, done.anchor, done.n, sizes)
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        _check_key(levels, event, where, line)
        if isinstance(event, yaml.CollectionStartEvent):
            levels.append(_Level(event.anchor, is_object=isinstance(event, yaml.MappingStartEvent)))
            if len(levels) > MAX_DEPTH:
                raise TableError(f"{where} is nested more than {MAX_DEPTH} deep in line {line}; make it simpler.")
        elif isinstance(event, yaml.AliasEvent):
            if any(level.anchor == event.anchor for level in levels):
                raise TableError(f"{where}: *{event.anchor} in line {line} stands within itself; write it out.")
            n_aliased += sizes.get(event.anchor, 1)
            if n_aliased > MAX_ALIASED:
                raise TableError(
                    f"{where}: the aliases up to line {line} stand for more than {MAX_ALIASED:,} values; write them "
                    "out."
                )
            _count(levels, None, sizes.get(event.anchor, 1), sizes)
        else:
            _count(levels, event.anchor, 1, sizes)


def _count(levels: list[_Level], anchor: str | None, n: int, sizes: dict[str | None, int]) -> None:
    if anchor is not None:
        sizes[anchor] = n
    if levels:
        levels[-1].n += n


def _check_key(levels: list[_Level], event: Any, where: object, line: int) -> None:
    """Refuse a key that stands twice in an object; what stands at even places there is a key."""
    if not levels:
        return
    level = levels[-1]
    is_key = level.keys is not None and level.n_children % 2 == 0
    level.n_children += 1
    value = getattr(event, "value", None)
    if is_key and level.keys is not None and value is not None:
        if value in level.keys:
            raise TableError(f"{where}: the key {value!r} stands twice in one object (line {line}); keep one.")
        level.keys.add(value)


def n_bytes_of(size: str | int | None) -> int | None:
    """Take a size such as "4G", "500M" or a number of bytes; None stands for the default.

    Raises
    ------
    OptionError
        For anything else.
    """
    if size is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", str(size), re.IGNORECASE)
    if found is None or isinstance(size, bool) or float(found[1]) <= 0:
        raise OptionError(f"max_memory={size!r} is no size; give one such as '4G' or '500M', or a number of bytes.")
    return int(float(found[1]) * _UNITS[found[2].upper()])


@contextmanager
def within_memory(size: str | int | None) -> Iterator[None]:
    """Read within a limit; None keeps the one that holds already."""
    chosen = n_bytes_of(size)
    if chosen is None:
        yield
        return
    token = _LIMIT.set(chosen)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def memory_limit() -> int:
    """Give the bytes that a file may take: what was chosen, else a share of what is free."""
    chosen = _LIMIT.get()
    return int(_SHARE * free_memory()) if chosen is None else chosen


def free_memory() -> int:
    """Give the bytes of memory that this process may still take, by the machine and by its control group."""
    free = [_available()]
    group = Path("/sys/fs/cgroup")
    for most, used in (
        (group / "memory.max", group / "memory.current"),
        (group / "memory/memory.limit_in_bytes", group / "memory/memory.usage_in_bytes"),
    ):
        if most.is_file() and used.is_file() and (limit := most.read_text().strip()).isdigit():
            free.append(max(int(limit) - int(used.read_text()), 0))
    return min(free)


def _available() -> int:
    facts = Path("/proc/meminfo")
    if facts.is_file():
        for line in facts.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # where the system does not tell: the least that machines for such work have
    return 8 << 30


def check_memory(n_bytes: float, what: object, advice: str) -> None:
    """Refuse what would not fit, before it is begun.

    Raises
    ------
    TableError
        With the size it would take, the limit, and `advice`.
    """
    limit = memory_limit()
    if n_bytes > limit:
        raise TableError(
            f"{what} would take {in_bytes(n_bytes)} of memory, and {in_bytes(limit)} may be used; {advice}"
        )


def in_bytes(n: float) -> str:
    """Write a number of bytes for people."""
    for unit in ("bytes", "KB", "MB"):
        if n < 1024:
            return f"{n:.0f} {unit}"
        n /= 1024
    return f"{n:,.1f} GB"


def check_parquet(source: Any, where: object) -> None:
    """Refuse a Parquet file that would not fit into memory, by its metadata.

    Parameters
    ----------
    source
        A path, or a buffer.
    where
        What to call it.

    Raises
    ------
    TableError
        Where it would not.
    ValueError, OSError
        Arrow's own, for what is no Parquet file.
    """
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source)
    known = file.metadata
    n_bytes = 0
    for group in range(known.num_row_groups):
        part = known.row_group(group)
        for place in range(part.num_columns):
            column = part.column(place)
            cell = _TEXT_CELL + _length(column) if column.physical_type == "BYTE_ARRAY" else 8
            # a dictionary says little of what its values take once they stand in every row
            n_bytes += max(column.num_values * cell, column.total_uncompressed_size)
    check_memory(
        n_bytes,
        f"{where} ({known.num_rows:,} rows)",
        "read a part of it, or allow more (max_memory='64G') where there is as much.",
    )


def check_zip(data: bytes, where: object) -> None:
    """Refuse a zip archive that unpacks to much, by its directory.

    Raises
    ------
    TableError
        Where it would take more than may be used, or is many times its own size.
    BadZipFile, ValueError, EOFError, OSError
        Python's own, for what is no zip archive.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        n_bytes = sum(one.file_size for one in packed.infolist())
    check_memory(n_bytes, where, "it is not read.")
    if n_bytes > max(MAX_RATIO * len(data), 1 << 20):
        raise TableError(
            f"{where} unpacks to {in_bytes(n_bytes)} from {in_bytes(len(data))}, which looks like a bomb; it is "
            "not read."
        )


def _length(column: Any) -> float:
    told = column.statistics
    if told is None or not told.has_min_max:
        return 0.0
    # statistics give texts or bytes
    return (len(told.min) + len(told.max)) / 2 if isinstance(told.min, str | bytes) else 0.0


__all__ = [
    "check_memory", "check_parquet", "check_zip", "free_memory", "in_bytes", "json_of", "memory_limit", "n_bytes_of",
    "utf8_of", "within_memory", "yaml_of",
]  # fmt: skip
