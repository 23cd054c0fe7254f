"""Files of their own for those who fix what others annotated, where each annotator has files of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from labelqa.readers._changes import Change, Place
from labelqa.readers._frames import Reading
from labelqa.readers.writers._files import Files
from labelqa.readers.writers._folders import is_file_name

Rewrite = Callable[[Sequence[Change], Files, Counter[str], Reading], None]
#: Takes all answers out of the files of some places, and names the files beside them that are needed with them.
Strip = Callable[[Sequence[Place], Files, str], Iterable[Path]]


def add_newcomers(
    changes: Sequence[Change],
    files: Files,
    lost: Counter[str],
    how: Reading,
    *,
    ways: tuple[Rewrite, Strip],
    root: Path,
    annotator_from: str | None,
) -> None:
    """Give each newcomer a copy of somebody's files without an answer, and put their fixes there.

    Parameters
    ----------
    changes
        What newcomers add.
    files, lost, how
        As for `rewrite_NAME`.
    ways
        How the format is rewritten, and how it is emptied.
    root
        The folder of the source.
    annotator_from
        Which part of a path names the annotator, see `read`.
    """
    rewrite, strip = ways
    people: dict[str, list[Change]] = {}
    for change in changes:
        people.setdefault(str(change.annotator), []).append(change)
    for person, own in people.items():
        template = _template(own, root)
        told = [(change, [place for place in change.places if _owner(place, root) == template]) for change in own]
        able = [replace(change, places=tuple(places), is_foreign=False) for change, places in told if places]
        copies = Files(allow_loss=files.allow_loss)
        beside = strip([place for change in able for place in change.places], copies, person)
        rewrite(able, copies, lost, how)
        results = {path: path.read_bytes() for path in beside} | copies.results()
        new = {path: _named(path, root, person, annotator_from) for path in results}
        is_free = is_file_name(person) and not any(path.exists() for path in new.values())
        lost[f"fixes by {person}, who can have no file of that name"] += 0 if is_free else len(own)
        lost[f"fixes by {person} of items that no one file holds together"] += len(own) - len(able) if is_free else 0
        for path, data in results.items() if is_free else ():
            if data is not None:
                files.make(new[path], data)


def _owner(place: Place, root: Path) -> str:
    return str(place[0].relative_to(root).parts[0])


def _template(changes: Sequence[Change], root: Path) -> str:
    """Choose whose files are copied: those that show most of the items."""
    counts = Counter(owner for change in changes for owner in {_owner(place, root) for place in change.places})
    return max(sorted(counts), key=lambda owner: counts[owner])


def _named(path: Path, root: Path, person: str, annotator_from: str | None) -> Path:
    """Give the path that names a person as the others' paths name them."""
    parts = path.relative_to(root).parts
    if annotator_from == "folder":
        return root.joinpath(person, *parts[1:])
    if annotator_from == "parent":
        return root.joinpath(*parts[:-2], person, parts[-1])
    return root.joinpath(*parts[:-1], person + "".join(Path(parts[-1]).suffixes))
