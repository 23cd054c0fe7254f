"""Build the package, install it in a fresh environment, and run it there: `make wheel-test`.

The environment borrows the third-party packages of the running one, so that nothing is downloaded twice, but finds only
those that labelqa itself asks for, no extra; labelqa comes from the wheel alone, which is made from the sdist, and the
work is done far from the source tree.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NEVER = ("tests/", "benchmarks/", "sample_data/", "notebooks/")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _build(folder)
        _check_content(wheel)
        python = _environment(folder / "venv", wheel)
        _try_it(python, folder)
    sys.stdout.write(f"{wheel.name}: installs and runs\n")


def _run(command: list[object], folder: Path) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=clean, check=False)
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def _build(folder: Path) -> Path:
    _run([sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT], folder)
    (wheel,) = (folder / "dist").glob("labelqa-*.whl")
    return wheel


def _check_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    files = [path for path in (ROOT / "labelqa").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = sorted({path.relative_to(ROOT).as_posix() for path in files} - set(names))
    extra = [name for name in names if name.startswith(_NEVER)]
    if missing or extra:
        sys.exit(f"{wheel.name} lacks {missing} and should not hold {extra}")


def _environment(folder: Path, wheel: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    _run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], folder)
    site = Path(_run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip())
    # a path file adds the packages without running the path files in there: an editable labelqa stays out
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *_borrowed_by_this_one()}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n", encoding="utf-8")
    (site / "sitecustomize.py").write_text(_ONLY.format(known=_modules_of_the_core()), encoding="utf-8")
    return python


#: What hides all packages but some from the fresh environment.
_ONLY = """
import sys


class Only:
    known = sys.stdlib_module_names | {known!r}

    def find_spec(self, name, path=None, target=None):
        if path is None and name not in self.known and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Only())
"""


def _modules_of_the_core() -> set[str]:
    """Modules of labelqa's dependencies and of theirs, without any extra."""
    of_package: dict[str, set[str]] = {}
    for module, packages in importlib.metadata.packages_distributions().items():
        for package in packages:
            of_package.setdefault(_canonical(package), set()).add(module)
    seen, todo, found = set(), ["labelqa"], {"labelqa", "pip", "site"}
    while todo:
        package = _canonical(todo.pop())
        if package in seen:
            continue
        seen.add(package)
        found |= of_package.get(package, set())
        try:
            needed = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:  # not for this Python or system
            continue
        todo += [re.split(r"[^\w.-]", line)[0] for line in needed if "extra ==" not in line]
    return found


def _canonical(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _borrowed_by_this_one() -> set[str]:
    """Folders of packages that path files add to the running environment, the source tree aside."""
    return {path for path in sys.path if path.endswith("site-packages") and Path(path).is_dir()}


def _try_it(python: Path, folder: Path) -> None:
    where = _run([python, "-c", "import labelqa; print(labelqa.__file__)"], folder).strip()
    if not where.startswith(str(folder)):
        sys.exit(f"labelqa was imported from {where}, not from the wheel")
    if "audit" not in _run([python.parent / "labelqa", "--help"], folder):
        sys.exit("labelqa --help does not list its verbs")
    rows = [
        f"{item},{who},{'dent' if (item % 3 == 0) != ((item * 7 + shift) % 5 == 0) else 'ok'}"
        for item in range(30)
        for shift, who in enumerate(("ann", "bob", "eve"))
    ]
    (folder / "said.csv").write_text("\n".join(["item_id,annotator_id,label", *rows]), encoding="utf-8")
    features = [f"{item},{(item * 7) % 5},{item % 3}" for item in range(30)]
    (folder / "features.csv").write_text("\n".join(["item_id,a,b", *features]), encoding="utf-8")
    _refuse(python, folder, ["train", "said.csv", "--features", "features.csv", "--out", "model.skops"], "skops")
    (folder / "pictures").mkdir()
    _refuse(python, folder, ["augment", "said.csv", "--images", "pictures", "--out", "copies"], "augment")
    page = Path(_run([python.parent / "labelqa", "audit", "said.csv", "--out", "audit"], folder).strip())
    if "Agreement" not in (folder / page).read_text(encoding="utf-8"):
        sys.exit("the report of the small audit lacks its agreement section")


def _refuse(python: Path, folder: Path, words: list[str], extra: str) -> None:
    done = subprocess.run([python.parent / "labelqa", *words], capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode != 2 or f"pip install 'labelqa[{extra}]'" not in done.stderr:
        sys.exit(f"labelqa {words[0]} does not say how to install labelqa[{extra}]: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
