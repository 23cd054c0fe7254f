"""Versions and aliases of a model on disk: `<root>/<name>/<int>/model.onnx` and `<root>/<name>/aliases.json`.

The folders are laid out the way Triton, KServe and MLServer read them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labelqa._files import beside, put_in_place, write_text
from labelqa._onnx import MODEL_FILE, read_metadata
from labelqa._options import check_choice, check_number, check_path, check_whole
from labelqa._outputs import held, write_manifest
from labelqa._renamed import by_name_now, renamed, renamed_fields
from labelqa.errors import ModelError, OptionError

CARD_FILE, PYTHON_FILE = "MODEL_CARD.md", "model.skops"
ALIAS_FILE = "aliases.json"
#: champion: answers; challenger: compared with it; shadow: answers without being heard.
ALIASES = ("champion", "challenger", "shadow")


@renamed_fields(canary_percent=("canary_share", lambda share: 100 * share))
@dataclass(frozen=True)
class Aliases:
    """Which version each alias points to, and how it came to that.

    Attributes
    ----------
    name
        The model's name.
    champion, challenger, shadow
        Versions; None where the alias is not in use.
    canary_share
        Share of requests, 0 to 1, that a router should send to the challenger.
    history
        Every change: `at` (UTC), `action`, `alias`, `from`, `to`, `reason`, `verdict`.
    """

    name: str
    champion: int | None = None
    challenger: int | None = None
    shadow: int | None = None
    canary_share: float = 0.0
    history: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give what stands in aliases.json."""
        return {
            "name": self.name,
            **{alias: getattr(self, alias) for alias in ALIASES},
            "canary_share": self.canary_share,
            "history": list(self.history),
        }


def check_name(name: str) -> None:
    """Refuse a name that is no plain folder name."""
    if not name or name.startswith(".") or any(part in name for part in ("/", "\\", "\0")):
        raise OptionError(f"name={name!r} cannot name a folder; use letters, digits, '-', '_' and '.'.")


@by_name_now("name")
def versions(root: str | os.PathLike[str], *, name: str) -> list[int]:
    """List the versions of a model, oldest first; none where there is no such model.

    Parameters
    ----------
    root, name
        As for `promote`.

    Raises
    ------
    OptionError
        For a name that is no folder name.
    """
    check_name(name)
    folder = check_path("root", root) / name
    if not folder.is_dir():
        return []
    return sorted(
        int(path.name) for path in folder.iterdir() if path.name.isdecimal() and (path / MODEL_FILE).is_file()
    )


def _used(root: str | os.PathLike[str], name: str) -> set[int]:
    """Give every number that a version has or had: in folders, and in the history, which outlives them."""
    folder = check_path("root", root) / name
    known = aliases(root, name=name)
    told = [entry.get(end) for entry in known.history for end in ("from", "to")]
    now = [getattr(known, alias) for alias in ALIASES]
    return {int(path.name) for path in folder.iterdir() if path.name.isdecimal()} | {int(v) for v in (*told, *now) if v}


def version_folder(root: str | os.PathLike[str], name: str, version: int) -> Path:
    """Give the folder of a version.

    Raises
    ------
    ModelError
        Where there is no such version; those there are are listed.
    """
    known = versions(root, name=name)
    if version not in known:
        listed = ", ".join(map(str, known)) or "none"
        raise ModelError(f"There is no version {version} of {name!r} in {root} (found: {listed}); export one first.")
    return check_path("root", root) / name / str(version)


@contextmanager
def new_version(root: str | os.PathLike[str], name: str) -> Iterator[tuple[int, Path]]:
    """Give the next version and an empty folder for it, which appears under that number only when it is complete.

    A number is never given twice: an alias may still point to a version whose folder was deleted.
    """
    check_name(name)
    folder = check_path("root", root) / name
    with held("root", folder, shared=True):
        version = max(_used(root, name) if folder.is_dir() else (), default=0) + 1
        with beside(folder / str(version)) as temporary:
            yield version, temporary
            write_manifest(temporary)
            temporary.chmod(0o755)
            put_in_place(temporary, folder / str(version))


