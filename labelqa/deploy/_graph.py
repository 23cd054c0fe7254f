"""The graph: raw pixels or features in, probabilities out.

Image features are written here a second time, in ONNX operations; `labelqa.features` is the first. The parity gate of
`export` holds the two together.
"""

from __future__ import annotations

import copy
import warnings
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelqa._extras import require
from labelqa._kernels.pictures.detail import LEVEL, WINDOWS
from labelqa._kernels.pictures.hog import CLIP, EPSILON, FLAT
from labelqa._onnx import CLASSES_KEY, classes_text
from labelqa.deploy._classifier import Classifier
from labelqa.errors import ModelError
from labelqa.features import COLOUR_BINS, COLOUR_GRID, COLOUR_MAPS, EXPORTABLE, HOG_BINS, HOG_CELL, LUMA, FeatureRecipe

#: Fixed, so that the file runs on every runtime since onnxruntime 1.20 (opset 21, IR 10).
OPSET, ML_OPSET, IR_VERSION = 21, 1, 10
IMAGE, FEATURES = "image", "features"
PROBABILITIES, CLASS_INDEX = "probabilities", "class_index"
#: Stands for the probability 0 where logarithms are needed.
_TINY = 1e-12


def onnx_module(name: str = "onnx") -> Any:
    """Import onnx, or one of its modules."""
    return require(name, extra="onnx", purpose="Exporting a model")


