"""Which labels are probably wrong, which items are ambiguous, and what the label should be."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from labelqa._kernels.labels import confident
from labelqa._labels import check_order, values_of
from labelqa._options import check_choice
from labelqa._plot import COLOURS, axes
from labelqa._renamed import renamed
from labelqa._result import Result
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.images import ImageSource, as_source
from labelqa.noise._finding import queue_rows
from labelqa.noise._joining import named_probabilities
from labelqa.noise._judged_labels import JudgedLabels, judged_labels
from labelqa.noise._neighbours import Neighbours
from labelqa.noise.labels._confident_learning import (
    NO_LABELS,
    ONE_CLASS,
    confident_joint,
    find_issues,
    joint_table,
)
from labelqa.noise.labels._label_evidence import FLOOR, LabelEvidence, gather

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

METHODS = ("labelqa", "self_confidence", "normalized_margin", "confident_learning")
#: People are split where the runner-up has at least this share of the votes and the evidence does not settle it.
SPLIT_SHARE, SETTLED = 0.3, 0.9
#: Without votes: two classes are equally likely where one is less than twice as probable as the other.
CLOSE_ODDS = float(np.log(2.0))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LabelIssues(Result):
    """How doubtful every label is, and what speaks against it.

    Attributes
    ----------
    n_items, n_flagged, n_ambiguous
        Items with a label, labels that are probably wrong, and items whose class is unclear.
    method
        How doubt was measured.
    accuracy
        How often the cross-validated model names the given label: what the evidence is worth. nan without a model.
    neighbour_accuracy
        The same for the neighbours' vote.
    majority_accuracy
        What always naming the most frequent class would reach.
    n_without_evidence
        Items whose picture is missing or cannot be read: nothing is said about their label.
    is_calibrated
        False: `p_wrong` only orders the labels until some labels were audited, see `calibrate`.
    reason
        Why nothing can be said, where that is so.
    table
        One row per item: `item_id`, `label`, `proposal` (the most probable other class), `p_wrong`, `doubt` (log-odds
        of the best other class against the given one; higher is worse), `rank` (1 is the most doubtful), `verdict`
        ("wrong", "ambiguous", "fine" or "unknown"), `is_flagged`, `p_model` and `p_neighbours` (probability of the
        given label), `vote_share` (of the given label among the annotators), `n_votes`, `is_tied`.
    probabilities
        The evidence put together: index `item_id`, one column per class.
    joint
        Estimated number of items by given and true class: `given`, `true`, `n`.
    """

    n_items: int
    n_flagged: int
    n_ambiguous: int
    method: str
    accuracy: float
    neighbour_accuracy: float
    majority_accuracy: float
    n_without_evidence: int
    is_calibrated: bool
    reason: str | None
    table: pd.DataFrame
    probabilities: pd.DataFrame
    joint: pd.DataFrame

    def to_queue(self) -> pd.DataFrame:
        """Give the rows that `review_queue` takes: one per item, words where something speaks against it."""
        table = self.table
        with np.errstate(invalid="ignore"):
            speaks = table["doubt"].notna() & ((table["verdict"] != "fine") | (table["doubt"] > 0))
        reasons = pd.Series(None, index=table.index, dtype=object)
        reasons[speaks] = _reasons(table.loc[speaks], self.probabilities)
        return queue_rows(
            item_id=table["item_id"],
            kind="label",
            label=table["label"].astype(object),
            proposal=table["proposal"].astype(object).where(speaks, None),
            doubt=table["doubt"],
            reason=reasons,
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how doubt is spread, flagged labels apart."""
        ax = axes(ax)
        known = self.table.loc[self.table["doubt"].notna()]
        if len(known):
            edges = np.histogram_bin_edges(known["doubt"].clip(-15, 15), 40).tolist()
            for is_flagged, colour, name in ((False, COLOURS[0], "not flagged"), (True, COLOURS[1], "flagged")):
                part = known.loc[known["is_flagged"] == is_flagged, "doubt"].clip(-15, 15)
                ax.hist(part, bins=edges, color=colour, alpha=0.75, label=f"{name} ({len(part):,})")
            ax.set_yscale("symlog")
            ax.legend(frameon=False)
        ax.set_xlabel("log-odds of the best other class against the given one")
        ax.set_ylabel("items")
        return ax


