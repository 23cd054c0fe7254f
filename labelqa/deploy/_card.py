"""The model card: one page for people (Mitchell et al., "Model cards for model reporting", FAT* 2019)."""

from __future__ import annotations

from typing import Any


def model_card(metadata: dict[str, Any]) -> str:
    """Write the card from the metadata alone, so that the two cannot disagree."""
    known = metadata
    sections = [
        f"# {_text(known['name'])}, version {known['version']}",
        _text(known["notes"]) or "A classifier of images or other items, exported by labelqa.",
        "## What goes in, what comes out",
        _interface(known),
        "## How good it is",
        _quality(known),
        "## Made from",
        _origin(known),
        "## Does the file answer as the model does?",
        _parity(known["parity"]),
        "## Limits",
        "It names one of its classes for every input, also for one that shows something else. Probabilities are "
        "calibrated on items like those of training; where the items change, measure again. The accuracy above is "
        "against labels, which have errors of their own.",
        "## Use",
        f"```python\nfrom labelqa import deploy\n\ndeploy.predict({known['name']!r}, ...)\n```".replace(
            f"deploy.predict({known['name']!r}, ...)",
            f'deploy.predict("models", "new_images/", name={known["name"]!r}, version={known["version"]}).rows()',
        ),
    ]
    return "\n\n".join(sections) + "\n"


def _text(value: Any) -> str:
    """Keep data from being read as Markdown or HTML."""
    text = str(value)
    for mark in ("\\", "`", "*", "_", "[", "]", "<", ">", "|", "#"):
        text = text.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return " ".join(text.split())


def _interface(known: dict[str, Any]) -> str:
    taken = known["input"]
    shape = " x ".join(map(str, taken["shape"]))
    classes = ", ".join(_text(value) for value in known["classes"])
    what = "RGB images of any size, upright" if taken["name"] == "image" else "feature rows"
    return (
        f"- `{taken['name']}`: {taken['type']}, {shape}: {what}\n"
        f"- `probabilities`: float32, n x {len(known['classes'])}; `class_index`: int64, n\n"
        f"- Classes, in order: {classes}"
    )


def _quality(known: dict[str, Any]) -> str:
    measured = known["metrics"]
    lines = []
    if "accuracy" in measured and measured.get("n_labelled"):
        lines.append(
            f"- Accuracy {measured['accuracy']:.3f} [{measured['accuracy_low']:.3f}, {measured['accuracy_high']:.3f}] "
            f"on {measured['n_labelled']:,} items not used in training"
        )
    shown = ("accuracy", "accuracy_low", "accuracy_high", "n_labelled") if lines else ()
    lines += [f"- {_text(key)}: {_number(value)}" for key, value in measured.items() if key not in shown]
    found = known["comparison"]
    if found:
        points = [f"{100 * found[name]:+.2f}" for name in ("difference", "low", "high") if name in found]
        change = f", {points[0]} points [{points[1]}, {points[2]}]" if len(points) == 3 else ""
        lines.append(f"- Against the model before the fixes: **{_text(found['verdict'])}**{change}")
    return "\n".join(lines) or "Not measured: no labels of held-out items were given."


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _text(value)


def _origin(known: dict[str, Any]) -> str:
    training = known["training"]
    lines = [
        f"- {_text(key)}: {_number(training[key])}" for key in ("model", "n_items", "n_features") if key in training
    ]
    if "class_counts" in training:
        counts = ", ".join(f"{_text(name)} {count:,}" for name, count in training["class_counts"].items())
        lines.append(f"- Items per class: {counts}")
    for key, what in (("data", "Annotations"), ("fixes", "Decisions on labels")):
        if known[key]:
            lines.append(f"- {what}: SHA-256 {known[key]['sha256']}")
    made = ", ".join(f"{package} {version}" for package, version in known["versions"].items())
    return "\n".join([*lines, f"- Made at {known['created_at']} with {made}"])


def _parity(found: dict[str, Any]) -> str:
    speed = ""
    if found["python_ms"] is not None:
        speed = f" One item takes {found['graph_ms']:.2f} ms in the graph and {found['python_ms']:.2f} ms in Python."
    return (
        f"Yes: on {found['n_items']:,} items no probability differs by more than {found['max_difference']:.1e} "
        f"(allowed {found['limit']:g}), and no label changes.{speed}"
    )