class Graph:
    """Collects nodes and constants; every method gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operation: str, *inputs: str, name: str | None = None, domain: str = "", **options: Any) -> str:
        """Add an operation with one output."""
        made = name or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(
            onnx_module("onnx.helper").make_node(operation, list(inputs), [made], name=made, domain=domain, **options)
        )
        return made

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        """Add a constant."""
        made = f"constant_{len(self.constants)}"
        self.constants.append(onnx_module("onnx.numpy_helper").from_array(np.asarray(value, dtype=kind), made))
        return made

    def model(self, inputs: dict[str, tuple[Any, list[Any]]], outputs: dict[str, tuple[Any, list[Any]]]) -> Any:
        """Put the model together and have the onnx checker look at it."""
        helper = onnx_module("onnx.helper")
        described = [
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in part.items()]
            for part in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "labelqa", *described, self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="labelqa")
        onnx_module("onnx.checker").check_model(model, full_check=True)
        return model


def add_features(graph: Graph, recipe: FeatureRecipe) -> str:
    """Add the image features: uint8 (n, h, w, 3) -> float32 (n, d)."""
    if not recipe.is_exportable:
        raise ModelError(
            f"The features {recipe.kinds} cannot be computed inside the graph; fit the model with kinds "
            f"among {EXPORTABLE}, or export it from the feature vector on with from_features=True."
        )
    tensor = onnx_module().TensorProto
    values = graph.add("Cast", IMAGE, to=tensor.FLOAT)
    channels_first = graph.add("Transpose", values, perm=[0, 3, 1, 2])
    size = graph.constant([recipe.size, recipe.size], np.int64)
    resized = graph.add(
        "Resize", channels_first, "", "", size, mode="linear", antialias=1, exclude_outside=1, axes=[2, 3]
    )
    rgb = graph.add("Div", resized, graph.constant(255.0))
    writers = {"hog": _hog, "colour": _colour, "detail": _detail}
    parts = [writers[kind](graph, rgb, recipe.size) for kind in recipe.kinds]
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def _flat(graph: Graph, values: str) -> str:
    return graph.add("Flatten", values, axis=1)


def _sum(graph: Graph, values: str, axis: int) -> str:
    return graph.add("ReduceSum", values, graph.constant([axis], np.int64), keepdims=1)


def _cut(graph: Graph, values: str, starts: list[int], ends: list[int]) -> str:
    """Cut rows and columns (axes 2 and 3); a large end stands for the last."""
    index = [graph.constant(given, np.int64) for given in (starts, ends, [2, 3])]
    return graph.add("Slice", values, *index)


def _hog(graph: Graph, rgb: str, _size: int) -> str:
    """Histograms of oriented gradients: (n, 3, s, s) -> (n, d)."""
    grey = _sum(graph, graph.add("Mul", rgb, graph.constant(LUMA.reshape(1, 3, 1, 1))), 1)
    padded = graph.add("Pad", grey, graph.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), mode="edge")
    last = 2**31
    right, left = _cut(graph, padded, [1, 2], [-1, last]), _cut(graph, padded, [1, 0], [-1, -2])
    below, above = _cut(graph, padded, [2, 1], [last, -1]), _cut(graph, padded, [0, 1], [-2, -1])
    dx, dy = graph.add("Sub", right, left), graph.add("Sub", below, above)
    squared = graph.add("Add", graph.add("Mul", dx, dx), graph.add("Mul", dy, dy))
    strength = graph.add("Relu", graph.add("Sub", graph.add("Sqrt", squared), graph.constant(FLAT)))
    # a vertical gradient has no finite slope; any huge one has the same angle
    is_flat = graph.add("Equal", dx, graph.constant(0.0))
    angle = graph.add("Atan", graph.add("Div", dy, graph.add("Where", is_flat, graph.constant(1e-30), dx)))
    place = graph.add("Sub", graph.add("Div", graph.add("Add", angle, graph.constant(np.pi / 2)),
                                       graph.constant(np.pi / HOG_BINS)), graph.constant(0.5))  # fmt: skip
    # orientation is a circle: the distance to a bin is the shorter way round
    apart = graph.add("Abs", graph.add("Sub", place, graph.constant(np.arange(HOG_BINS).reshape(1, HOG_BINS, 1, 1))))
    around = graph.add("Min", apart, graph.add("Sub", graph.constant(float(HOG_BINS)), apart))
    share = graph.add("Relu", graph.add("Sub", graph.constant(1.0), around))
    weighted = graph.add("Mul", strength, share)
    pooled = graph.add("AveragePool", weighted, kernel_shape=[HOG_CELL, HOG_CELL], strides=[HOG_CELL, HOG_CELL])
    cells = graph.add("Mul", pooled, graph.constant(float(HOG_CELL**2)))
    corners = [([0, 0], [-1, -1]), ([0, 1], [-1, last]), ([1, 0], [last, -1]), ([1, 1], [last, last])]
    blocks = graph.add("Concat", *(_cut(graph, cells, *corner) for corner in corners), axis=1)
    normed = graph.add("Min", _unit(graph, blocks), graph.constant(CLIP))
    return _flat(graph, graph.add("Transpose", _unit(graph, normed), perm=[0, 2, 3, 1]))


def _unit(graph: Graph, blocks: str) -> str:
    length = graph.add("Sqrt", graph.add("Add", _sum(graph, graph.add("Mul", blocks, blocks), 1),
                                         graph.constant(EPSILON)))  # fmt: skip
    return graph.add("Div", blocks, length)


def _colour(graph: Graph, rgb: str, size: int) -> str:
    """Soft histograms of the channels, then mean colours of a grid: (n, 3, s, s) -> (n, d)."""
    pixels = graph.add("Reshape", rgb, graph.constant([0, 3, 1, size * size], np.int64))
    place = graph.add("Mul", pixels, graph.constant(float(COLOUR_BINS - 1)))
    apart = graph.add("Abs", graph.add("Sub", place, graph.constant(np.arange(COLOUR_BINS).reshape(1, 1, -1, 1))))
    share = graph.add("Relu", graph.add("Sub", graph.constant(1.0), apart))
    counted = graph.add("ReduceMean", share, graph.constant([3], np.int64), keepdims=0)
    step = size // COLOUR_GRID
    grid = graph.add("AveragePool", rgb, kernel_shape=[step, step], strides=[step, step])
    means = graph.add("Transpose", grid, perm=[0, 2, 3, 1])
    return graph.add("Concat", _flat(graph, counted), _flat(graph, means), axis=1)


def _detail(graph: Graph, rgb: str, size: int) -> str:
    """Spots that stand out, by brightness and colour and at several scales: (n, 3, s, s) -> (n, d)."""
    maps = graph.add("Conv", rgb, graph.constant(COLOUR_MAPS.reshape(*COLOUR_MAPS.shape, 1, 1)))
    axes = graph.constant([2, 3], np.int64)
    level = graph.constant(LEVEL)
    found = []
    for inner, outer in WINDOWS:
        apart = graph.add("Sub", _window_mean(graph, maps, inner, size), _window_mean(graph, maps, outer, size))
        sides = (graph.add("ReduceMax", apart, axes), graph.add("Neg", graph.add("ReduceMin", apart, axes)))
        square = graph.add("ReduceMean", graph.add("Mul", apart, apart), axes)
        sizes = [*(graph.add("Relu", side) for side in sides), graph.add("Sqrt", square)]
        high, low, spread = (graph.add("Log", graph.add("Add", each, level)) for each in sizes)
        found += [high, low, spread, graph.add("Sub", high, spread), graph.add("Sub", low, spread)]
    return _flat(graph, graph.add("Concat", *found, axis=2))


def _window_mean(graph: Graph, maps: str, side: int, size: int) -> str:
    """Mean of the window round every pixel; windows end at the edge.

    A window is a run of rows by a run of columns, so that two products with one banded matrix do it; pooling over
    windows takes 20 times as long.
    """
    if side == 1:
        return maps
    places = np.arange(size)
    is_near = np.abs(places[:, None] - places[None, :]) <= side // 2
    # a byte per entry keeps the file small; the runtime works the means out once, when it loads the graph
    near = graph.add("Cast", graph.constant(is_near, np.uint8), to=onnx_module().TensorProto.FLOAT)
    band = graph.add("Div", near, _sum(graph, near, 1))
    return graph.add("MatMul", band, graph.add("MatMul", maps, graph.add("Transpose", band, perm=[1, 0])))


def add_linear(graph: Graph, features: str, *, mean: Any, scale: Any, weights: Any, intercept: Any) -> str:
    """Add standardisation, a linear layer and softmax: (n, d) -> probabilities (n, k)."""
    rows = graph.add("Div", graph.add("Sub", features, graph.constant(mean)), graph.constant(scale))
    scores = graph.add("Add", graph.add("MatMul", rows, graph.constant(weights)), graph.constant(intercept))
    return graph.add("Softmax", scores, axis=1, name=PROBABILITIES)


def add_converted(graph: Graph, features: str, estimator: Any, n_features: int, temperature: float) -> str:
    """Add any classifier that skl2onnx knows, then the temperature: (n, d) -> probabilities (n, k)."""
    skl2onnx = onnx_module("skl2onnx")
    kinds = onnx_module("skl2onnx.common.data_types")
    estimator = _split_at_floats(estimator)
    try:
        with warnings.catch_warnings():
            # skl2onnx hands numpy scalars to protobuf in a way that numpy 2 deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            made = skl2onnx.convert_sklearn(
                estimator,
                initial_types=[(FEATURES, kinds.FloatTensorType([None, n_features]))],
                target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
                options={id(estimator): {"zipmap": False}},
            )
    except Exception as error:
        # skl2onnx has errors of its own for each thing it does not know
        if not (
            type(error).__module__.startswith("skl2onnx") or isinstance(error, RuntimeError | NameError | ValueError)
        ):
            raise
        raise ModelError(
            f"skl2onnx cannot write a {type(estimator).__name__} as a graph ({str(error).strip()[:200]}); use "
            "labelqa.baseline.fit with 'logistic' or 'boosting'."
        ) from error
    prefixed = onnx_module("onnx.compose").add_prefix(made, "model_")
    graph.add("Identity", features, name=prefixed.graph.input[0].name)
    graph.nodes += list(prefixed.graph.node)
    graph.constants += list(prefixed.graph.initializer)
    said = prefixed.graph.output[1].name
    if temperature == 1.0:
        return graph.add("Identity", said, name=PROBABILITIES)
    logs = graph.add("Log", graph.add("Max", said, graph.constant(_TINY)))
    return graph.add("Softmax", graph.add("Div", logs, graph.constant(temperature)), axis=1, name=PROBABILITIES)


def _split_at_floats(estimator: Any) -> Any:
    """Round the thresholds of boosted trees down, not to the nearest, float32: no float32 number changes sides."""
    if not hasattr(estimator, "_predictors"):
        return estimator
    rounded = copy.deepcopy(estimator)
    for predictor in chain.from_iterable(rounded._predictors):
        exact = predictor.nodes["num_threshold"]
        near = exact.astype(np.float32)
        predictor.nodes["num_threshold"] = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
    return rounded


def linear_parts(estimator: Any) -> dict[str, NDArray[np.float64]] | None:
    """Take a logistic regression apart, alone or behind a StandardScaler; None where it is anything else."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    if type(steps[-1]) is not LogisticRegression or len(steps) > 2:
        return None
    if len(steps) == 2 and type(steps[0]) is not StandardScaler:
        return None
    last = steps[-1]
    weights, intercept = np.asarray(last.coef_, np.float64).T, np.asarray(last.intercept_, np.float64)
    if weights.shape[1] == 1:  # two classes share one plane: softmax of (0, s) is the logistic function of s
        weights = np.hstack([np.zeros_like(weights), weights])
        intercept = np.array([0.0, intercept[0]])
    mean, scale = np.zeros(len(weights)), np.ones(len(weights))
    if len(steps) == 2:
        mean = mean if steps[0].mean_ is None else np.asarray(steps[0].mean_)
        scale = scale if steps[0].scale_ is None else np.asarray(steps[0].scale_)
    return {"mean": mean, "scale": scale, "weights": weights, "intercept": intercept}


