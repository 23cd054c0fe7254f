"""Errors a user can act on: each message says what was found, what is needed and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Characters of a message; a longer one loses its middle, since it begins with the place and ends with the advice.
MAX_MESSAGE = 400
_END = 130
#: Characters of one value in a message.
_MAX_VALUE = 60
#: Controls of C0, DEL and C1, and what turns the direction of a text, hides in it, or breaks its line.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str, *, kept: str = "") -> str:
    """Write characters that cannot be seen as their codes, such as U+202E; those in `kept` stay."""
    return _UNSEEN.sub(lambda found: found[0] if found[0] in kept else _code(found[0]), text)


def _code(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(
        character, f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    )


def sentence(text: object) -> str:
    """Make one visible line of at most `MAX_MESSAGE` characters of a message."""
    line = visible(" ".join(str(text).splitlines()) if "\n" in str(text) else str(text))
    if len(line) <= MAX_MESSAGE:
        return line
    return f"{line[: MAX_MESSAGE - _END - 5]} ... {line[-_END:]}"


class _Told(Exception):  # noqa: N818 - a part of errors, and none itself
    """An error whose message can be shown anywhere."""

    def __init__(self, message: object = "", *more: object) -> None:
        super().__init__(sentence(message), *more)


class TableError(_Told, ValueError):
    """The data cannot be used as they are (a missing column, an impossible box, unknown ids)."""


class ImageError(TableError):
    """An image cannot be read (missing, truncated, not an image); the message names it."""


class ModelError(TableError):
    """A model cannot be exported, promoted or read as it is (a graph that differs, a corrupt file, no such version)."""


class OutputError(_Told, OSError):
    """Nothing can be written at a place (another run works there, a full or read-only disk); the message names it."""


class OptionError(_Told, ValueError):
    """An option has a value that does not exist; the message lists the choices."""


class MissingExtra(ImportError):  # noqa: N818 - a public name
    """An optional package is needed; the message is the line that installs it."""


def shown(values: Iterable[object], limit: int = 5) -> str:
    """Join the first few values for a message: ``'a', 'b' and 3 more``."""
    found = list(values)
    text = ", ".join(map(value_shown, found[:limit]))
    return text if len(found) <= limit else f"{text} and {len(found) - limit} more"


def value_shown(value: object) -> str:
    """Write one value for a message, shortened in its middle."""
    text = repr(value)
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 18]}...{text[-15:]}"
