"""`labelqa compare`: what fixing labels was worth, on a trusted test set."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._features import feature_options, read_features
from labelqa.cli._options import PATH, option, say, verb

if TYPE_CHECKING:
    from labelqa.annotations import Annotations
    from labelqa.compare import Comparison


@verb()
@click.argument("before", type=PATH)
@click.argument("after", type=PATH, required=False)
@option("--test", type=PATH, required=True, help="Trusted labels of items that are not trained on.")
@feature_options
@option("--decisions", type=PATH, help="Decisions file; makes AFTER from BEFORE where AFTER is not given.")
@option("--margin", type=float, default=0.005, show_default=True,
        help="Smallest difference in accuracy that matters, a share; 0.005 is half a point.")  # fmt: skip
@option("--price-per-review", type=float, former="--price", help="Price of one review, for the cost of a point.")
@option("--leaks", type=click.Choice(["refuse", "leave_out"]), default="refuse", show_default=True,
        former={"--leave-out-leaks": "--leaks=leave_out"},
        help="Training copies of test items: an error, or left out of training.")  # fmt: skip
@option("--curves/--no-curves", default=True, show_default=True, former={"--quick": "--no-curves"},
        help="The curves over reviews and data size, which take most of the time.")  # fmt: skip
@option("--fail-if-hurts", is_flag=True, help="Exit with 1 where the fixes hurt.")
@option("--seed", type=int, default=0, show_default=True, help="Same data and seed, same result.")
@option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of the arms as CSV.")
def compare(
    *,
    before: Path,
    after: Path | None,
    test: Path,
    images: Path | None,
    features: Path | None,
    decisions: Path | None,
    fail_if_hurts: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Train the same simple model on the labels BEFORE and AFTER fixing, and score both on the test labels."""
    import json

    import pandas as pd

    from labelqa.compare import compare_fixes
    from labelqa.readers import read

    # who labelled does not matter here: plain tables of item and label are welcome
    first, trusted = read(before, annotator="given"), read(test, annotator="trusted")
    second = _after(first, after, decisions)
    listed = pd.concat([each.items for each in (first, second, trusted)])
    # a file that names the picture of an item counts more than one that only names the item
    items = listed.sort_values("path", kind="stable").drop_duplicates("item_id")
    numbers = read_features(images, features, items)
    evidence: dict[str, Any] = {"features" if isinstance(numbers, pd.DataFrame) else "images": numbers}
    found = compare_fixes(first, second, trusted, decisions=decisions, **evidence, **how)
    _tell(found)
    click.echo(
        json.dumps(found.to_dict()) if as_json else found.arms.to_csv(index=False, float_format="%.6g"), nl=as_json
    )
    if fail_if_hurts and found.verdict == "hurts":
        sys.exit(1)


def _after(first: Annotations, after: Path | None, decisions: Path | None) -> Annotations:
    from labelqa.errors import OptionError
    from labelqa.noise import apply_decisions, read_decisions
    from labelqa.readers import read

    if after is not None:
        return read(after, annotator="given")
    if decisions is None:
        raise OptionError("There is nothing to compare with: give AFTER, or --decisions to make it from BEFORE.")
    return apply_decisions(first, read_decisions(decisions)).annotations


def _tell(found: Comparison) -> None:
    def spelled(row: Mapping[Any, Any]) -> str:
        value, low, high = (100 * row[name] for name in ("difference", "low", "high"))
        return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"

    say(f"{found.verdict}: {spelled(vars(found))} points on {found.n_test:,} test items")
    if found.verdict == "inconclusive":
        say(f"  about {found.n_needed:,.0f} test items would find a difference of {100 * found.margin:g} points")
    for row in found.controls.to_dict("records"):
        say(f"  {row['kind']} against {row['control']}: {spelled(row)}")
    if found.reason:
        say(f"  note: {found.reason}")