def build(classifier: Classifier) -> Any:
    """Build the whole graph: from pixels where the classifier has a recipe, else from features."""
    recipe, n_features, temperature = classifier.recipe, classifier.n_features, classifier.temperature
    graph = Graph()
    tensor = onnx_module().TensorProto
    features = FEATURES if recipe is None else add_features(graph, recipe)
    linear = linear_parts(classifier.estimator)
    if linear is not None and temperature == 1.0:
        said = add_linear(graph, features, **linear)
    else:
        said = add_converted(graph, features, classifier.estimator, n_features, temperature)
    graph.add("ArgMax", said, axis=1, keepdims=0, name=CLASS_INDEX)
    inputs: dict[str, tuple[Any, list[Any]]]
    if recipe is None:
        inputs = {FEATURES: (tensor.FLOAT, ["n", n_features])}
    else:
        inputs = {IMAGE: (tensor.UINT8, ["n", "height", "width", 3])}
    outputs: dict[str, tuple[Any, list[Any]]] = {
        PROBABILITIES: (tensor.FLOAT, ["n", len(classifier.classes)]),
        CLASS_INDEX: (tensor.INT64, ["n"]),
    }
    made = graph.model(inputs, outputs)
    # in the graph, so that its hash covers which column is which class
    onnx_module("onnx.helper").set_model_props(made, {CLASSES_KEY: classes_text(classifier.classes)})
    return made
