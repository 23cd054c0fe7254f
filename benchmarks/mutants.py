"""`python -m benchmarks.mutants [ROOM ...]`: would the tests notice? Small changes to the code, and who survives them.

Each mutant is one file with one small change: a comparison moved to its boundary or turned round, a number, a sign, an
"and", the order of a sort, a returned value. It is killed where a test of its room fails (or hangs); one that survives
is a test that is missing, or a change that changes nothing anybody could observe. The latter are in
`equivalent_mutants.json`: `file`, the line `before` and `after` (a change over several lines as one; kinds of quotes
and numbers of spaces do not matter) and the `reason`. Rooms are sampled, the same mutants for the same seed. Verdicts
stand in docs/mutants/, a file for each room, and are shown in docs/mutants.md; `--again` judges only those that
survived, when tests were added.

Left alone are messages of errors, annotations and drawings: nobody asserts their numbers. Kernels are compiled and have
naive doubles in tests/kernels.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import importlib.machinery
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REASONS = Path(__file__).with_name("equivalent_mutants.json")
#: Room -> its files (globs), and the tests that guard it; the doctests of a file are always run with them.
ROOMS = {
    "bottom": (
        ["_labels.py", "_options.py", "_result.py", "_crossval.py"],
        [
            "test_labels.py", "test_options.py", "test_result.py", "test_columns.py", "test_joining.py", "test_ties.py",
            "crossval",
        ],
    ),
    "noise": (
        ["noise/*.py"],
        ["noise/test_find_issues.py", "noise/test_neighbours.py", "noise/test_boundaries.py", "test_joining.py"],
    ),
    "noise/labels": (
        ["noise/labels/*.py"],
        [
            "noise/test_boundaries.py", "noise/test_label_issues.py", "noise/test_confident_learning.py",
            "noise/test_model_probabilities.py", "test_ties.py", "test_joining.py",
        ],
    ),
    "noise/pictures": (
        ["noise/pictures/*.py"],
        [
            "noise/test_boundaries.py", "noise/test_image_issues.py", "noise/test_duplicates.py",
            "noise/test_neighbours.py", "test_joining.py",
        ],
    ),
    "noise/boxes": (["noise/boxes/*.py"], ["noise/test_box_issues.py", "noise/test_boundaries.py::TestBoxes"]),
    "noise/queue": (
        ["noise/queue/*.py"],
        [
            "test_joining.py::TestApplyDecisions", "noise/test_boundaries.py", "noise/test_decisions.py",
            "noise/test_review_queue.py",
        ],
    ),
    "consensus/labels": (
        ["consensus/labels/*.py"],
        [
            "consensus/test_boundaries.py", "consensus/test_majority_vote.py", "consensus/test_update.py",
            "consensus/test_consensus_labels.py", "consensus/test_dawid_skene.py", "consensus/test_unlabelled.py",
            "consensus/test_crowdlab.py", "consensus/test_label_results.py", "consensus/test_recipe.py",
            "consensus/test_models_of_the_pool.py",
        ],
    ),
    "consensus/boxes": (["consensus/boxes/*.py"], ["consensus/test_boxes.py"]),
    "agreement/labels": (
        ["agreement/labels/*.py"],
        [
            "agreement/test_reference_values.py", "agreement/test_coefficients.py", "agreement/test_limits.py",
            "agreement/test_catalogue.py", "agreement/test_planning.py", "agreement/test_shapes.py",
            "agreement/test_benchmark_scale.py", "agreement/test_compare_agreement.py",
            "agreement/test_order_of_classes.py", "agreement/test_label_agreement.py", "test_ties.py",
            "agreement/test_room_options.py", "agreement/test_intervals.py",
        ],
    ),
    "agreement/boxes": (
        ["agreement/boxes/*.py"],
        [
            "agreement/test_box_agreement.py", "agreement/test_box_kalos.py", "agreement/test_box_decomposition.py",
            "agreement/test_box_ceiling.py", "agreement/test_limits.py", "agreement/test_box_tables.py",
            "agreement/test_room_options.py",
        ],
    ),
    "habits": (
        ["agreement/habits/*.py"],
        [
            "agreement/test_habit_limits.py", "agreement/test_limits.py", "agreement/test_conventions.py",
            "agreement/test_offsets.py",
        ],
    ),
    "baseline": (["baseline/*.py"], ["baseline", "test_columns.py", "test_joining.py", "test_ties.py"]),
    "compare": (
        ["compare/*.py"],
        # not the simulations of test_null.py: a minute for each mutant
        [
            "compare/test_boundaries.py", "compare/test_compare_fixes.py", "compare/test_fairness.py",
            "compare/test_scope.py",
        ],
    ),
    "deploy": (
        ["deploy/*.py", "_onnx.py"],
        [
            "deploy/test_registry.py", "deploy/test_joining.py", "deploy/test_predict.py", "deploy/test_export.py",
            "test_columns.py",
        ],
    ),
    "augment": (
        ["augment/*.py"],
        [
            "augment/test_limits.py", "augment/test_policy.py", "augment/test_folder.py",
            "augment/test_augment.py", "augment/test_check.py", "test_joining.py",
        ],
    ),
    "audit": (
        ["audit/sections/*.py", "audit/steps/*.py"],
        # of whole audits only the one with pictures, trusted labels and a model
        [
            "audit/test_section_blocks.py", "audit/test_page_parts.py", "audit/test_sections.py", "audit/test_steps.py",
            "audit/test_run.py::test_pictures_gold_and_model",
        ],
    ),
    "report": (
        ["report/*.py"],
        [
            "report/test_phrases.py", "report/test_saved.py", "report/test_blocks.py", "report/test_pictures.py",
            "audit/test_page_parts.py", "report/test_page.py",
        ],
    ),
    "cli": (
        ["cli/*.py"],
        [
            "cli/test_output.py", "cli/test_options.py", "cli/test_convert.py", "cli/test_compare.py",
            "cli/test_flag.py", "cli/test_train.py", "cli/test_agree.py", "cli/test_advice.py",
            "augment/test_folder.py", "deploy/test_commands.py", "cli/test_audit_command.py",
        ],
    ),
    "pictures": (["images.py", "features.py", "_pixels.py"], ["images", "features"]),
}  # fmt: skip
#: Function names of which nothing is asserted but that they draw.
DRAWINGS = ("plot", "draw", "_repr_html_", "__repr__")
#: Arguments that say how large a drawing is: a number written in a call of `charts.draw`, or as a default, is looks.
LAYOUT = ("width", "height")
#: Constants of which every entry is looks.
STYLES = ("_STYLE",)
#: Keyword arguments that only guard against mistakes of our own.
SAFEGUARDS = ("strict", "exist_ok", "parents", "frozen", "kw_only", "stacklevel", "copy", "observed")
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"max": "min", "argmax": "argmin", "any": "all", "first": "last", "head": "tail", "maximum": "minimum"}
NAMES |= {other: name for name, other in NAMES.items()}


@dataclass(frozen=True)
class Mutant:
    """One change to one file: the source with it, and what to call it."""

    file: str
    function: str
    line: int
    change: str
    source: str
    #: The text of the line, and of the line with the change: what tells an equivalent mutant wherever it moves.
    before: str
    after: str

    @property
    def key(self) -> str:
        """What stays the same when lines move."""
        return f"{self.file}: {self.function}: {self.change}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Give every mutant of a file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = text.splitlines()
    file = path.relative_to(ROOT).as_posix()
    n_alike: Counter[str] = Counter()
    for function, node in _sites(tree, "module", _looks(tree)):
        for changed in _changes(node):
            before = ast.unparse(node)
            saved = copy.copy(node.__dict__)
            node.__dict__.update(changed)
            after = ast.unparse(node)
            change = f"{before} -> {after}"
            n_alike[f"{function}: {change}"] += 1
            place = n_alike[f"{function}: {change}"]
            change += f" (no. {place})" if place > 1 else ""
            yield Mutant(file, function, node.lineno, change, ast.unparse(tree), *_line_texts(lines, node, after))
            node.__dict__.clear()
            node.__dict__.update(saved)


def _line_texts(lines: list[str], node: Any, changed: str) -> tuple[str, str]:
    """Give the line, or lines, of a node in one, as they are and with the node's text changed."""
    first, last = lines[node.lineno - 1].encode(), lines[node.end_lineno - 1].encode()
    texts = (
        " ".join(lines[node.lineno - 1 : node.end_lineno]),
        f"{first[: node.col_offset].decode()}{changed}{last[node.end_col_offset :].decode()}",
    )
    return _plain(texts[0]), _plain(texts[1])


