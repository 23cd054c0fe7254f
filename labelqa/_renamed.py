"""Old names of arguments, accepted for one release with a word about the new one."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def renamed(**names: str) -> Callable[[Function], Function]:
    """Let a function take arguments by their old names too: ``renamed(embeddings="features")``.

    Raises
    ------
    TypeError
        At the call, where an argument is given under both names.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            for old, new in names.items():
                if old not in options:
                    continue
                if new in options:
                    raise TypeError(
                        f"{function.__name__}() got both {old}= and {new}=, its new name; give {new}= alone."
                    )
                warnings.warn(
                    f"{function.__name__}: {old}= is called {new}= now; the old name goes with the next release.",
                    FutureWarning,
                    stacklevel=2,
                )
                options[new] = options.pop(old)
            return function(*args, **options)

        return call  # type: ignore[return-value]

    return decorate
