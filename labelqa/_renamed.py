"""Old forms of calls, accepted for one release with a word about the new one."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def renamed(**names: str | tuple[str, Callable[[Any], Any]]) -> Callable[[Function], Function]:
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
    news = {old: (new, None) if isinstance(new, str) else new for old, new in names.items()}

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


def _warn(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=3)
