"""Tables of other libraries give what the equal pandas table gives, at every door; that of pandas is expected."""

from __future__ import annotations

import importlib
import inspect
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import labelqa
from labelqa import agreement, audit, baseline, compare, consensus, deploy, features, images, noise
from labelqa._tables import as_table
from labelqa.errors import TableError


class Streamed:
    """What any library with the Arrow stream shows, and nothing else."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class ClassLabel:
    """As the feature of Hugging Face datasets 5.2: codes in the table, their names here."""

    def __init__(self, names):
        self.names = names


class Image:
    """As the feature of Hugging Face datasets 5.2: structures of bytes and path in the table."""


class Dataset:
    """As `datasets.Dataset` 5.2, which has no Arrow stream: the parts of it that are looked at."""

    def __init__(self, table, features=None):
        self._table = table
        self.features = dict.fromkeys(table.column_names) | (features or {})
        self.column_names = table.column_names

    def with_format(self, kind):
        assert kind == "arrow"
        return self

    def __getitem__(self, rows):
        assert rows == slice(None)
        return self._table


def _arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def _polars(frame):
    return pytest.importorskip("polars").from_arrow(_arrow(frame))


def _structured(frame):
    kinds = [(name, "O" if frame[name].dtype.kind not in "iufb" else frame[name].dtype) for name in frame]
    return np.array(list(frame.itertuples(index=False, name=None)), dtype=kinds)


LIBRARIES = {
    "polars": _polars,
    "pyarrow": _arrow,
    "pyarrow in batches": lambda frame: pa.Table.from_batches(_arrow(frame).to_batches(max_chunksize=3)),
    "arrow stream": lambda frame: Streamed(_arrow(frame)),
    "datasets": lambda frame: Dataset(_arrow(frame)),
    "structured array": _structured,
    "record array": lambda frame: _structured(frame).view(np.recarray),
    "list of dicts": lambda frame: frame.to_dict("records"),
}
RNG = np.random.default_rng(0)
N_ITEMS = 30
TRUTH = RNG.integers(0, 2, N_ITEMS)
LABELS = pd.DataFrame(
    [
        (item, annotator, "dent" if (TRUTH[item] + (RNG.random() < 0.15)) % 2 else "ok")
        for item in range(N_ITEMS)
        for annotator in ("ann", "bob", "cem")
    ],
    columns=["item_id", "annotator_id", "label"],
)
GOLD = pd.DataFrame({"item_id": range(N_ITEMS), "label": np.where(TRUTH, "dent", "ok")})
FEATURES = pd.DataFrame(RNG.normal(size=(N_ITEMS, 3)) + TRUTH[:, None], columns=["a", "b", "c"]).assign(
    item_id=range(N_ITEMS)
)
PRED_PROBS = pd.DataFrame({"item_id": range(N_ITEMS), "dent": 0.2 + 0.6 * TRUTH, "ok": 0.8 - 0.6 * TRUTH})
CORNERS = RNG.uniform(0, 50, (N_ITEMS, 2))
BOXES = pd.DataFrame(
    [
        (item, annotator, "car", *(CORNERS[item] + RNG.normal(0, 1, 2)), *(CORNERS[item] + 30))
        for item in range(N_ITEMS)
        for annotator in ("ann", "bob")
    ],
    columns=["item_id", "annotator_id", "label", "x_min", "y_min", "x_max", "y_max"],
)
VIEWS = BOXES[["item_id", "annotator_id"]].assign(status="labelled", seconds=2.5)
ITEMS = pd.DataFrame({"item_id": range(N_ITEMS), "width": 100, "height": 90})
DETECTIONS = BOXES[BOXES["annotator_id"] == "ann"].drop(columns="annotator_id").assign(score=0.9)
DECISIONS = pd.DataFrame({"item_id": [0, 1], "action": ["relabel", "keep"], "label": ["ok", None]})
WIDE = LABELS.pivot_table(index="item_id", columns="annotator_id", values="label", aggfunc="first").reset_index(
    drop=True
)
QUEUE = pd.DataFrame({"item_id": ["1", "2"], "kind": "label", "doubt": [0.5, 0.9], "reason": ["few say so", "nobody"]})
DOORS = {
    "from_frames": lambda of: labelqa.Annotations.from_frames(boxes=of(BOXES), views=of(VIEWS), items=of(ITEMS)).boxes,
    "krippendorff_alpha": lambda of: agreement.krippendorff_alpha(of(LABELS)),
    "label_agreement": lambda of: agreement.label_agreement(of(LABELS), n_resamples=0),
    "collect_labels": lambda of: agreement.krippendorff_alpha(agreement.collect_labels(of(LABELS))),
    "from_wide": lambda of: agreement.from_wide(of(WIDE)),
    "from_counts": lambda of: agreement.krippendorff_alpha(
        agreement.from_counts(of(pd.DataFrame({"a": [2, 0, 1], "b": [0, 2, 1]})))
    ),
    "box_agreement": lambda of: agreement.box_agreement(of(BOXES), n_resamples=0),
    "box_conventions": lambda of: agreement.box_conventions(of(BOXES), n_resamples=50),
    "consensus_labels": lambda of: consensus.consensus_labels(of(LABELS), gold=of(GOLD[:5]), pred_probs=of(PRED_PROBS)),
    "crowdlab": lambda of: consensus.crowdlab(of(LABELS), pred_probs=of(PRED_PROBS)),
    "consensus_boxes": lambda of: consensus.consensus_boxes(of(BOXES)),
    "label_issues": lambda of: noise.label_issues(of(LABELS), pred_probs=of(PRED_PROBS), features=of(FEATURES)),
    "confident_learning": lambda of: noise.confident_learning(of(GOLD), pred_probs=of(PRED_PROBS)),
    "box_issues": lambda of: noise.box_issues(of(BOXES), detections=of(DETECTIONS)),
    "outliers": lambda of: noise.outliers(of(FEATURES)),
    "neighbours": lambda of: noise.neighbours(of(FEATURES)).indices.tolist(),
    "apply_decisions": lambda of: noise.apply_decisions(of(LABELS), of(DECISIONS)).annotations.labels,
    "review_queue": lambda of: noise.review_queue(of(QUEUE)),
    "baseline": lambda of: baseline.fit(of(FEATURES), of(GOLD), seed=0).predict(of(FEATURES)),
    "cross_validate": lambda of: baseline.cross_validate(of(FEATURES), of(GOLD), seed=0),
    "human_baseline": lambda of: baseline.human_baseline(of(LABELS)),
    "scope": lambda of: compare.scope(of(LABELS)),
}


def _plain(result):
    """Give a result as text that says all of it."""
    if isinstance(result, pd.DataFrame):
        return result.astype(object).where(result.notna(), None).to_dict("list")
    return result.to_dict() if hasattr(result, "to_dict") else result


#: There, rows of dictionaries are COCO results, and rows of numbers an array.
OTHERWISE = {("box_issues", "list of dicts")}


@pytest.mark.parametrize(
    ("door", "library"),
    [(door, library) for door in DOORS for library in LIBRARIES if (door, library) not in OTHERWISE],
)
def test_the_same_result_as_with_pandas(door, library):
    expected = _plain(DOORS[door](lambda frame: frame))
    np.testing.assert_equal(_plain(DOORS[door](LIBRARIES[library])), expected)


@pytest.mark.parametrize("library", ["arrow stream", "list of dicts"])
def test_an_audit_of_any_table(library, tmp_path):
    expected, got = (
        audit.run_audit(of(LABELS), gold=of(GOLD), out=tmp_path / name)
        for name, of in (("pandas", lambda frame: frame), ("other", LIBRARIES[library]))
    )
    pd.testing.assert_frame_equal(got.queue, expected.queue)
    assert got.summary["counts"] == expected.summary["counts"]
    assert not got.problems


def test_pictures_of_a_dataset_are_its_bytes_or_its_path(tmp_path):
    from PIL import Image as Pillow

    Pillow.new("RGB", (4, 3)).save(tmp_path / "a.png")
    data, path = (tmp_path / "a.png").read_bytes(), str(tmp_path / "a.png")
    cells = [{"bytes": data, "path": None}, {"bytes": None, "path": path}]
    dataset = Dataset(pa.table({"item_id": ["1", "2"], "image": cells}), {"image": Image()})
    source = images.as_source(dataset)
    assert [source.open(item).shape for item in source.item_ids] == [(3, 4, 3), (3, 4, 3)]


def test_classes_of_a_dataset_are_named():
    table = pa.table({"item_id": ["1", "2", "3"], "annotator_id": ["a"] * 3, "label": [1, None, 0]})
    dataset = Dataset(table, {"label": ClassLabel(["ok", "dent"])})
    said = labelqa.Annotations.from_frames(labels=dataset).labels
    assert dict(zip(said["item_id"], said["label"], strict=True)) == {"1": "dent", "3": "ok"}


def test_meaning_of_cells_is_kept():
    large = 2**60 + 1
    when = pd.Timestamp("2024-05-01 12:00:00.123456789", tz="Europe/Paris")
    table = pa.table(
        {
            "id": pa.array([large, None]),
            "small": pa.array([1, None]),
            "box": pa.array([[1.0, 2.0, 3.0, 4.0], None]),
            "extra": pa.array([{"n": 1}, None]),
            "label": pa.array(["b", "a"]).dictionary_encode(),
            "ordered": pa.DictionaryArray.from_arrays([1, None], ["low", "high"], ordered=True),
            "at": pa.array([when, None], pa.timestamp("ns", "Europe/Paris")),
            "edge": pa.array([1, None], pa.decimal128(5, 2)),
            "sure": pa.array([True, None]),
        }
    )
    got = as_table(Streamed(table))
    assert got["id"][0] == large
    assert got["small"].tolist()[0] == 1
    assert got["box"][0] == [1.0, 2.0, 3.0, 4.0]
    assert got["extra"][0] == {"n": 1}
    assert list(got["label"].cat.categories) == ["b", "a"]
    assert not got["label"].cat.ordered
    assert got["ordered"].cat.ordered
    assert got["at"][0] == when
    assert got["edge"].dtype == np.float64
    assert got["sure"][0] is True
    assert got.iloc[1].drop("label").isna().all()


def test_an_index_that_pandas_wrote_into_arrow_is_an_index_again():
    frame = FEATURES.set_index("item_id")
    pd.testing.assert_frame_equal(as_table(pa.Table.from_pandas(frame)), frame)


def test_one_column_is_an_array():
    assert as_table(pa.chunked_array([["a", "b"], ["c"]])).tolist() == ["a", "b", "c"]


def test_cells_of_structured_arrays():
    kinds = [("item_id", "S2"), ("box", "f8", (2,)), ("n", "i4")]
    got = as_table(np.array([(b"a", [1, 2], 3)], dtype=kinds))
    assert got.to_dict("list") == {"item_id": ["a"], "box": [[1.0, 2.0]], "n": [3]}


def test_what_is_given_stays_as_it_is():
    records = LABELS.to_dict("records")
    agreement.krippendorff_alpha(records)
    assert records == LABELS.to_dict("records")


@pytest.mark.parametrize("given", [3, None, "a.csv", object(), [], [1, 2], {"item_id": [1]}, np.zeros(3)])
def test_what_is_no_table_is_refused_in_a_sentence(given):
    found = f"Found a {type(given).__name__}; needed is .*labelqa.Annotations.*"
    with pytest.raises(TableError, match=found):
        agreement.krippendorff_alpha(given)
    with pytest.raises(TableError, match=r"polars, pyarrow or Hugging Face datasets, a structured array, or a list"):
        agreement.box_agreement(given)


#: What takes Annotations alone, or no table at all in an argument whose type is open.
NO_TABLES = {
    "Annotations", "write", "picture", "write_report", "read_policy", "rebuild", "check_choice", "convert",
}  # fmt: skip


@pytest.mark.parametrize(
    "room",
    ["agreement", "consensus", "noise", "augment", "baseline", "compare", "deploy", "features", "images", "audit"],
)
def test_every_public_function_that_takes_a_table_uses_the_door(room):
    module = importlib.import_module(f"labelqa.{room}")
    public = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    lacking = [
        name
        for name, one in public.items()
        if inspect.isfunction(one) and name not in NO_TABLES and _wants_table(one) and not _is_door(one)
    ]
    assert lacking == []


def _wants_table(function):
    arguments = inspect.signature(function).parameters.values()
    return any(re.search("DataFrame|LabelInput|Annotations", str(argument.annotation)) for argument in arguments)


def _is_door(function):
    return getattr(function, "__takes_tables__", False)


def test_what_a_model_is_served_with(tmp_path):
    model = baseline.fit(FEATURES, GOLD, seed=0)
    pytest.importorskip("skl2onnx")
    deploy.export(model, tmp_path, name="m", items=_arrow(FEATURES), n_parity=30)
    pd.testing.assert_frame_equal(
        deploy.predict(tmp_path, _arrow(FEATURES), name="m", version=1).table,
        deploy.predict(tmp_path, FEATURES, name="m", version=1).table,
    )


def test_pictures_are_not_taken_for_tables():
    pixels = [np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 9, np.uint8)]
    assert len(features.image_features(pixels)) == 2
