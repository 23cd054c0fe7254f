"""One catch-all per record: whatever third-party data do to a reader becomes a sentence with file and record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from labelqa.errors import TableError


@contextmanager
def record(*places: object) -> Iterator[None]:
    """Name the place in the file where something is not as the format says.

    Parameters
    ----------
    *places
        From the outside in, as in ``record(path, "task 7, result r1")``.

    Raises
    ------
    TableError
        In place of any surprise within; sentences of our own get the place in front, once.
    """
    where = ", ".join(str(place) for place in places)
    try:
        yield
    except TableError as error:
        message = str(error)
        raise type(error)(message if message.startswith(where) else f"{where}: {message}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise TableError(f"{where}: {_plain(error)}; export it again, or leave this record out.") from error


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
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e300:
        shown = "null" if value is None else repr(value)
        raise TableError(f"{name} is {shown if len(shown) < 60 else shown[:57] + '...'}, not a number")
    return float(value)


def mapping(value: object, name: str) -> dict[str, object]:
    """Take a JSON object.

    Raises
    ------
    TableError
        For anything else, with its name.
    """
    if not isinstance(value, dict):
        raise TableError(f"{name} is a {type(value).__name__} where an object is needed")
    return value
