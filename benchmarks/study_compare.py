"""What fixing is worth on CIFAR-10N: people, rules, dropping; and how often the comparison cries wolf."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from labelqa import baseline, noise
from labelqa.compare import Comparison, compare_fixes, scope

DATA = Path(os.environ.get("LABELQA_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
N_TRAIN, N_REVIEWS = 10_000, 2_500
N_NULL = 300


def section() -> str:
    table = pd.read_parquet(DATA / "cifar10n" / "cifar10n.parquet").astype({"item_id": "str"}).set_index("item_id")
    features = baseline.image_features(table["image"])
    train, test = table.iloc[:N_TRAIN], table.iloc[N_TRAIN:]
    given, trusted = train["label_1"], test["clean_label"]
    doubt = noise.label_issues(given, features=features.loc[train.index]).table.sort_values("rank")
    people = given.copy()
    top = doubt["item_id"].head(N_REVIEWS)
    people[top] = train["clean_label"][top]
    ways, human = _ways(given, people, train["clean_label"], trusted, features, doubt)
    return "\n".join(
        [
            "## Before and after: what fixes are worth",
            "",
            "Printed by `python -m benchmarks.results compare`. CIFAR-10N (Wei et al., ICLR 2022): images 0 to 9,999 "
            "with their first human label are the training set, the true labels of images 10,000 to "
            f"{len(table) - 1:,} the test set. The {N_REVIEWS:,} most doubtful training labels (`noise.label_issues`) "
            "are fixed in different ways. The model is logistic regression on gradients, colours and details. "
            "Differences are points of accuracy with 95 % intervals (paired bootstrap over test items).",
            "",
            ways,
            "",
            _mixed(given, train["clean_label"], trusted, features, doubt),
            "",
            f"The fixes by people gain as much as {human.equivalent_new_labels:,.0f} "
            f"[{human.equivalent_new_labels_low:,.0f}, {human.equivalent_new_labels_high:,.0f}] more labels of the old "
            "quality would. Gain by number of reviews, in the order of the queue and in random order of the same:",
            "",
            _markdown(_in_points(human.curve).round(2)),
            "",
            _own_labels(given, people, table, features, human),
            "",
            _scope(table),
            "",
            _null(features, table),
        ]
    )


def _ways(given, people, clean, trusted, features, doubt) -> tuple[str, Comparison]:
    top = doubt.head(N_REVIEWS)
    ids = top["item_id"].to_numpy()
    rule = given.copy()
    rule[ids] = top["proposal"].to_numpy()
    anywhere = np.random.default_rng(0).permutation(given.index)[:N_REVIEWS]
    scattered = given.copy()
    scattered[anywhere] = clean[anywhere]
    own = baseline.cross_validate(features.loc[given.index], given)
    flags = noise.label_issues(given, pred_probs=own.probabilities, method="confident_learning").table
    flags = flags.loc[flags["is_flagged"]]
    flagged = flags["item_id"].to_numpy()
    blind, predicted = given.copy(), own.table.set_index("item_id")["predicted"].loc[given.index]
    blind[flagged] = flags["proposal"].to_numpy()
    arms = {
        "people relabel the top of the queue": (people, ids, "ann"),
        "people relabel as many items drawn at random": (scattered, anywhere, "ann"),
        "the model relabels the top of the queue": (rule, ids, None),
        "the top of the queue is dropped": (given.drop(ids), ids, None),
        "the model relabels all that confident learning flags": (blind, flagged, None),
        "all that confident learning flags is dropped": (given.drop(flagged), flagged, None),
        "the model relabels wherever it disagrees": (predicted, given.index[predicted != given], None),
    }
    rows, human = [], None
    for name, (after, reviewed, who) in arms.items():
        decisions = pd.DataFrame({"item_id": reviewed, "reviewer": who})
        curves = human is None
        found = compare_fixes(given, after, trusted, features=features, decisions=decisions, curves=curves)
        human = found if human is None else human
        control = found.controls.iloc[0]
        rows.append(
            (name, found.n_fixes, f"{found.accuracy_after:.3f}", _interval(found), found.verdict,
             control["control"].replace("_", " "), _interval(control))
        )  # fmt: skip
    columns = [
        "way",
        "labels changed",
        "accuracy",
        "against before",
        "verdict",
        "control of the same size",
        "against it",
    ]
    head = f"Accuracy before: {human.accuracy_before:.3f}."
    return f"{head}\n\n{_markdown(pd.DataFrame(rows, columns=columns))}", human


def _mixed(given, clean, trusted, features, doubt) -> str:
    """Half the queue goes to people, a quarter to the rule, a quarter is dropped."""
    top = doubt.head(N_REVIEWS).reset_index(drop=True)
    part = np.array(["human_relabel", "automatic_relabel", "human_relabel", "drop"])[np.arange(len(top)) % 4]
    after = given.copy()
    for kind, values in (("human_relabel", clean[top["item_id"]]), ("automatic_relabel", top["proposal"])):
        chosen = top.loc[part == kind, "item_id"].to_numpy()
        after[chosen] = values.to_numpy()[part == kind]
    after = after.drop(top.loc[part == "drop", "item_id"])
    kinds = dict(zip(top["item_id"], part, strict=True))
    found = compare_fixes(given, after, trusted, features=features, kinds=kinds, curves=False, n_controls=0)
    table = _in_points(found.attribution).round(2)
    shares = table[["kind", "n_fixes"]].copy()
    for name in ("shapley", "add_one", "leave_one_out"):
        shares[name] = [
            f"{row[name]:+.2f} [{row[f'{name}_low']:+.2f}, {row[f'{name}_high']:+.2f}]" for _, row in table.iterrows()
        ]
    return (
        f"Mixed (half of the queue relabelled by people, a quarter by the model, a quarter dropped): "
        f"{_interval(found)} points, {found.verdict}. Shapley values share that gain between the kinds of fix:\n\n"
        + _markdown(shares)
    )


def _own_labels(given, people, table, features, human) -> str:
    """Score each arm on its own labels, as is often done, to show what the refusal prevents."""
    test = table.iloc[N_TRAIN:]
    oof = noise.label_issues(test["label_1"], features=features.loc[test.index]).table.sort_values("rank")
    fixed = test["label_1"].copy()
    ids = oof["item_id"].to_numpy()[:N_REVIEWS]
    fixed[ids] = test["clean_label"][ids]
    shown = {}
    for name, labels, own in (("before", given, test["label_1"]), ("after", people, fixed)):
        model = baseline.fit(features.loc[labels.index], labels)
        shown[name] = float((model.predict(features.loc[own.index]).loc[own.index] == own).mean())
    return (
        "Scored on its own labels, with the test set reviewed along, the gain would show as "
        f"{100 * (shown['after'] - shown['before']):+.2f} points instead of {100 * human.difference:+.2f}; "
        "`compare_fixes` refuses that."
    )


def _scope(table) -> str:
    people = table[["label_1", "label_2", "label_3"]].reset_index()
    found = scope(people.melt("item_id", var_name="annotator_id", value_name="label"))
    wrong = np.mean([(table[f"label_{k}"] != table["clean_label"]).mean() for k in (1, 2, 3)])
    ceilings = found.ceilings.round(3)
    majority = float((table["aggregate_label"] == table["clean_label"]).mean())
    return (
        f"Scope from the three labels alone: two people agree on {found.pairwise:.1%} of the images "
        f"[{found.pairwise_low:.1%}, {found.pairwise_high:.1%}], one says what most others say on "
        f"{found.leave_one_out:.1%}. Independent errors would then be {found.label_error:.1%} of the labels; in truth "
        f"{wrong:.1%} are wrong, because people share errors. The ceiling for a perfect model scored on single labels "
        f"is {found.ceiling:.3f} by that, {1 - wrong:.3f} in truth; on the majority of three "
        f"{ceilings['ceiling'][1]:.3f} and {majority:.3f}."
    )


def _null(features, table) -> str:
    """Relabel at random in two equally good ways; every alarm is false."""
    truth = table["clean_label"]
    alarms, tests = [], []
    for seed in range(N_NULL):
        rng = np.random.default_rng(seed)
        ids = rng.permutation(table.index)[:1_500]
        train, test = ids[:500], ids[500:]
        labels = truth[train].to_numpy().copy()
        turned, other = rng.permutation(500)[:50], rng.permutation(labels)
        before, after = (pd.Series(labels.copy(), index=train) for _ in range(2))
        before.iloc[turned[:25]], after.iloc[turned[25:]] = other[turned[:25]], other[turned[25:]]
        found = compare_fixes(before, after, truth[test], features=features.loc[ids, features.columns[-72:]],
                              curves=False, n_controls=0, n_resamples=500)  # fmt: skip
        alarms.append(found.verdict in {"helps", "hurts"})
        tests.append(found.p_value < 0.05)
    return (
        f"False alarms: in {N_NULL} comparisons of two equally good ways of labelling 500 images (25 labels changed "
        f'at random in each, 1,000 test images), the verdict was "helps" or "hurts" {np.mean(alarms):.1%} of the time, '
        f"and McNemar's mid-p fell under .05 {np.mean(tests):.1%} of the time."
    )


def _interval(found) -> str:
    value, low, high = (100 * getattr(found, name) for name in ("difference", "low", "high"))
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


def _in_points(table: pd.DataFrame) -> pd.DataFrame:
    """Give differences of accuracy, which are shares, in points."""
    kept = table.columns.intersection(["order", "kind", "n_reviews", "n_fixes"])
    return table.assign(**{name: 100 * table[name] for name in table.columns.difference(kept)})


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + "---|" * table.shape[1]]
    lines += ["| " + " | ".join(f"{value:,}" if isinstance(value, int | float) else str(value) for value in row) + " |"
              for row in table.itertuples(index=False)]  # fmt: skip
    return "\n".join(lines)
