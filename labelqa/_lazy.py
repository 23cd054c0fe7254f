"""Public names that are loaded when they are used (PEP 562), so that importing a package stays quick and light."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def load_when_used(package: str, names: Iterable[str], held: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package.

    Parameters
    ----------
    package
        Its `__name__`.
    names
        Its public names; those that `held` does not list are modules of the package.
    held
        Module below the package -> the names that it holds.
    """
    public = frozenset(names)
    module_of = {name: module for module, inside in held.items() for name in inside}

    def load(name: str) -> Any:
        if name not in public:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{module_of.get(name, name)}")
        return getattr(module, name) if name in module_of else module

    return load
