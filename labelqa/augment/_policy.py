"""A policy is data: a preset, a dict, a YAML or JSON file or an albumentations pipeline becomes one nested dict."""

from __future__ import annotations

import difflib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelqa._foreign import json_of, utf8_of, yaml_of
from labelqa.augment._albumentations import COMBINATIONS, NEED_BOXES, library, option_names, to_tree, transform_classes
from labelqa.augment._presets import PRESETS
from labelqa.errors import OptionError, TableError, value_shown


@dataclass(frozen=True)
class Policy:
    """What may be done to an image, as plain values.

    Attributes
    ----------
    name
        The preset's or file's name, "policy" for a dict, "Compose" for a pipeline.
    tree
        The pipeline as nested dicts and lists with every option written out; JSON can hold it.
    """

    name: str
    tree: dict[str, Any]

    @property
    def text(self) -> str:
        """The tree as one line of JSON, the same for equal policies."""
        return json.dumps(self.tree, sort_keys=True, separators=(",", ":"))

    @property
    def needs_boxes(self) -> bool:
        """Whether what is drawn depends on the boxes."""
        return any(leaf["__class_fullname__"] in NEED_BOXES for leaf in leaves(self.tree))


def leaves(tree: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the transforms of a tree, those inside combinations included."""
    for child in tree.get("transforms", ()):
        if "transforms" in child:
            yield from leaves(child)
        else:
            yield child


def read_policy(policy: Any) -> Policy:
    """Read a policy in any of its forms.

    Parameters
    ----------
    policy
        "light", "standard" or "inspection"; the path of a YAML or JSON file; a dict ``{"transforms": [{"Affine":
        {"rotate": [-10, 10], "p": 0.5}}, ...], "p": 1.0}``, in which "OneOf", "SomeOf", "Sequential" and "RandomOrder"
        hold transforms of their own; what `albumentations.to_dict` gives; or an `albumentations.Compose`.

    Raises
    ------
    OptionError
        For an unknown preset, transform or option, with the choices, and for a value a transform does not take.
    MissingExtra
        Where albumentations is not installed.

    Examples
    --------
    >>> read_policy({"transforms": [{"HorizontalFlip": {"p": 0.5}}]}).text
    '{"__class_fullname__":"Compose","p":1.0,"transforms":[{"__class_fullname__":"HorizontalFlip","p":0.5}]}'
    """
    if isinstance(policy, Policy):
        return policy
    if isinstance(policy, Mapping):
        return Policy("policy", _tree_of(dict(policy)))
    if isinstance(policy, str | Path):
        return _named(str(policy))
    if hasattr(policy, "to_dict_private"):
        return Policy(type(policy).__name__, _tree_of_pipeline(policy))
    raise OptionError(
        f"policy={policy!r} is a {type(policy).__name__}; give one of {', '.join(map(repr, PRESETS))}, a dict, the "
        "path of a YAML or JSON file, or an albumentations.Compose."
    )


def _named(name: str) -> Policy:
    if name in PRESETS:
        return Policy(name, _tree_of(PRESETS[name]))
    path = Path(name)
    if path.suffix.lower() not in (".json", ".yaml", ".yml") or not path.is_file():
        raise OptionError(
            f"policy={name!r} is no preset and no YAML or JSON file; choose one of {', '.join(map(repr, PRESETS))}, or "
            "give the path of a .yaml or .json file."
        )
    try:
        text = utf8_of(path.read_bytes(), path)
        data = json_of(text, path) if path.suffix.lower() == ".json" else yaml_of(text, path)
    except TableError as error:
        raise OptionError(f"policy={name!r} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise OptionError(f"policy={name!r} holds a {type(data).__name__}; needed is a mapping with 'transforms'.")
    return Policy(path.stem, _tree_of(data))


def _tree_of(data: dict[str, Any]) -> dict[str, Any]:
    if isinstance(data.get("transform"), Mapping):  # written by albumentations.save or to_dict
        data = dict(data["transform"])
    if "__class_fullname__" in data:
        return to_tree(_built(lambda: _pipeline_of_tree(data), "the pipeline"))
    unknown = set(data) - {"name", "transforms", "p"}
    if unknown or not isinstance(data.get("transforms"), list) or not data["transforms"]:
        raise OptionError(
            f"A policy has the keys {sorted(data)}; needed is 'transforms', a list that is not empty, and allowed are "
            "'name' and 'p'."
        )
    transforms = [_transform(entry) for entry in data["transforms"]]
    pipeline = _built(lambda: library().Compose(transforms, p=float(data.get("p", 1.0))), "the policy")
    return to_tree(pipeline)


def _tree_of_pipeline(pipeline: Any) -> dict[str, Any]:
    try:
        tree = to_tree(pipeline)
        json.dumps(tree)
    except (NotImplementedError, TypeError) as error:
        raise OptionError(
            f"The pipeline has a transform that cannot be written as data ({error}); without it no image could be "
            "rebuilt. Leave it out, or give its class a get_transform_init_args_names method."
        ) from error
    if "transforms" not in tree:
        tree = to_tree(library().Compose([pipeline]))
    _check_names(tree)
    return tree


def _pipeline_of_tree(tree: dict[str, Any]) -> Any:
    from labelqa.augment._albumentations import from_tree

    if "transforms" not in tree:
        tree = {"__class_fullname__": "Compose", "transforms": [tree]}
    kept = {key: value for key, value in tree.items() if key in ("__class_fullname__", "p", "transforms")}
    _check_names(kept)
    return from_tree(kept)


def _check_names(tree: Mapping[str, Any]) -> None:
    """Refuse what needs other images or cannot be rebuilt; a user's own classes may pass."""
    for leaf in leaves(tree):
        name = str(leaf["__class_fullname__"])
        if "." not in name and name not in transform_classes():
            _refuse_transform(name)


def _transform(entry: Any) -> Any:
    name, options = _name_and_options(entry)
    if name not in transform_classes() and name not in COMBINATIONS:
        _refuse_transform(name)
    known = option_names(name)
    unknown = [option for option in options if option not in known]
    if unknown:
        raise OptionError(
            f"The transform {name!r} has no option {', '.join(map(repr, unknown))}; choose among "
            f"{', '.join(map(repr, known))}."
        )
    if name in COMBINATIONS:
        inner = options.get("transforms")
        if not isinstance(inner, list) or not inner:
            raise OptionError(f"{name!r} needs 'transforms', a list that is not empty.")
        options = {**options, "transforms": [_transform(child) for child in inner]}
        return _built(lambda: getattr(library(), name)(**options), repr(name))
    return _built(lambda: transform_classes()[name](**options), f"the transform {name!r}")


def _name_and_options(entry: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping):
        if "name" in entry:
            return str(entry["name"]), {str(key): value for key, value in entry.items() if key != "name"}
        if len(entry) == 1:
            name, options = next(iter(entry.items()))
            if options is None or isinstance(options, Mapping):
                return str(name), {str(key): value for key, value in (options or {}).items()}
    raise OptionError(
        f"{value_shown(entry)} is no transform; write {{'HorizontalFlip': {{'p': 0.5}}}}, or the name alone for "
        "its defaults."
    )


def _built(make: Any, what: str) -> Any:
    """Build; what the library refuses or would only warn about becomes an error of ours."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Argument", category=UserWarning)
            return make()
    except OptionError:
        raise
    except (ValueError, TypeError, KeyError, UserWarning) as error:
        reason = " ".join(line for line in str(error).splitlines() if "errors.pydantic.dev" not in line)
        raise OptionError(f"{what[0].upper()}{what[1:]} is not valid: {reason}") from error


def _refuse_transform(name: str) -> None:
    known = [*transform_classes(), *COMBINATIONS]
    close = difflib.get_close_matches(name, known, n=3)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise OptionError(f"The transform {name!r} is not known.{hint} Choose one of {', '.join(map(repr, known))}.")
