"""Optional packages: imported where they are used, refused with the line that installs them."""

from __future__ import annotations

import importlib
from types import ModuleType

from labelqa.errors import MissingExtra


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional module.

    Raises
    ------
    MissingExtra
        Where the module is not installed; the message says what needs it and how to install it.
    """
    name = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name:
            raise
        raise MissingExtra(
            f"{purpose} needs the package {name!r}, which is not installed; run: pip install 'labelqa[{extra}]'"
        ) from error
