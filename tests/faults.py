"""Stops a piece of work at every point at which it changes the disk, one after the other, and lets it start again."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_KILLED = 137


def tree(folder: Path) -> dict[str, bytes | None]:
    """Give every name below a folder, and what the files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def every_stop(
    work: Callable[[Path], object], places: Path, before: Callable[[Path], object] = lambda _: None
) -> Iterator[Path]:
    """Give a folder for each point of `work(folder)`, in which it was killed there, until it runs to its end.

    What was done `before` is there each time.
    """
    number = 0
    while True:
        number += 1
        folder = places / str(number)
        folder.mkdir()
        before(folder)
        if not _killed_at(number, work, folder):
            assert number > 3, "the work changes nothing on the disk that is seen here"
            return
        yield folder


def _killed_at(number: int, work: Callable[[Path], object], folder: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the child does not wait for any of them
        child = os.fork()
    if child == 0:
        try:
            _stop_at(number, str(folder))
            work(folder)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, _KILLED), f"ended with {code} at point {number}"
    return code == _KILLED


def _stop_at(number: int, folder: str) -> None:
    left = number

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(_KILLED)

    def on_event(event: str, facts: tuple[object, ...]) -> None:
        is_write = event == "open" and isinstance(facts[2], int) and facts[2] & _WRITES
        # names without a folder are those of a tree that is being removed
        if (event in _CHANGES or is_write) and (str(facts[0]).startswith(folder) or "/" not in str(facts[0])):
            count()

    fsync = os.fsync

    def counted_fsync(handle: int) -> None:
        count()
        fsync(handle)

    os.fsync = counted_fsync
    sys.addaudithook(on_event)
