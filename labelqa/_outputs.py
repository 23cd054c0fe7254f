"""One way to work at a place: looked at before any work, held alone, swept, and described by a manifest at the end."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from labelqa._files import sha256, sweep, write_text
from labelqa._foreign import json_of, utf8_of
from labelqa._options import check_path
from labelqa.errors import OptionError, OutputError, TableError

#: Lists the files of a finished folder; written last, so a folder without it is not finished.
MANIFEST = "manifest.json"
#: What only writing can run into; reading has other numbers.
_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
#: Less than this is no room for any output of ours.
_LEAST_FREE_BYTES = 1_000_000
#: The places that each thread holds.
_held = threading.local()


@contextmanager
def held(name: str, path: str | os.PathLike[str], *, shared: bool = False) -> Iterator[Path]:
    """Hold a place as the only one who writes there; give where it really lies.

    The lock is a hidden file beside the place. It belongs to the process: when that dies the next one takes it. Whoever
    holds a place may hold it again.

    Parameters
    ----------
    name
        Of the option, for messages.
    path
        A file or folder, which need not exist. Where it is a link, what it points to.
    shared
        Whether many runs add to this place in turn: one waits for the other. Else a place that is held is refused.

    Raises
    ------
    OptionError
        For a place that cannot be made as a whole: the folder one is in, one that holds it, or a mount point.
    OutputError
        Where another process works there, or nothing can be written there: read-only, a file as a parent, a full disk.
    """
    target = _real_place(name, path, shared=shared)
    mine: set[Path] = _held.__dict__.setdefault("places", set())
    place = target.absolute()
    if place in mine:
        yield target
        return
    made = _make_parents(target)
    try:
        with _locked(target, waits=shared), _told_where(target):
            _refuse_full(target)
            sweep(target)
            mine.add(place)
            try:
                yield target
            finally:
                mine.remove(place)
    finally:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


def _real_place(name: str, path: str | os.PathLike[str], *, shared: bool) -> Path:
    target = check_path(name, path)
    shown = f"{name}={os.fspath(path)!r}"
    try:
        if target.is_symlink() or target.name in ("", ".."):
            target = target.resolve()
        if shared:
            return target
        if Path.cwd().is_relative_to(target.absolute()):
            raise OptionError(f"{shown} is the folder you are in, or holds it; name a folder of its own.")
        if target.is_mount():
            raise OptionError(f"{shown} is a mount point, which cannot be replaced; name a folder within it.")
    except (OSError, RuntimeError) as error:  # a name that is too long, links that go in a circle
        raise OutputError(f"{shown} cannot be written ({_plain(error)}); choose another place.") from error
    return target


def _make_parents(target: Path) -> list[Path]:
    """Make the folders above a place; give those that were made, the lowest first."""
    made = [parent for parent in target.parents if not parent.exists()]
    file = next((parent for parent in target.parents if parent.is_file()), None)
    if file is not None:
        raise OutputError(f"{target} cannot be written ({file} is a file); choose another place.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({_plain(error)}); choose another place.") from error
    return made


@contextmanager
def _locked(target: Path, *, waits: bool) -> Iterator[None]:
    file = target.parent / f".{target.name}.lock"
    lock = FileLock(file)
    try:
        lock.acquire(timeout=-1 if waits else 0)
    except Timeout as error:
        raise OutputError(
            f"{target} is being written by another run{_holder(file)}; wait until that has ended, or choose another "
            "place."
        ) from error
    except OSError as error:
        raise OutputError(f"{target} cannot be written ({_plain(error)}); choose another place.") from error
    # elsewhere a locked file can neither be written nor removed, and a lock without flock has a content of its own
    is_ours = os.name == "posix" and isinstance(lock, FileLock)
    try:
        if is_ours:
            note = {"process": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
            with _told_where(target):
                file.write_text(json.dumps(note), encoding="utf-8")
        yield
    finally:
        if is_ours:
            # while it is held: who waits for it sees that the file it opened has no name any more
            file.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    """Say who holds a lock, where the file tells: it is empty for a moment, and not on every system."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        return f", process {note['process']}, since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refuse_full(target: Path) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < _LEAST_FREE_BYTES:
        raise OutputError(f"{target} cannot be written: the disk has {free:,} bytes left; make room on it.")


@contextmanager
def _told_where(target: Path) -> Iterator[None]:
    """Name the place where writing fails half-way: the system's own message often has no path."""
    try:
        yield
    except OSError as error:
        if error.errno not in _CANNOT_WRITE or isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{target} could not be written to the end ({_plain(error)}); make room there, or choose another place. "
            "What was there before is as it was."
        ) from error


def _plain(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def write_manifest(folder: Path, *, key: str | None = None) -> None:
    """List the files of a folder with size and SHA-256, and what it was made from where there is a `key` to that."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / MANIFEST]
    files = {path.relative_to(folder).as_posix(): file_facts(path) for path in paths}
    document = {"format": "labelqa manifest 1", "key": key, "files": files}
    write_text(folder / MANIFEST, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def file_facts(path: Path) -> dict[str, Any]:
    """Give what tells whether a file is as it was written: its size and SHA-256."""
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def manifest_key(folder: Path) -> str | None:
    """Give the key of a finished folder; None where it has none, or is not finished.

    Raises
    ------
    TableError
        Where the manifest is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    document = json_of(utf8_of(path.read_bytes(), path), path)
    if not isinstance(document, dict):
        raise TableError(f"{path} is no manifest; restore it, or remove the folder.")
    key = document.get("key")
    return None if key is None else str(key)
