"""The command `labelqa`: one module per verb, loaded when the verb is used; the only place that prints.

Conventions
-----------
stdout is data, stderr is talk. Exit codes: 0 fine, 1 a check that was asked for failed, 2 wrong usage, 3 input that
cannot be used, 4 a partial result, 5 a check that was asked for could not be made. An option is called as the argument
of the Python function that it stands for (`n_jobs`, `--n-jobs`). `--out` says where, `--to` in which format; `--model`
is always a file of a model that judges or predicts, `--root` and `--name` an entry of the registry; `--gold` is what is
trusted. Nothing is overwritten without `--overwrite`. Former spellings are taken for one release, with a word on
stderr.

Questions
---------
`labelqa --help` groups the verbs by the life cycle: measure, find and fix, train and compare, ship and watch, files.

Map
---
`_main` holds the verbs and turns errors into sentences, `_options` what verbs and options are made of, `_features`
where a verb's numbers come from; every other module is the verb of its name.

References
----------
Command Line Interface Guidelines, https://clig.dev.
"""

from __future__ import annotations

from labelqa.cli._main import main

__all__ = ["main"]


def __dir__() -> list[str]:
    return sorted(__all__)
