"""`labelqa apply`: carry out reviewers' decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labelqa.cli._options import PATH, WRITTEN, hold, option, read_source, say, source_options, verb


@verb()
@source_options
@click.argument("decisions", type=PATH)
@option("--out", type=PATH, required=True, help="Folder or file for the new annotations; must not exist.")
@option(
    "--to",
    type=click.Choice(["source", *WRITTEN]),
    default="source",
    show_default=True,
    help="Format to write; source: that of SOURCE, with only the fixes changed.",
)
@option("--allow-loss", is_flag=True, help="Write though the format has no place for something.")
def apply(*, source: Path, decisions: Path, out: Path, to: str, allow_loss: bool, form: str | None, **how: Any) -> None:
    """Apply DECISIONS (JSONL) to SOURCE and write the result to --out; the log of fixes goes to stdout as CSV."""
    from labelqa.noise import apply_decisions
    from labelqa.readers import write, write_back

    if out.exists():
        raise FileExistsError(f"{out} exists; choose another name.")
    hold(out)
    done = apply_decisions(read_source(source, form, **how), decisions)
    if to == "source":
        write_back(done.annotations, source, out, format=form, allow_loss=allow_loss, **how)
    else:
        write(done.annotations, out, to=to, allow_loss=allow_loss)
    counts = done.table["kind"].value_counts()
    what = ", ".join(f"{n:,} x {kind}" for kind, n in counts.items()) if len(counts) else "nothing to change"
    say(f"{what}; written to {out}")
    from labelqa._cells import for_people

    click.echo(for_people(done.table).to_csv(index=False), nl=False)
