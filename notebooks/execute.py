"""Execute every notebook as a user would, in a copy elsewhere, and fail on the first error.

`python notebooks/execute.py [NAME ...]` leaves the repository as it is; warnings that a notebook shows are printed.
`--save` keeps the outputs in the notebooks, which is how they are committed: the pictures can be seen without running.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="beginnings of file names; by default all notebooks")
    parser.add_argument("--save", action="store_true", help="keep the outputs in the notebooks")
    options = parser.parse_args()
    paths = [path for path in sorted(HERE.glob("*.ipynb")) if path.name.startswith(tuple(options.names) or "")]
    if not paths:
        print(f"no notebook in {HERE} begins with {' or '.join(options.names) or 'anything'}", file=sys.stderr)
        return 2
    # as `make` sets it; the kernel inherits it
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    # pictures belong to the outputs, whatever else is drawn with
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    failed = 0
    for path in paths:
        failed += not run(path, save=options.save)
    return int(failed > 0)


def run(path: Path, *, save: bool) -> bool:
    """Execute one notebook in a temporary folder that has the sample data beside it."""
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "notebooks"
        folder.mkdir()
        shutil.copytree(HERE.parent / "sample_data", Path(place) / "sample_data")
        client = NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except CellExecutionError as error:
            print(f"{path.name}: FAILED\n{error}", file=sys.stderr)
            return False
    print(f"{path.name}: {time.monotonic() - start:.0f} s")
    for text in warnings_of(notebook):
        print(f"  {text}", file=sys.stderr)
    if save:
        write(path, tidied(notebook))
    return True


def warnings_of(notebook: Any) -> list[str]:
    """Give what the cells wrote to stderr."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    return [line for text in texts for line in text.splitlines() if line.strip()]


def tidied(notebook: Any) -> Any:
    """Remove times and what an editor leaves behind."""
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def write(path: Path, notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"  # random ids would make every change a large one
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
