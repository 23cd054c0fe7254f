"""The last section: what was read and checked, how the numbers were made, and the command that makes them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labelqa.report import blocks
from labelqa.report.phrases import count


@dataclass(frozen=True, kw_only=True, eq=False)
class Origin:
    """Where the numbers of a page come from.

    Attributes
    ----------
    name
        What the page is about.
    version, versions
        Of labelqa, and of the packages and Python beneath.
    command
        What makes the audit again.
    files
        What was read: `what`, `path`, `sha256`, `bytes`.
    checks
        `Annotations.checks`.
    counts
        How many items, annotators, views, labels and boxes.
    views_derived
        Whether views were derived from labels and boxes.
    problems
        What could not be used, in sentences.
    seed
        Of everything random.
    """

    name: str
    version: str
    versions: Mapping[str, str]
    command: str
    files: list[dict[str, Any]]
    checks: pd.DataFrame
    counts: Mapping[str, int]
    views_derived: bool
    problems: list[str]
    seed: int


def method_section(origin: Origin) -> blocks.Block:
    """Build the section."""
    content = [blocks.heading("What was read"), blocks.text(_counts(origin))]
    content.append(
        blocks.table(
            pd.DataFrame(_shortened(origin.files)),
            _FILE_COLUMNS,
            label="Files",
            caption="What was read, with the first digits of each fingerprint (SHA-256).",
        )
    )
    content += _checks(origin)
    if origin.problems:
        content += [blocks.heading("What could not be used"), blocks.listing(origin.problems)]
    content += [blocks.heading("How the numbers were made"), blocks.listing(_METHODS)]
    content += [blocks.heading("To make this again"), blocks.code(origin.command, label="Command")]
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    content.append(blocks.text(f"labelqa {origin.version}, seed {origin.seed}; {versions}."))
    return blocks.section("method", "Method", content)


_FILE_COLUMNS = (
    blocks.column("path", "File"),
    blocks.column("what", "Used as"),
    blocks.column("bytes", "Bytes", "count"),
    blocks.column("fingerprint", "Fingerprint"),
)
_METHODS = (
    "Intervals are 95 % intervals over items, the unit that was sampled, never over single labels or boxes.",
    "Krippendorff's alpha compares the disagreement seen with the disagreement of labels dealt out by chance; missing "
    "labels and unequal numbers of annotators are allowed for (Krippendorff 2004).",
    "Boxes of two annotators are matched one to one with the largest total overlap (IoU), at least 0.5; F1 is the "
    "share of boxes with a partner. The chance-corrected alpha of boxes shuffles each annotator's views over the "
    "images.",
    "Suspicious labels come from a simple model that has not seen the item's own label, from the most similar items, "
    "and from the other annotators; duplicates with conflicting labels come first.",
    "Before and after are the same model on the same trusted test items, compared item by item.",
)


def _counts(origin: Origin) -> str:
    counts = origin.counts
    derived = (
        " Who looked at what was not given, so it was derived from labels and boxes: an annotator who looked and drew "
        "nothing is not known."
        if origin.views_derived
        else ""
    )
    return (
        f"{count(counts['items'], 'item')}, {count(counts['annotators'], 'annotator')}, "
        f"{count(counts['views'], 'view')}, {count(counts['labels'], 'label')} of whole items, "
        f"{count(counts['boxes'], 'box', 'boxes')}.{derived}"
    )


def _shortened(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "fingerprint": row["sha256"][:12]} for row in files]


def _checks(origin: Origin) -> list[blocks.Block]:
    if not len(origin.checks):
        return [blocks.text("The checks found nothing to correct.")]
    columns = [
        blocks.column("finding", "Found"),
        blocks.column("table", "Table"),
        blocks.column("n", "Times", "count"),
        blocks.column("action", "Done"),
        blocks.column("examples", "For example"),
    ]
    return [blocks.table(origin.checks, columns, caption="What the checks found, and what was done.", label="Checks")]
