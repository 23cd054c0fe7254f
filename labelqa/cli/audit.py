"""`labelqa audit`: the whole job."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH, is_terminal, option, say, source_options, verb

#: Exit code where some of the input could not be used.
PARTIAL = 4


@verb()
@source_options
@option("--images", type=PATH, help="Folder of the pictures, or a Parquet file with item_id and image (bytes).")
@option("--gold", type=PATH, multiple=True, help="Trusted labels or boxes (item_id, label...); may be repeated.")
@option("--decisions", type=PATH, help="A reviewer's decisions (JSONL): the fixes whose worth is measured.")
@option("--out", type=PATH, default=Path("labelqa-out"), show_default=True, help="Folder to write.")
@option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of everything random.")
@option("--overwrite", is_flag=True, help="Replace a finished audit in OUT.")
@option("--json", "as_json", is_flag=True, help="Print the summary instead of the path of the report.")
def audit(source: Path, form: str | None, out: Path, as_json: bool, **options: Any) -> None:
    """Audit SOURCE: a file or folder of annotations.

    Reads and checks the annotations, measures agreement, finds the consensus, flags what looks wrong, retrains a simple
    model before and after fixes, and writes OUT/report.html. An interrupted audit, started again, goes on from its
    finished steps. Exit codes: 0 fine, 2 wrong usage, 3 input that cannot be used, 4 a partial result (listed).
    """
    from labelqa.audit import run_audit

    options["gold"] = list(options["gold"])
    done = run_audit(source, format=form, out=out, on_step=_progress, **options)
    click.echo(json.dumps(done.to_dict(), indent=1) if as_json else done.report)
    for problem in done.problems:
        say(f"labelqa: partial result: {problem}")
    if done.is_partial:
        sys.exit(PARTIAL)


def _progress(step: str, seconds: float | None, *, is_kept: bool = False) -> None:
    """Tell which step is running, where somebody is watching, and which has ended."""
    if seconds is None:
        if is_terminal():
            click.echo(f"  {step} ...\r", err=True, nl=False)
        return
    say(f"  {step:<24}{'taken over' if is_kept else f'{seconds:6.1f} s'}")