@by_name_now("name")
def aliases(root: str | os.PathLike[str], *, name: str) -> Aliases:
    """Tell which version each alias points to, and how it came to that; a new model has no aliases yet.

    Parameters
    ----------
    root, name
        As for `promote`.

    Raises
    ------
    ModelError
        Where the model does not exist, or the file is damaged.
    """
    check_name(name)
    folder = check_path("root", root) / name
    if not folder.is_dir():
        known = sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) if folder.parent.is_dir() else []
        raise ModelError(f"There is no model {name!r} in {root} (found: {', '.join(known) or 'none'}).")
    path = folder / ALIAS_FILE
    if not path.is_file():
        return Aliases(name)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        pointers = {alias: None if data[alias] is None else int(data[alias]) for alias in ALIASES}
        return Aliases(name, **pointers, canary_share=_canary_share(data), history=tuple(data["history"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({type(error).__name__}: {error}); restore it from a copy.") from error


def _canary_share(data: dict[str, Any]) -> float:
    """Read the share; the release before wrote it in per cent."""
    return float(data["canary_share"]) if "canary_share" in data else _share(data["canary_percent"])


def _share(percent: float) -> float:
    return float(percent) / 100


def resolve(root: str | os.PathLike[str], name: str, *, alias: str = "champion", version: int | None = None) -> Path:
    """Give the folder that an alias or a version points to.

    Raises
    ------
    OptionError
        For an alias that does not exist.
    ModelError
        Where it points to nothing.
    """
    check_choice("alias", alias, ALIASES)
    version = None if version is None else check_whole("version", version, 1)
    if version is None:
        now = aliases(root, name=name)
        version = getattr(now, alias)
        if version is None:
            used = ", ".join(f"{a}={getattr(now, a)}" for a in ALIASES if getattr(now, a) is not None)
            raise ModelError(
                f"Nothing is promoted to {alias!r} of {name!r} (in use: {used or 'none'}; versions: "
                f"{', '.join(map(str, versions(root, name=name))) or 'none'}); promote one, or give version=."
            )
    return version_folder(root, name, version)


@renamed(path="root", canary_percent=("canary_share", _share))
def promote(
    root: str | os.PathLike[str],
    *,
    name: str,
    version: int | None = None,
    alias: str = "champion",
    reason: str | None = None,
    canary_share: float | None = None,
) -> Aliases:
    """Point an alias at a version: the decision that this model answers from now on.

    A version whose comparison found that it helps, or at least does not hurt, may be promoted as it is; any other needs
    a reason, which is kept. The file with the aliases is replaced in one step: readers see the old or the new.

    Parameters
    ----------
    root
        The folder of all models.
    name
        The model.
    version
        By default the latest.
    alias
        "champion", "challenger" or "shadow".
    reason
        Why; needed where the comparison's verdict is "hurts" or there is none.
    canary_share
        Share of requests for the challenger, 0 to 1; a new champion sets it to 0.

    Raises
    ------
    ModelError
        Where there is no such version, or neither a verdict nor a reason.
    OptionError
        For an unknown alias, or a share that is none.
    """
    check_choice("alias", alias, ALIASES)
    if canary_share is not None:
        check_number("canary_share", canary_share, 0, 1, hint="a share from 0 to 1, such as 0.05")
    version = None if version is None else check_whole("version", version, 1)
    with _changing(root, name) as (before, write):
        known = versions(root, name=name)
        chosen = version if version is not None else (known[-1] if known else 0)
        verdict = _verdict(read_metadata(version_folder(root, name, chosen)))
        if verdict in (None, "hurts") and not (reason or "").strip():
            said = "has no comparison" if verdict is None else "was found to hurt"
            raise ModelError(
                f"Version {chosen} of {name!r} {said}; promote a version that labelqa.compare found to help or to be "
                "equivalent, or give a reason, which is kept in the history."
            )
        entry = _entry(before, alias, chosen, action="promote", reason=reason, verdict=verdict)
        share = canary_share if canary_share is not None else (0.0 if alias == "champion" else before.canary_share)
        return write({alias: chosen, "canary_share": float(share)}, entry)


@renamed(path="root")
def rollback(root: str | os.PathLike[str], *, name: str, alias: str = "champion", reason: str | None = None) -> Aliases:
    """Point an alias back at the version it had before; a second rollback goes one further back.

    No share of the requests goes to the challenger any more, whichever alias goes back.

    Parameters
    ----------
    root, name, alias
        As for `promote`.
    reason
        Why; kept in the history.

    Raises
    ------
    ModelError
        Where there is nothing before, or the version before is gone; then the older ones that exist are named.
    """
    check_choice("alias", alias, ALIASES)
    with _changing(root, name) as (before, write):
        past = _past(before, alias)
        if not past:
            raise ModelError(
                f"{alias!r} of {name!r} has no version before {getattr(before, alias) or 'the first'}; there is no "
                "history to go back to. Promote a version instead."
            )
        _refuse_gone(root, name, alias, past)
        return write(
            {alias: past[-1], "canary_share": 0.0},
            _entry(before, alias, past[-1], action="rollback", reason=reason, verdict=None),
        )


def _refuse_gone(root: str | os.PathLike[str], name: str, alias: str, past: list[int]) -> None:
    there = versions(root, name=name)
    if past[-1] in there:
        return
    older = [str(version) for version in dict.fromkeys(reversed(past)) if version in there]
    what = (
        f"those it had earlier and that exist, the latest first: {', '.join(older)}"
        if older
        else "none that it had earlier exists"
    )
    raise ModelError(
        f"Version {past[-1]}, which {alias!r} of {name!r} had before, is not in {root} any more; {what}. Promote one "
        f"by its number instead (versions: {', '.join(map(str, there)) or 'none'})."
    )


def _past(known: Aliases, alias: str) -> list[int]:
    """Replay the history of an alias: the versions below the present one, the nearest last."""
    stack: list[int] = []
    for entry in known.history:
        if entry["alias"] != alias:
            continue
        if entry["action"] == "rollback":
            del stack[-1:]
        elif not stack or stack[-1] != entry["to"]:
            stack.append(int(entry["to"]))
    return stack[:-1]


def _verdict(metadata: dict[str, Any]) -> str | None:
    found = (metadata.get("comparison") or {}).get("verdict")
    return None if found is None else str(found)


def _entry(before: Aliases, alias: str, to: int, **facts: str | None) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "alias": alias,
        "from": getattr(before, alias),
        "to": to,
        **facts,
    }


@contextmanager
def _changing(
    root: str | os.PathLike[str], name: str
) -> Iterator[tuple[Aliases, Callable[[dict[str, Any], dict[str, Any]], Aliases]]]:
    """Give the aliases and a function that replaces them; nobody else changes them meanwhile."""
    aliases(root, name=name)
    folder = check_path("root", root) / name
    with held("root", folder, shared=True):
        before = aliases(root, name=name)

        def write(changes: dict[str, Any], entry: dict[str, Any]) -> Aliases:
            kept = {**{alias: getattr(before, alias) for alias in ALIASES}, "canary_share": before.canary_share}
            after = Aliases(name, **{**kept, **changes}, history=(*before.history, entry))
            write_text(folder / ALIAS_FILE, json.dumps(after.to_dict(), indent=2, ensure_ascii=False) + "\n")
            return after

        yield before, write
