"""The views of agreement on boxes: against a naive version, and what each is for."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from labelqa._kernels.boxes.image_bootstrap import draw_counts
from labelqa._kernels.boxes.matching import match_views
from labelqa.agreement import box_agreement
from labelqa.agreement.boxes._agreement import _listed
from labelqa.annotations import Annotations

EDGES = ["x_min", "y_min", "x_max", "y_max"]
COLUMNS = ["item_id", "annotator_id", "label", *EDGES]


def iou_of(a, b):
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return width * height / union if union else 0.0


def naive_pairs(data, tau, aware):
    """(item, annotator a, annotator b, boxes, matches, total IoU) of every two views, by IoU table and scipy."""
    rows = []
    for item, views in data.views.groupby("item_id"):
        for a, b in combinations(sorted(views["annotator_id"]), 2):
            of = data.boxes["item_id"] == item
            first, second = (data.boxes.loc[of & (data.boxes["annotator_id"] == who)] for who in (a, b))
            table = np.array(
                [
                    [
                        iou_of(x[EDGES].to_list(), y[EDGES].to_list()) * (not aware or x["label"] == y["label"])
                        for _, y in second.iterrows()
                    ]
                    for _, x in first.iterrows()
                ]
            ).reshape(len(first), len(second))
            table[table < tau] = 0
            rows_, columns_ = linear_sum_assignment(table, maximize=True)
            found = table[rows_, columns_]
            rows.append((item, a, b, len(first) + len(second), int((found > 0).sum()), float(found.sum())))
    return pd.DataFrame(rows, columns=["item_id", "a", "b", "n", "m", "s"])


corner = st.integers(0, 6)
side = st.integers(1, 4)
box = st.tuples(
    st.integers(1, 3), st.sampled_from("abc"), st.sampled_from(["nan", "<b>"]), corner, corner, side, side
).map(lambda v: (v[0], v[1], v[2], v[3], v[4], v[3] + v[5], v[4] + v[6]))


@settings(max_examples=25, deadline=None)
@given(st.lists(box, min_size=1, max_size=12), st.sampled_from([0.3, 0.5]), st.booleans())
def test_scores_equal_a_naive_version(rows, tau, aware):
    views = pd.DataFrame([(i, who) for i in (1, 2, 3) for who in "abc"], columns=["item_id", "annotator_id"])
    data = Annotations.from_frames(boxes=pd.DataFrame(rows, columns=COLUMNS), views=views)
    found = box_agreement(
        data, iou_threshold=tau, match="aware" if aware else "agnostic", n_resamples=0, n_permutations=1
    )
    naive = naive_pairs(data, tau, aware)
    assert found.pq == pytest.approx(2 * naive["s"].sum() / naive["n"].sum())
    by_pair = naive.groupby(["a", "b"])[["s", "n"]].sum()
    pairs = found.per_pair.set_index(["annotator_a", "annotator_b"])
    assert pairs["pq"].to_list() == pytest.approx((2 * by_pair["s"] / by_pair["n"]).to_list(), nan_ok=True)
    assert len(found.per_item) == 3
    for table, column in ((found.per_annotator, "annotator_id"), (found.per_class, "label")):
        assert (table["f1"].dropna().between(0, 1)).all()
        assert table[column].is_unique
    sizes = found.per_size
    assert sizes["n_boxes"].sum() == len(data.boxes)


def test_scores_per_pair_and_item_by_hand():
    data = pd.DataFrame(
        [
            (10, "ann", "x", 0, 0, 10, 10), (10, "bob", "x", 0, 0, 10, 8), (10, "cy", "x", 50, 0, 60, 10),
            (9, "ann", "x", 0, 0, 10, 10), (9, "bob", "x", 0, 0, 10, 10),
        ],
        columns=COLUMNS,
    )  # fmt: skip
    found = box_agreement(data, n_resamples=10)
    pairs = found.per_pair.set_index(["annotator_a", "annotator_b"])
    assert pairs["f1"].to_dict() == {("ann", "bob"): 1.0, ("ann", "cy"): 0.0, ("bob", "cy"): 0.0}
    assert pairs["n_images"].to_list() == [2, 1, 1]
    assert found.per_item["item_id"].to_list() == ["10", "9"]
    assert found.per_item["f1"].to_list() == pytest.approx([1 / 3, 1])
    assert found.per_annotator.set_index("annotator_id")["f1"].to_dict() == pytest.approx(
        {"ann": 4 / 6, "bob": 4 / 6, "cy": 0.0}
    )
    assert found.annotator_ranking[["rank", "annotator_id", "is_tied"]].values.tolist() == [
        [1, "ann", True],
        [1, "bob", True],
        [3, "cy", False],
    ]


def test_sizes_in_pixels():
    data = pd.DataFrame(
        [
            (1, "ann", "x", 0, 0, 10, 10), (1, "bob", "x", 0, 0, 10, 8),
            (1, "ann", "x", 100, 0, 200, 100), (1, "bob", "x", 100, 0, 200, 100),
            (2, "ann", "x", 0, 0, 40, 40), (2, "bob", "x", 200, 0, 240, 40),
        ],
        columns=COLUMNS,
    )  # fmt: skip
    sizes = box_agreement(data, n_resamples=0).per_size.set_index("size")
    assert sizes["f1"].to_dict() == {"small": 1, "medium": 0, "large": 1}
    assert sizes["edge_pixels"].to_list() == pytest.approx([0.5, math.nan, 0], nan_ok=True)


def test_the_size_is_the_root_of_the_area_even_of_boxes_thinner_than_a_pixel():
    # 0.1 by 3000 pixels are 17 by 17 (small), 0.5 by 2048 are 32 by 32 (medium, its lower end)
    rows = [(1, who, "x", x, 0, x + wide, long) for who in "ab" for x, wide, long in ((5, 0.1, 3000), (9, 0.5, 2048))]
    sizes = box_agreement(pd.DataFrame(rows, columns=COLUMNS), n_resamples=0).per_size
    assert sizes["n_boxes"].tolist() == [2, 2, 0]


@pytest.mark.parametrize(
    ("days", "unit", "periods"),
    [((0, 0, 5), "day", ["2026-01-01", "2026-01-06"]), ((0, 40, 90), "week", None), ((0, 200, 400), "month", None)],
)
def test_over_time(days, unit, periods):
    views = pd.DataFrame(
        [
            (i, who, pd.Timestamp("2026-01-01T09:00Z") + pd.Timedelta(days=day))
            for i, day in enumerate(days)
            for who in "ab"
        ],
        columns=["item_id", "annotator_id", "created_at"],
    )
    boxes = pd.DataFrame([(i, who, "x", 0, 0, 9, 9) for i in range(3) for who in "ab"], columns=COLUMNS)
    table = box_agreement(Annotations.from_frames(boxes=boxes, views=views), n_resamples=10).over_time
    assert set(table["unit"]) == {unit}
    assert table["n_pairs"].sum() == 3
    assert (table["f1"] == 1).all()
    if periods:
        assert table["period"].dt.strftime("%Y-%m-%d").to_list() == periods


def test_intervals_are_percentiles_over_images():
    rng = np.random.default_rng(3)
    rows = [(i, who, "x", 0, 0, 10, 10 + rng.integers(0, 30)) for i in range(30) for who in "ab"]
    data = pd.DataFrame(rows, columns=COLUMNS)
    found = box_agreement(data, n_resamples=200, seed=7, confidence=0.9)
    per_item = found.per_item.sort_values("item_id", key=lambda ids: ids.astype(int))
    counts = draw_counts(30, 200, np.random.default_rng(7)).astype(float)
    drawn = (per_item["n_matches"].to_numpy() * 2) @ counts / (per_item["n_boxes"].to_numpy() @ counts)
    assert (found.f1_low, found.f1_high) == pytest.approx(tuple(np.quantile(drawn, [0.05, 0.95])))
    assert found.to_dict() == box_agreement(data, n_resamples=200, seed=7, confidence=0.9).to_dict()


def test_chance_level_is_0_and_identity_is_1():
    rng = np.random.default_rng(2)
    place = rng.integers(0, 900, (200, 2))
    same = [(i, who, "x", *xy, *(xy + 40)) for i, xy in enumerate(place) for who in "ab"]
    other = [(i, who, "x", *xy, *(xy + 40)) for who in "ab" for i, xy in enumerate(rng.integers(0, 900, (200, 2)))]
    items = pd.DataFrame({"item_id": range(200), "width": 1000, "height": 1000})
    for rows, wanted in ((same, 1), (other, 0)):
        data = Annotations.from_frames(boxes=pd.DataFrame(rows, columns=COLUMNS), items=items)
        found = box_agreement(data, n_resamples=0)
        assert (found.alpha, found.alpha_pq) == pytest.approx((wanted, wanted), abs=0.03)


@pytest.mark.parametrize("scale", [1e-9, 1e3])
def test_the_unit_of_coordinates_does_not_matter(scale):
    rng = np.random.default_rng(8)
    corner = rng.random((60, 2)) * 50
    xyxy = np.hstack([corner, corner + rng.uniform(5, 20, (60, 2))])
    who = rng.choice(list("abc"), 60)
    scores = []
    for factor in (1.0, scale):
        data = pd.DataFrame(xyxy * factor, columns=EDGES).assign(
            item_id=np.arange(60) // 12, annotator_id=who, label="x"
        )
        found = box_agreement(data, n_resamples=20)
        scores.append((found.f1, found.pq, found.f1_low, found.alpha, found.alpha_pq, found.alpha_kalos))
    assert scores[0] == pytest.approx(scores[1], nan_ok=True)


@pytest.mark.parametrize(("name", "wanted"), [("pedestrians", 0.72), ("crowdboxes", 0.85)])
def test_peers_rank_annotators_like_experts(real_boxes, name, wanted):
    """On the images that experts saw, over annotators with at least 20 views of them."""
    experts = real_boxes(name, "gold")
    data = real_boxes(name).select(items=experts.items["item_id"])
    peers = box_agreement(data, n_resamples=0, n_permutations=1).per_annotator.set_index("annotator_id")["f1"]
    scores = {}
    for who, own in data.views.groupby("annotator_id"):
        if len(own) < 20:
            continue
        sides = []
        for table in (data.boxes.loc[data.boxes["annotator_id"] == who], experts.boxes):
            place = pd.Index(own["item_id"]).get_indexer(pd.Index(table["item_id"]))
            order = np.argsort(place[place >= 0], kind="stable")
            counts = np.bincount(place[place >= 0], minlength=len(own))
            xyxy = table.loc[place >= 0, EDGES].to_numpy()[order]
            sides += [xyxy, np.concatenate([[0], np.cumsum(counts)]), np.zeros(len(xyxy), np.int32)]
        scores[who] = 2 * len(match_views(*sides)[0]) / (len(sides[0]) + len(sides[3]))
    both = pd.concat([peers, pd.Series(scores, name="gold")], axis=1).dropna()
    assert spearmanr(both["f1"], both["gold"])[0] == pytest.approx(wanted, abs=0.005)


@pytest.mark.parametrize("chart", ["plot", "plot_ranking", "plot_sweep"])
@pytest.mark.parametrize("n_annotators", [0, 2, 30])
def test_charts_show_at_most_25_annotators(chart, n_annotators):
    import matplotlib.pyplot as plt

    rows = [(1, f"<b>{who}", "x", 0, 0, 10, 10 + who % 7) for who in range(n_annotators)]
    found = box_agreement(pd.DataFrame(rows, columns=COLUMNS), n_resamples=5)
    ax = getattr(found, chart)()
    if chart != "plot_sweep":
        assert len(ax.get_yticks()) == min(n_annotators, 25) or n_annotators == 0
        assert ("the 25 lowest of 30" in ax.get_xlabel()) == (n_annotators == 30)
    plt.close(ax.figure)


def test_the_mean_overlap_of_an_image_is_that_of_its_matches():
    """One pair overlaps by a half, the other by a quarter."""
    rows = [
        ("a", "ann", "x", 0, 0, 4, 4), ("a", "bob", "x", 0, 0, 4, 2),
        ("a", "ann", "x", 20, 0, 24, 4), ("a", "bob", "x", 20, 0, 22, 2),
    ]  # fmt: skip
    found = box_agreement(pd.DataFrame(rows, columns=COLUMNS), iou_threshold=0.2, n_resamples=0)
    assert found.per_item["n_matches"].tolist() == [2]
    assert found.per_item["mean_iou"].tolist() == [pytest.approx(0.375)]


@pytest.mark.parametrize(
    ("names", "said"), [(["ann"], "ann"), (["ann", "bob"], "ann and bob"), (["ann", "bob", "eva"], "ann, bob and eva")]
)
def test_names_are_listed_as_people_do(names, said):
    assert _listed(names) == said
