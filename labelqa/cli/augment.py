"""`labelqa augment`: copies of images whose labels and boxes stay right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._options import (
    PATH,
    SOURCE_NAMES,
    hold,
    is_terminal,
    option,
    read_source,
    say,
    say_checks,
    source_options,
    verb,
)

if TYPE_CHECKING:
    from labelqa.augment import Augmented


@verb()
@source_options
@option("--images", type=PATH, help="Folder the images are in; by default the paths that SOURCE gives.")
@option(
    "--policy",
    default="standard",
    show_default=True,
    metavar="NAME|FILE",
    help="light, standard, inspection, or a YAML or JSON file.",
)
@option("--n-copies", type=int, default=1, show_default=True, former="--copies", help="Copies per image.")
@option("--out", type=PATH, required=True, help="Folder to write; a run that was stopped goes on there.")
@option(
    "--to",
    type=click.Choice(["csv", "coco"]),
    default="csv",
    former_values={"long": "csv"},
    show_default=True,
    help="Tables (items.csv, boxes.csv...), or one annotations.json.",
)
@option("--seed", type=int, default=0, show_default=True, help="Same seed, same copies.")
@option(
    "--min-visibility",
    type=float,
    default=0.25,
    show_default=True,
    help="Boxes of which less is seen are dropped from the copy.",
)
@option("--n-retries", type=int, default=3, show_default=True, former="--retries",
        help="Draws more before a box is dropped.")  # fmt: skip
@option("--test-items", type=PATH, help="File with the ids of test images, one a line: they get no copies.")
@option("--image-format", type=click.Choice(["png", "jpg"]), default="png", show_default=True)
@option("--n-jobs", type=int, default=-1, show_default=True, former="--jobs", help="Processes; -1 for all cores.")
def augment(images: Path | None, out: Path, to: str, **how: Any) -> None:
    """Write augmented copies of the images of SOURCE, with their labels and boxes, to a folder; print its path."""
    from labelqa.augment import augment_to_folder

    hold(out)
    listed = how.pop("test_items")
    test_items = [] if listed is None else listed.read_text(encoding="utf-8").split("\n")
    annotations = read_source(**{name: how.pop(name) for name in SOURCE_NAMES})
    bar = click.progressbar(length=len(annotations.items), label="augmenting", file=sys.stderr)
    with bar if is_terminal() else nullcontext() as shown:
        made = augment_to_folder(
            annotations if images is None else images,
            annotations,
            out,
            test_items=[item.strip() for item in test_items if item.strip()],
            on_progress=_advance(shown),
            **how,
        )
    _write_tables(made, out, to)
    _tell(made)
    click.echo(out)


def _advance(bar: Any) -> Callable[[int, int], None] | None:
    if bar is None:
        return None

    def advance(n_done: int, n_items: int) -> None:
        bar.length = n_items
        bar.update(n_done - bar.pos)

    return advance


def _write_tables(made: Augmented, out: Path, to: str) -> None:
    """Write beside the images, under temporary names first."""
    from labelqa._files import beside
    from labelqa._outputs import write_manifest
    from labelqa.readers import write

    with beside(out / "tables") as temporary:
        if to == "coco":
            write(made.annotations, temporary / "annotations.json", allow_loss=True, paths_from=temporary)
        else:
            write(made.annotations, temporary / "tables", to="csv", paths_from=temporary / "tables")
        for file in temporary.rglob("*.*"):
            file.replace(out / file.name)
        write_manifest(out)


def _tell(made: Augmented) -> None:
    say(
        f"{made.n_images:,} images with {made.n_boxes:,} boxes; {made.n_clipped:,} boxes cut by the frame, "
        f"{made.n_dropped:,} dropped ({made.n_dropped_visible:,} of them still seen in part), "
        f"{made.n_redrawn:,} images drawn again to keep a box"
    )
    say_checks(made.checks.to_dict("records"))
    loose = made.looseness[made.looseness["tightness"] < 0.9]
    for row in loose.itertuples(index=False):
        say(f"  {row.transform} loosens boxes: they overlap {row.tightness:.2f} with the object's own box")
