"""Old forms of calls and old names of fields, accepted for one release with a word about the new one."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Class = TypeVar("Class", bound=type[Any])
#: Old name -> new name; or the new name and what makes the value of the one side from that of the other.
Names = str | tuple[str, Callable[[Any], Any]]


def renamed(**names: Names) -> Callable[[Function], Function]:
    """Let a function take arguments by their old names too.

    Parameters
    ----------
    **names
        Old name -> new name, as in ``renamed(embeddings="features")``; or the new name and what makes its value of the
        old one, as in ``renamed(percent=("share", lambda percent: percent / 100))``.

    Raises
    ------
    TypeError
        At the call, where an argument is given under both names.
    """
    news = _with_conversion(names)

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            for old in [old for old in options if old in news]:
                new, convert = news[old]
                if new in options:
                    raise TypeError(
                        f"{function.__name__}() got both {old}= and {new}=, its new name; give {new}= alone."
                    )
                _warn(f"{function.__name__}: {old}= is called {new}= now; the old name goes with the next release.")
                value = options.pop(old)
                options[new] = value if convert is None or value is None else convert(value)
            return function(*args, **options)

        return call  # type: ignore[return-value]

    return decorate


def by_name_now(*names: str) -> Callable[[Function], Function]:
    """Let a function take arguments by position that are keyword-only now: ``by_name_now("name")``."""

    def decorate(function: Function) -> Function:
        parameters = inspect.signature(function).parameters.values()
        n_positional = sum(parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in parameters)

        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            n_more = len(args) - n_positional
            if not 0 < n_more <= len(names):
                return function(*args, **options)
            listed = ", ".join(f"{name}=" for name in names[:n_more])
            _warn(f"{function.__name__}: give {listed} by name; by position goes with the next release.")
            return function(*args[:n_positional], **dict(zip(names, args[n_positional:], strict=False)), **options)

        return call  # type: ignore[return-value]

    return decorate


def renamed_fields(**names: Names) -> Callable[[Class], Class]:
    """Let the objects of a class answer to the old names of fields and methods too; `dir` shows the new ones only.

    Parameters
    ----------
    **names
        Old name -> new name, as in ``renamed_fields(name="coefficient")``; or the new name and what makes the old value
        of the new one, as in ``renamed_fields(percent=("share", lambda share: 100 * share))``.
    """
    news = _with_conversion(names)

    def decorate(cls: Class) -> Class:
        def answer(self: Any, name: str) -> Any:
            if name not in news:
                raise AttributeError(f"{cls.__name__!r} object has no attribute {name!r}", name=name, obj=self)
            new, convert = news[name]
            value = getattr(self, new)
            _warn(f"{cls.__name__}: .{name} is called .{new} now; the old name goes with the next release.")
            return value if convert is None else convert(value)

        cls.__getattr__ = answer
        return cls

    return decorate


def formerly_took(kind: type[Any], *, convert: Callable[[Any], Any], instead: str) -> Callable[[Function], Function]:
    """Let a function take things of another kind by position, as it did before: they are converted.

    Parameters
    ----------
    kind
        What was taken before.
    convert
        Makes what is taken now of it.
    instead
        How that is written now, as in ``"label_issues(annotations)"``.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            if any(isinstance(arg, kind) for arg in args):
                _warn(
                    f"{function.__name__}: give {instead} in place of {kind.__name__}; what is given now goes with the "
                    "next release."
                )
            return function(*(convert(arg) if isinstance(arg, kind) else arg for arg in args), **options)

        return call  # type: ignore[return-value]

    return decorate


def _with_conversion(names: dict[str, Names]) -> dict[str, tuple[str, Callable[[Any], Any] | None]]:
    return {old: (new, None) if isinstance(new, str) else new for old, new in names.items()}


def _warn(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=3)