def _plain(text: str) -> str:
    return " ".join(text.replace("'", '"').split())


def _looks(tree: ast.AST) -> set[int]:
    """Give the nodes (by id) of numbers that only say how something looks.

    A size that is computed depends on what is drawn: its constants are looks, the rest is not.
    """
    sizes: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, keywords=keywords) if ast.unparse(func) == "charts.draw":
                sizes += [one.value for one in keywords if one.arg in LAYOUT]
            case ast.arguments(kwonlyargs=names, kw_defaults=values):
                sizes += [value for name, value in zip(names, values, strict=True) if value and name.arg in LAYOUT]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.AST() as value) if name in STYLES:
                sizes.append(value)
    return {id(part) for size in sizes for part in ast.walk(size) if isinstance(part, ast.Constant)}


def _sites(node: ast.AST, function: str, looks: Set[int]) -> Iterator[tuple[str, ast.AST]]:
    """Give the nodes that may change, with the function they are in."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_left_alone(child) or id(child) in looks:
                continue
            name = function
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                if child.name.lstrip("_").startswith(DRAWINGS) or child.name in DRAWINGS:
                    continue
                name = child.name if function == "module" else f"{function}.{child.name}"
            yield name, child
            yield from _sites(child, name, looks)


def _is_left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword) and node.arg in SAFEGUARDS:
        return True
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Assign) and "Union" in ast.unparse(node.value)


def _changes(node: ast.AST) -> Iterator[dict[str, Any]]:
    """Give the fields of a node that change, one mutant each."""
    match node:
        case ast.Compare(ops=[op]):
            yield from ({"ops": [other()]} for other in COMPARISONS[type(op)])
        case ast.BoolOp(op=op):
            yield {"op": ast.Or() if isinstance(op, ast.And) else ast.And()}
        case ast.BinOp(op=op, left=left, right=right) if type(op) in OPERATORS and not _is_type(left, right):
            yield {"op": OPERATORS[type(op)]()}
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub()):
            twice = ast.UnaryOp(op=node.op, operand=node.operand)
            yield {"op": ast.UAdd()} if isinstance(node.op, ast.USub) else {"operand": twice}
        case ast.Constant(value=bool() as value):
            yield {"value": not value}
        case ast.Constant(value=int() as value):
            yield {"value": value + 1}
        case ast.Constant(value=float() as value):
            yield {"value": value * 2 if value else 1.0}
        case ast.Attribute(attr=name) if name in NAMES:
            yield {"attr": NAMES[name]}
        case ast.Name(id=name) if name in NAMES:
            yield {"id": NAMES[name]}
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield {"value": ast.Constant(None)}


def _is_type(*sides: ast.expr) -> bool:
    """Tell X | None, a type, from a number."""
    types = {
        "int",
        "float",
        "str",
        "list",
        "tuple",
        "bool",
        "set",
        "frozenset",
        "DataFrame",
        "Series",
        "ndarray",
        "Index",
    }
    return any(ast.unparse(side).rpartition(".")[2] in types | {"None", "PathLike"} for side in sides)


def verdict(mutant: Mutant | None, tests: list[str], seconds: int) -> str:
    """Run tests in a child of this process, which has the heavy packages in memory: "killed", "survived", "hangs"."""
    child = os.fork()
    if not child:
        _run_tests(mutant, tests)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if status == 0 else "killed"
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hangs"


def _run_tests(mutant: Mutant | None, tests: list[str]) -> None:
    """Never returns."""
    import pytest

    if mutant is not None:
        target = str(ROOT / mutant.file)
        original = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader: Any, name: str) -> Any:
            return compile(mutant.source, target, "exec") if loader.path == target else original(loader, name)

        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    with open(os.devnull, "w", encoding="ascii") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        code: int = 99
        with contextlib.suppress(BaseException):
            options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--assert=plain"]
            code = int(pytest.main([*options, "-m", "not browser", *tests]))
        os._exit(min(code, 99))


def preload() -> None:
    """Import what takes long, but nothing of ours."""
    os.environ.pop("LABELQA_REAL_DATA", None)
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    os.environ.setdefault("MPLBACKEND", "agg")
    for name in (
        "pytest", "hypothesis", "numba", "pandas", "scipy.stats", "scipy.special", "sklearn.linear_model",
        "sklearn.ensemble", "sklearn.pipeline", "matplotlib.pyplot", "PIL.Image", "pyarrow.parquet", "cleanlab.filter",
    ):  # fmt: skip
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def judge_room(room: str, options: argparse.Namespace) -> None:
    """Judge a sample of a room's mutants, or those that survived, and write the verdicts; refuse where tests fail."""
    globs, guards = ROOMS[room]
    files = sorted(path for glob in globs for path in (ROOT / "labelqa").glob(glob))
    found = [mutant for path in files if "plots" not in path.name for mutant in mutants_of(path)]
    tests = [str(ROOT / "tests" / guard) for guard in guards if (ROOT / "tests" / guard.partition("::")[0]).exists()]
    stored = _stored(room)
    if options.again:
        # what was changed since is no longer there to be judged
        stored = {mutant.key: stored[mutant.key] for mutant in found if mutant.key in stored}
        chosen = [mutant for mutant in found if stored.get(mutant.key) == "survived"]
    else:
        chosen = random.Random(options.seed).sample(found, min(options.sample, len(found)))
        stored = {}
    start = time.monotonic()
    if verdict(None, tests, 20 * options.seconds) != "survived":
        raise RuntimeError(f"The tests of {room} fail before anything was changed.")
    took = time.monotonic() - start
    print(f"{room}: {len(chosen)} of {len(found)} mutants; the tests take {took:.0f} s", flush=True)
    # a busy machine must not make a slow test look like one that never ends
    limit = max(options.seconds, int(3 * took))
    _keep(room, stored)
    for mutant in sorted(chosen, key=lambda mutant: (mutant.file, mutant.line)):
        stored[mutant.key] = verdict(mutant, [str(ROOT / mutant.file), *tests], limit)
        print(f"{stored[mutant.key]:8} {mutant.file}:{mutant.line} {mutant.change[:150]}", flush=True)
        # after each, so that a run that is stopped has not been in vain
        _keep(room, stored)