@takes_tables()
@renamed(labels="annotations", embeddings="features")
def label_issues(
    annotations: Any,
    *,
    pred_probs: Any = None,
    features: Any = None,
    images: Any = None,
    neighbours: Neighbours | None = None,
    given: pd.DataFrame | pd.Series | None = None,
    classes: Sequence[Hashable] | None = None,
    method: str = "labelqa",
    n_folds: int = 5,
    seed: int = 0,
) -> LabelIssues:
    """Say how doubtful every label is; the most doubtful ones are where a review finds errors fastest.

    By default doubt is the log-odds of the best other class against the given one, from a cross-validated model and
    the vote of the nearest neighbours. Their probabilities are multiplied, each with the weight, and every class with
    the factor, that make the labels given most likely: neither has seen the label it judges. Where several people
    labelled an item, their votes are weighed by how reliable each annotator is, with that product as what was known
    before (Dawid and Skene's model).

    Parameters
    ----------
    annotations
        `Annotations`, a table with `item_id` and `label` (and `annotator_id` where several people labelled), a Series
        by item id, or an array or list. What has no ids goes with others that have none, or are numbered 0, 1, 2..., in
        the same order and of the same length. Where several people labelled an item and their votes are tied, the
        tied class that is more frequent over all labels is judged, of equals the first; `is_tied` marks it.
    pred_probs
        Out-of-sample probabilities: DataFrame with a column per class, joined by item id (index or column `item_id`);
        `labelqa.noise.model_probabilities` gives those of a model in an ONNX file. Classes that nobody gave as a label
        may have a column too; each that somebody gave needs one.
    features
        DataFrame of numbers per item, joined by item id; from these the neighbours, and, without `pred_probs`, the
        model.
    images
        Pictures in any form `labelqa.images.as_source` takes: without `features` the built-in features are computed.
    neighbours
        A graph made by `labelqa.noise.neighbours`, to compute it once for several questions.
    given
        The labels to judge, one per item, where that is not the annotators' majority.
    classes
        The list of classes in order.
    method
        "labelqa"; or by the model alone: "self_confidence", "normalized_margin", "confident_learning" (its flags
        first, by margin).
    n_folds, seed
        Of the cross-validation. Same input and seed, same output.

    Raises
    ------
    TableError
        For ids or classes that do not match, probabilities that do not sum to one, or no evidence at all.
    OptionError
        For an unknown method.

    References
    ----------
    Northcutt, Jiang and Chuang, "Confident learning", JAIR 2021, for the number of flags; Zhu, Dong and Liu,
    "Detecting corrupted labels without training a model to predict", ICML 2022, for votes of neighbours; Heskes,
    "Selecting weighting factors in logarithmic opinion pools", NIPS 1998, for putting both together; Dawid and Skene,
    "Maximum likelihood estimation of observer error-rates", Applied Statistics 1979.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.noise import label_issues
    >>> said = pd.DataFrame({"item_id": [1, 2, 3, 4], "label": ["ok", "ok", "dent", "ok"]})
    >>> sure = pd.DataFrame({"item_id": [1, 2, 3, 4], "ok": [0.9, 0.8, 0.1, 0.05], "dent": [0.1, 0.2, 0.9, 0.95]})
    >>> label_issues(said, pred_probs=sure).table[["item_id", "label", "proposal", "verdict"]].tail(2)
      item_id label proposal verdict
    2       3  dent       ok    fine
    3       4    ok     dent   wrong
    """
    check_choice("method", method, METHODS)
    check_order(annotations=annotations, features=features, given=given, images=images, neighbours=neighbours)
    named = named_probabilities(annotations, pred_probs, classes)
    judged = judged_labels(annotations, classes=named.classes, given=given)
    if not len(judged.given):
        return _empty(judged, method)
    if images is not None and isinstance(annotations, Annotations) and not isinstance(images, ImageSource):
        # the items table says where each picture is
        images = as_source(images, annotations)
    found = gather(
        judged, pred_probs=named, features=features, images=images, graph=neighbours, n_folds=n_folds, seed=seed
    )
    probs = found.combined if method == "labelqa" or found.model is None else found.model
    return _wrap(judged, found, probs, method)


