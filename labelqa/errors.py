"""Errors a user can act on: each message says what was found, what is needed and what to do."""

from __future__ import annotations

from collections.abc import Iterable


class TableError(ValueError):
    """The data cannot be used as they are (a missing column, an impossible box, unknown ids)."""


class ImageError(TableError):
    """An image cannot be read (missing, truncated, not an image); the message names it."""


class ModelError(TableError):
    """A model cannot be exported, promoted or read as it is (a graph that differs, a corrupt file, no such version)."""


class OutputError(OSError):
    """Nothing can be written at a place (another run works there, a full or read-only disk); the message names it."""


class OptionError(ValueError):
    """An option has a value that does not exist; the message lists the choices."""


class MissingExtra(ImportError):  # noqa: N818 - a public name
    """An optional package is needed; the message is the line that installs it."""


def shown(values: Iterable[object], limit: int = 5) -> str:
    """Join the first few values for a message: ``'a', 'b' and 3 more``."""
    found = list(values)
    text = ", ".join(repr(value) for value in found[:limit])
    return text if len(found) <= limit else f"{text} and {len(found) - limit} more"
