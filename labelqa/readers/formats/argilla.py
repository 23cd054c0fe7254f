"""Argilla: records with the responses of several people to each question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labelqa.errors import TableError
from labelqa.readers._frames import Frames, Reading, Rows
from labelqa.readers._opened import Source
from labelqa.readers._questions import the_one
from labelqa.readers._record import mapping, record

#: A response: the question, the person, what was said, and "submitted", "discarded" or "draft".
_Response = tuple[str, str, Any, str | None]


def is_argilla(source: Source) -> bool:
    """Tell records by the responses that one of them has, in any of three forms."""
    if source.suffix not in (".json", ".jsonl", ".ndjson"):
        return False
    data = source.json if source.suffix == ".json" else source.json_lines
    return isinstance(data, list) and any(isinstance(one, dict) and _form(one) for one in data[:200])


def _form(one: dict[str, Any]) -> str | None:
    if isinstance(one.get("responses"), dict) and "fields" in one:
        return "records"
    if any(key.endswith(".responses.users") for key in one):
        return "flat"
    lists = [value for value in one.values() if isinstance(value, list) and value]
    if any(all(isinstance(each, dict) and {"user_id", "value"} <= set(each) for each in value) for value in lists):
        return "feedback"
    return None


def read_argilla(source: Source, how: Reading) -> Frames:
    """Read records; discarded responses are skipped views, drafts are none, suggestions are a model's.

    Of several questions `map` names one (``label``). Files that `records.to_json` writes hold no status: a discarded
    response looks like a submitted one, which is pointed out.

    Raises
    ------
    TableError
        Where it is none, or holds several questions of which none was chosen.
    """
    if not is_argilla(source):
        raise TableError(f"{source.path} is no file of Argilla: its records have no responses.")
    rows, path = Rows(source.path, how), source.path
    data = source.json if source.suffix == ".json" else source.json_lines
    given: list[tuple[str, list[_Response]]] = []
    for nth, record_of in enumerate(data, 1):
        with record(path, ("record", nth)):
            one = mapping(record_of, "it")
            item = one.get("id", one.get("external_id"))
            if item is None or isinstance(item, dict | list):
                raise TableError("it has neither id nor external_id")
            rows.met["files", "suggestion of a model", "left out"] += _n_suggestions(one)
            picture = mapping(one.get("fields") or {}, "fields").get("image", one.get("image"))
            rows.item(str(item), picture if isinstance(picture, str) else None, None, None)
            given.append((str(item), list(_responses(one))))
    asked = [question for _, said in given for question, *_ in said]
    label = the_one(asked, meaning="label", what="questions", path=path, chosen=how.columns)
    for item, said in given:
        with record(path, ("record", item)):
            _add(rows, item, said, label)
    return rows.frames()


def _add(rows: Rows, item: str, said: list[_Response], label: str | None) -> None:
    for question, person, value, status in said:
        if question != label:
            rows.met["labels", f"response to {question}", "left out: another question counts"] += 1
        elif status == "draft":
            rows.met["views", "draft", "left out"] += 1
        elif status == "discarded":
            rows.met["views", "discarded response", "read as skipped"] += 1
            rows.views.append((item, person, "skipped", None, None, False))
        else:
            action = "read as submitted: it may have been a draft or discarded"
            rows.met["views", "response without a status", action] += status is None
            rows.met["labels", "response without a value", "read as a view with nothing said"] += value is None
            rows.views.append((item, person, None, None, None, False))
            if isinstance(value, dict):
                raise TableError(f"the response to {question} is an object, which is no class")
            chosen = "|".join(sorted(map(str, value))) if isinstance(value, list) else value
            if chosen not in (None, ""):
                rows.labels.append((item, person, str(chosen)))


def _n_suggestions(one: dict[str, Any]) -> int:
    by_question = one.get("suggestions")
    if isinstance(by_question, dict):
        return len(by_question)
    return sum(key.endswith((".suggestion", "-suggestion")) and value is not None for key, value in one.items())


def _responses(one: dict[str, Any]) -> Iterator[_Response]:
    if isinstance(one.get("responses"), dict):
        for question, listed in one["responses"].items():
            for each in listed or []:
                yield _one(question, mapping(each, "a response"))
        return
    for key, value in one.items():
        if key.endswith(".responses") and f"{key}.users" in one:
            people, states = one[f"{key}.users"] or [], one.get(f"{key}.status") or []
            values = value or []
            states = states or [None] * len(values)
            for said, person, status in zip(values, people, states, strict=True):
                yield key.removesuffix(".responses"), str(person), said, status
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "user_id" in value[0]:
            for each in value:
                yield _one(key, mapping(each, "a response"))


def _one(question: str, given: dict[str, Any]) -> _Response:
    if given.get("user_id") is None:
        raise TableError(f"a response to {question} does not say whose it is")
    return str(question), str(given["user_id"]), given.get("value"), given.get("status")
