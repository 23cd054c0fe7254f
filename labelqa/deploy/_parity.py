"""The parity gate: the graph must answer as the model does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._onnx import open_model
from labelqa.deploy._classifier import Classifier, HeldOut
from labelqa.errors import ModelError
from labelqa.features import image_features
from labelqa.images import Pixels

Floats = NDArray[np.float64]

#: Largest difference of a probability that passes, from the features on and from pixels on.
LIMIT_FEATURES, LIMIT_PIXELS = 1e-5, 1e-4
_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class Parity:
    """How far the graph is from the model.

    Attributes
    ----------
    n_items
        Items compared.
    max_difference
        Largest difference of any probability.
    limit
        What was allowed.
    n_label_changes
        Items whose most probable class differs although the model's two best were further apart than the limit.
    python_ms, graph_ms
        Median milliseconds per item, one at a time.
    """

    n_items: int
    max_difference: float
    limit: float
    n_label_changes: int
    python_ms: float
    graph_ms: float

    @property
    def is_passed(self) -> bool:
        """Whether the graph may stand in for the model."""
        return self.max_difference <= self.limit and self.n_label_changes == 0

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)


def compare_answers(classifier: Classifier, graph: Any, items: HeldOut, n_parity: int) -> tuple[Parity, Floats]:
    """Compare graph and model on held-out items; give the model's probabilities too.

    Raises
    ------
    ModelError
        For too few items.
    """
    if len(items.ids) < n_parity:
        raise ModelError(
            f"Comparing the graph with the model needs {n_parity} held-out items and there are {len(items.ids)}; give "
            f"more items (augmented ones will do: only the inputs count here), or set n_parity={len(items.ids)}, which "
            "the metadata then say."
        )
    opened = open_model(
        graph.SerializeToString(), purpose="Exporting a model", advice="use a classifier of labelqa.baseline.fit"
    )
    model = _pixels_answer(classifier, items) if items.source is not None else _rows_answer(classifier, items)
    said = model(items.ids)
    answer = _graph_answer(opened, items)
    differences = np.abs(answer - said)
    limit = LIMIT_PIXELS if items.source is not None else LIMIT_FEATURES
    best = np.sort(said, axis=1)
    is_clear = best[:, -1] - best[:, -2] > limit if said.shape[1] > 1 else np.zeros(len(said), dtype=bool)
    changed = (answer.argmax(axis=1) != said.argmax(axis=1)) & is_clear
    # a nan is as far off as can be
    furthest = float(np.nan_to_num(differences, nan=np.inf).max(initial=0.0))
    parity = Parity(
        n_items=len(items.ids),
        max_difference=furthest,
        limit=limit,
        n_label_changes=int(changed.sum()),
        **_timing(opened, items, model),
    )
    return parity, said


def refuse_unless_passed(parity: Parity, estimator: Any) -> None:
    """Refuse a graph that differs.

    Raises
    ------
    ModelError
        With the numbers, and what is known to go wrong.
    """
    if parity.is_passed:
        return
    raise ModelError(
        f"The graph of this {type(estimator).__name__} does not answer as the model does: probabilities differ by up "
        f"to {parity.max_difference:.3g} (allowed: {parity.limit:g}) and {parity.n_label_changes} of {parity.n_items} "
        "items get another class. It is not written. skl2onnx is known to be wrong for calibrated pipelines and "
        "isotonic calibration, and trees may tip over at the last digit of features computed in the graph; train with "
        "classifier='logistic', whose calibration is part of the linear layer, or export from the feature vector on "
        "with from_features=True."
    )


def _pixels_answer(classifier: Classifier, items: HeldOut) -> Callable[[list[str]], Floats]:
    def answer(ids: list[str]) -> Floats:
        table = image_features(items.source.select(ids), recipe=classifier.recipe)  # type: ignore[union-attr]
        return classifier.answer(table.to_numpy(np.float32))

    return answer


def _rows_answer(classifier: Classifier, items: HeldOut) -> Callable[[list[str]], Floats]:
    def answer(ids: list[str]) -> Floats:
        return classifier.answer(items.rows[: len(ids)])  # type: ignore[index]

    return answer


def _graph_answer(opened: Any, items: HeldOut) -> Floats:
    if items.rows is not None:
        return np.asarray(opened.run(["probabilities"], {"features": items.rows})[0], dtype=np.float64)
    out: Floats | None = None
    by_size: dict[tuple[int, ...], list[tuple[int, Pixels]]] = {}

    def flush(shape: tuple[int, ...]) -> None:
        nonlocal out
        run = by_size.pop(shape)
        said = opened.run(["probabilities"], {"image": np.stack([image for _, image in run])})[0]
        if out is None:
            out = np.full((len(items.ids), said.shape[1]), np.nan)
        out[[place for place, _ in run]] = said

    for place, item in enumerate(items.ids):
        image = items.source.open(item)  # type: ignore[union-attr]
        by_size.setdefault(image.shape, []).append((place, image))
        if len(by_size[image.shape]) == _BATCH:
            flush(image.shape)
    for shape in list(by_size):
        flush(shape)
    return np.empty((0, 1)) if out is None else out


def _timing(opened: Any, items: HeldOut, model: Callable[[list[str]], Floats]) -> dict[str, float]:
    """Median milliseconds for one item, its file already opened for the graph; a handful of items are timed."""
    python, graph = [], []
    for item in items.ids[:12]:
        start = time.perf_counter()
        model([item])
        python.append(time.perf_counter() - start)
        if items.source is not None:
            start = time.perf_counter()
            opened.run(["probabilities"], {"image": items.source.open(item)[None]})
        else:
            start = time.perf_counter()
            opened.run(["probabilities"], {"features": items.rows[:1]})  # type: ignore[index]
        graph.append(time.perf_counter() - start)
    if not python:
        return {"python_ms": float("nan"), "graph_ms": float("nan")}
    return {"python_ms": 1e3 * float(np.median(python)), "graph_ms": 1e3 * float(np.median(graph))}