def _file(room: str) -> Path:
    return DOCS / "mutants" / f"{room.replace('/', '-')}.json"


def _keep(room: str, judged: dict[str, str]) -> None:
    _file(room).write_text(json.dumps(judged, indent=1) + "\n", encoding="utf-8")


def _stored(room: str) -> dict[str, str]:
    """Give the verdict of each mutant by its key; none where the room was not judged yet."""
    path = _file(room)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def section(room: str, judged: dict[str, str], reasons: dict[str, str]) -> str:
    """Give the part of a room: the share, and who survived, with the reason."""
    left = [key for key, said in judged.items() if said == "survived"]
    n, n_killed = len(judged), len(judged) - len(left)
    n_same = sum(key in reasons for key in left)
    lines = [
        f"## {room}",
        "",
        f"{n_killed} of {n} killed ({100 * n_killed / max(n, 1):.0f} %); of those that change something {n_killed} of "
        f"{n - n_same} ({100 * n_killed / max(n - n_same, 1):.0f} %).",
    ]
    if left:
        lines += ["", "| survived in | change | why |", "|---|---|---|"]
    for key in left:
        file, function, change = key.split(": ", 2)
        change = change.replace("\n", " ").replace("|", "\\|")
        change = change if len(change) <= 160 else change[:157] + "..."
        why = reasons.get(key, "a test is missing")
        lines.append(f"| {file.removeprefix('labelqa/')}, `{function}` | `{change}` | {why} |")
    return "\n".join([*lines, ""])


