"""The command `labelqa`: one module per verb, loaded when the verb is used; the only place that prints.

stdout is data, stderr is talk. Exit codes: 0 fine, 1 a check that was asked for failed, 2 wrong usage, 3 input that
cannot be used, 4 a partial result.
"""

from __future__ import annotations

from labelqa.cli._main import main

__all__ = ["main"]