def _wrap(judged: JudgedLabels, found: LabelEvidence, probs: Floats, method: str) -> LabelIssues:
    given = judged.given
    known = ~np.isnan(probs).any(axis=1)
    reason = None if probs.shape[1] > 1 else ONE_CLASS
    doubt, other = np.full(len(given), np.nan), np.full(len(given), -1, np.int32)
    flagged = np.zeros(len(given), bool)
    joint = np.diag(np.bincount(given, minlength=probs.shape[1])).astype(np.int64)
    if reason is None and known.any():
        doubt[known], other[known] = _doubts(probs[known], given[known], method)
        joint, is_off, is_predicted = confident_joint(given[known], probs[known])
        n_issues = int((is_off & ~is_predicted).sum())
        flagged[known] = _flags(
            doubt[known], probs[known], given[known], method=method, has_votes=judged.has_votes, n_issues=n_issues
        )
    elif reason is None:
        reason = "No item has a picture that can be read."
    verdict = _verdicts(judged, probs, doubt, flagged)
    index = pd.Index(judged.codes.items, dtype="str", name="item_id")
    return LabelIssues(
        n_items=len(given),
        n_flagged=int(flagged.sum()),
        n_ambiguous=int((verdict == "ambiguous").sum()),
        method=method,
        accuracy=_accuracy(found.model, given),
        neighbour_accuracy=_accuracy(found.near, given),
        majority_accuracy=float(np.bincount(given).max() / len(given)),
        n_without_evidence=found.n_without,
        is_calibrated=False,
        reason=reason,
        table=_table(judged, found, doubt=doubt, other=other, verdict=verdict, flagged=flagged),
        probabilities=pd.DataFrame(probs, index=index, columns=pd.Index(found.classes, dtype=object)),
        joint=joint_table(joint, found.classes),
    )


def _table(
    judged: JudgedLabels,
    found: LabelEvidence,
    *,
    doubt: Floats,
    other: NDArray[np.int32],
    verdict: NDArray[np.object_],
    flagged: Bools,
) -> pd.DataFrame:
    given, n_votes = judged.given, judged.counts.sum(axis=1)
    own = np.arange(len(given)), given
    # a judged label may be of a class that nobody voted for
    counts = np.pad(judged.counts, ((0, 0), (0, 1)))
    return pd.DataFrame(
        {
            "item_id": pd.Series(judged.codes.items, dtype="str"),
            "label": values_of(found.classes, given),
            "proposal": values_of(found.classes, other),
            "p_wrong": expit(doubt),
            "doubt": doubt,
            "rank": _ranks(doubt),
            "verdict": verdict,
            "is_flagged": flagged,
            "p_model": np.nan if found.model is None else found.model[own],
            "p_neighbours": np.nan if found.near is None else found.near[own],
            "vote_share": counts[own[0], np.minimum(given, judged.counts.shape[1])] / n_votes,
            "n_votes": n_votes,
            "is_tied": judged.is_tied,
        }
    )


def _reasons(rows: pd.DataFrame, probabilities: pd.DataFrame) -> list[str]:
    """Say in words what speaks against the label of each row."""
    place = {label: k for k, label in enumerate(probabilities.columns)}
    shares = probabilities.loc[rows["item_id"]].to_numpy(np.float64)
    return [
        _reason(row, share[place[row["proposal"]]]) for row, share in zip(rows.to_dict("records"), shares, strict=True)
    ]


def _reason(row: dict[Any, Any], p_other: float) -> str:
    label, n_votes = row["label"], row["n_votes"]
    out = [f"evidence for {row['proposal']!s} {_per_cent(p_other)}"]
    out += [
        f"{name}: {label!s} only {_per_cent(p)}"
        for name, p in (("model", row["p_model"]), ("neighbours", row["p_neighbours"]))
        if p < 0.5
    ]
    if n_votes > 1:
        out.append(f"{round(row['vote_share'] * n_votes)} of {n_votes} annotators say {label!s}")
    if row["verdict"] == "ambiguous":
        out.insert(0, "ambiguous: people split" if n_votes > 1 else "ambiguous: two classes fit alike")
    return "; ".join(out)


