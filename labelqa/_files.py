"""Writing files so that nothing is lost: a temporary name first, then one rename, and both reach the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How every temporary name ends: whoever works at a place next may remove what a killed process left there.
TEMPORARY = ".labelqa-tmp"


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it replaces `path` in one step, on failure it is removed."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=TEMPORARY, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    # mkstemp makes the file private; the final file should be as readable as any other the user writes.
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    try:
        yield temporary
        settle(temporary)
        temporary.replace(target)
        settle(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def beside(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary folder beside `path`, for what is renamed to it; where nothing is, no trace is left."""
    target = Path(path)
    made = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=TEMPORARY, dir=target.parent))
    try:
        yield temporary
        settle(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for parent in made if not target.exists() else ():
            parent.rmdir()


def put_in_place(written: Path, target: Path) -> None:
    """Give what was written its name; all of it is on the disk before.

    Raises
    ------
    FileExistsError
        Where something has come to stand there since.
    """
    for path in written.rglob("*") if written.is_dir() else ():
        if not path.is_symlink():
            settle(path)
    settle(written)
    refuse_taken(target)
    written.rename(target)


def refuse_taken(target: Path) -> None:
    """Refuse a path where something is.

    Raises
    ------
    FileExistsError
        There.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists and is not overwritten; choose another path or remove it first.")


def settle(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(target: Path) -> None:
    """Remove what killed processes left under temporary names, beside a place and in it."""
    left = [path for path in target.parent.glob(f".*{TEMPORARY}") if path.name.startswith(f".{target.name}.")]
    left += list(target.rglob(f".*{TEMPORARY}")) if target.is_dir() else []
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text, replacing the file in one step."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: str | os.PathLike[str]) -> str:
    """Give the SHA-256 of a file as a hexadecimal string."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
