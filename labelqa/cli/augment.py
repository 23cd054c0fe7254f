"""`labelqa augment`: copies of images whose labels and boxes stay right."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labelqa.cli._options import PATH, is_terminal, read_source, say, source_options

if TYPE_CHECKING:
    from labelqa.augment import Augmented


@click.command()
@source_options
@click.option("--images", type=PATH, help="Folder the images are in; by default the paths that SOURCE gives.")
@click.option(
    "--policy",
    default="standard",
    show_default=True,
    metavar="NAME|FILE",
    help="light, standard, inspection, or a YAML or JSON file.",
)
@click.option("--copies", type=int, default=1, show_default=True, help="Copies per image.")
@click.option("--out", type=PATH, required=True, help="Folder to write; a run that was stopped goes on there.")
@click.option(
    "--to",
    type=click.Choice(["long", "coco"]),
    default="long",
    show_default=True,
    help="Tables (items.csv, boxes.csv...), or one annotations.json.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same copies.")
@click.option(
    "--min-visibility",
    type=float,
    default=0.25,
    show_default=True,
    help="Boxes of which less is seen are dropped from the copy.",
)
@click.option("--retries", type=int, default=3, show_default=True, help="Draws more before a box is dropped.")
@click.option("--test-items", type=PATH, help="File with the ids of test images, one a line: they get no copies.")
@click.option("--image-format", type=click.Choice(["png", "jpg"]), default="png", show_default=True)
@click.option("--jobs", type=int, default=-1, show_default=True, help="Processes; -1 for all cores.")
def augment(images: Path | None, out: Path, to: str, **how: Any) -> None:
    """Write augmented copies of the images of SOURCE, with their labels and boxes, to a folder; print its path."""
    from labelqa.augment import augment_to_folder

    listed = how.pop("test_items")
    test_items = [] if listed is None else listed.read_text(encoding="utf-8").split("\n")
    names = ("source", "form", "annotator", "annotator_from", "repeats")
    annotations = read_source(**{name: how.pop(name) for name in names})
    jobs = how.pop("jobs")
    bar = click.progressbar(length=len(annotations.items), label="augmenting", file=sys.stderr)
    with bar if is_terminal() else nullcontext() as shown:
        made = augment_to_folder(
            annotations if images is None else images,
            annotations,
            out,
            n_jobs=jobs,
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
    from labelqa.readers import write

    temporary = Path(tempfile.mkdtemp(prefix=".tables.", dir=out))
    try:
        if to == "coco":
            write(made.annotations, temporary / "annotations.json")
        else:
            write(made.annotations, temporary / "tables", format="csv")
        for file in temporary.rglob("*.*"):
            file.replace(out / file.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _tell(made: Augmented) -> None:
    say(
        f"{made.n_images:,} images with {made.n_boxes:,} boxes; {made.n_clipped:,} boxes cut by the frame, "
        f"{made.n_dropped:,} dropped ({made.n_dropped_visible:,} of them still seen in part), "
        f"{made.n_redrawn:,} images drawn again to keep a box"
    )
    for check in made.checks.itertuples(index=False):
        say(f"  {check.table}: {check.finding}, {check.n:,}: {check.action}")
    loose = made.looseness[made.looseness["tightness"] < 0.9]
    for row in loose.itertuples(index=False):
        say(f"  {row.transform} loosens boxes: they overlap {row.tightness:.2f} with the object's own box")