def _per_cent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _doubts(probs: Floats, given: NDArray[np.int32], method: str) -> tuple[Floats, NDArray[np.int32]]:
    """Give doubt as log-odds (n,), and the best other class (n,)."""
    margin, other = confident.margins(given, probs)
    own = np.maximum(probs[np.arange(len(given)), given], FLOOR)
    if method == "labelqa":
        return np.log(np.maximum(probs[np.arange(len(given)), other], FLOOR)) - np.log(own), other
    quality = own if method == "self_confidence" else (margin + 1) / 2
    if method == "confident_learning":
        flagged = find_issues(given, probs, "prune_by_noise_rate")
        quality = np.where(flagged, quality, 1 + quality) / 2
    return -logit(np.clip(quality, FLOOR, 1 - FLOOR)), other


def _flags(
    doubt: Floats, probs: Floats, given: NDArray[np.int32], *, method: str, has_votes: bool, n_issues: int
) -> Bools:
    """Flag as many labels as confident learning counts, the most doubtful first; with votes, all outweighed ones."""
    if method == "confident_learning":
        return find_issues(given, probs, "prune_by_noise_rate")
    if method == "labelqa" and has_votes:
        return doubt > 0
    out = np.zeros(len(doubt), bool)
    out[np.argsort(-doubt, kind="stable")[:n_issues]] = True
    return out


def _verdicts(judged: JudgedLabels, probs: Floats, doubt: Floats, flagged: Bools) -> NDArray[np.object_]:
    """Tell wrong from ambiguous: where people split, or the evidence does, no label is simply wrong."""
    out = np.where(np.isnan(doubt), "unknown", np.where(flagged, "wrong", "fine")).astype(object)
    if judged.has_votes:
        shares = np.sort(judged.counts / judged.counts.sum(axis=1, keepdims=True), axis=1)
        runner_up = shares[:, -2] if shares.shape[1] > 1 else np.zeros(len(shares))
        unclear = (runner_up >= SPLIT_SHARE) & ~(probs.max(axis=1) >= SETTLED)
    else:
        unclear = flagged & (np.abs(doubt) < CLOSE_ODDS)
    out[unclear & ~np.isnan(doubt)] = "ambiguous"
    return out


def _ranks(doubt: Floats) -> NDArray[np.int64]:
    """Rank from the most doubtful; among equals, and without one, items keep their natural order."""
    order = np.lexsort((np.arange(len(doubt)), -np.nan_to_num(doubt, nan=-np.inf)))
    out = np.empty(len(doubt), np.int64)
    out[order] = np.arange(1, len(doubt) + 1)
    return out


def _accuracy(probs: Floats | None, given: NDArray[np.int32]) -> float:
    if probs is None:
        return float("nan")
    known = ~np.isnan(probs).any(axis=1)
    return float((probs[known].argmax(axis=1) == given[known]).mean()) if known.any() else float("nan")


def _empty(judged: JudgedLabels, method: str) -> LabelIssues:
    """Give the result of no labels at all."""
    columns = ["item_id", "label", "proposal", "p_wrong", "doubt", "rank", "verdict", "is_flagged", "p_model",
               "p_neighbours", "vote_share", "n_votes", "is_tied"]  # fmt: skip
    return LabelIssues(
        n_items=0,
        n_flagged=0,
        n_ambiguous=0,
        method=method,
        accuracy=np.nan,
        neighbour_accuracy=np.nan,
        majority_accuracy=np.nan,
        n_without_evidence=0,
        is_calibrated=False,
        reason=NO_LABELS,
        table=pd.DataFrame(columns=columns),
        probabilities=pd.DataFrame(columns=pd.Index(judged.codes.classes, dtype=object)),
        joint=joint_table(np.zeros((judged.codes.n_classes,) * 2, np.int64), list(judged.codes.classes)),
    )
