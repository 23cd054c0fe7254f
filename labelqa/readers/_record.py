"""One catch-all per record: whatever third-party data do to a reader becomes a sentence with file and record."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from labelqa.errors import OptionError, TableError

_SURPRISES = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class record:  # noqa: N801 - used like a function
    """Name the place in the file where something is not as the format says.

    A class and no generator, since large files have a million records.

    Parameters
    ----------
    *places
        From the outside in, as in ``record(path, ("task", 7), ("result", "r1"))``; a tuple is joined when it is needed.

    Raises
    ------
    TableError
        In place of any surprise within; sentences of our own get the place in front, once.
    """

    __slots__ = ("places",)

    def __init__(self, *places: object) -> None:
        self.places = places

    def __enter__(self) -> None:
        """Begin the record."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Turn a surprise into a sentence with the place."""
        if isinstance(error, OptionError):
            return
        if isinstance(error, TableError):
            where, message = self._where(), str(error)
            raise type(error)(message if message.startswith(where) else f"{where}: {message}") from error
        if isinstance(error, _SURPRISES):
            raise TableError(f"{self._where()}: {_plain(error)}; export it again, or leave this record out.") from error

    def _where(self) -> str:
        return ", ".join(" ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in self.places)


def _plain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, IndexError):
        return "a list is shorter than it should be"
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return str(error) or type(error).__name__


def number(value: object, name: str) -> float:
    """Take a finite number.

    Raises
    ------
    TableError
        For anything else, with its name.
    """
    if (type(value) is float or type(value) is int) and -1e300 <= value <= 1e300:
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e300:
        shown = "null" if value is None else repr(value)
        raise TableError(f"{name} is {shown if len(shown) < 60 else shown[:57] + '...'}, not a number")
    return float(value)


def text_number(value: str | None, name: str) -> float:
    """Take a number that stands as text, as in XML.

    Raises
    ------
    TableError
        For anything else, with its name.
    """
    try:
        return number(float(value or ""), name)
    except ValueError:
        raise TableError(f"{name} is {value!r}, not a number") from None


def mapping(value: object, name: str) -> dict[str, Any]:
    """Take a JSON object.

    Raises
    ------
    TableError
        For anything else, with its name.
    """
    if not isinstance(value, dict):
        raise TableError(f"{name} is a {type(value).__name__} where an object is needed")
    return value