def write_page() -> None:
    """Write docs/mutants.md from the verdicts on all rooms."""
    head = (
        "# Would the tests notice?\n\nMade by `python -m benchmarks.mutants`: small changes to the code, and whether a "
        "test of the room fails.\nThe module says what is changed and what is left alone.\n"
    )
    parts = [section(room, judged, _reasons(judged)) for room in ROOMS if (judged := _stored(room))]
    (DOCS / "mutants.md").write_text("\n".join([head, *parts]), encoding="utf-8")


def _reasons(judged: dict[str, str]) -> dict[str, str]:
    """Give why those that survived change nothing, by key, where that is known."""
    known = {
        (one["file"], _plain(one["before"]), _plain(one["after"])): one["reason"]
        for one in (json.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else [])
    }
    files = {key.partition(": ")[0] for key, said in judged.items() if said == "survived"}
    listed = {file for file, _, _ in known} & files
    mutants = (mutant for file in sorted(listed) if (ROOT / file).exists() for mutant in mutants_of(ROOT / file))
    found = {mutant.key: known.get((mutant.file, mutant.before, mutant.after)) for mutant in mutants}
    return {key: reason for key, reason in found.items() if reason is not None}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"any of {', '.join(ROOMS)}; by default all")
    parser.add_argument("--sample", type=int, default=60, help="mutants for each room (60)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (0)")
    parser.add_argument("--again", action="store_true", help="only those that survived")
    hangs = "after which a mutant hangs, but at least three times what the tests take (120)"
    parser.add_argument("--seconds", type=int, default=120, help=hangs)
    parser.add_argument("--page", action="store_true", help="only write docs/mutants.md anew, with the reasons")
    options = parser.parse_args(arguments)
    unknown = set(options.rooms) - set(ROOMS)
    if unknown:
        parser.error(f"unknown rooms {sorted(unknown)}; choose among {', '.join(ROOMS)}")
    (DOCS / "mutants").mkdir(parents=True, exist_ok=True)
    if not options.page:
        preload()
    for room in [] if options.page else options.rooms or ROOMS:
        judge_room(room, options)
        write_page()
    write_page()


if __name__ == "__main__":
    main(sys.argv[1:])
