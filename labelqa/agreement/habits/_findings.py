"""Which habits are beyond chance and large enough to talk about, each in one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, xlogy

from labelqa._checks import BOX_EDGES
from labelqa._codes import BoxCodes
from labelqa._kernels.arrays import Counts, Floats, Longs
from labelqa.agreement.habits import _rates as rate
from labelqa.agreement.habits._edges import SIDES, EdgeHabits, bounds
from labelqa.agreement.habits._rates import Objects, Rates

#: Fewer matches, items or events than this are no habit.
MIN_MATCHES, MIN_ITEMS, MIN_EVENTS = 20, 5, 5
#: A rate must be this far above the others' rate, and this many times as large.
MIN_EXCESS, MIN_RATIO = 0.1, 2.0
N_EXAMPLES = 3
_EDGE_WORDS = ("left", "top", "right", "bottom")
_ASK = {
    "size": "settle in the guideline where the edge of an object is (whether shadow, blur or a margin belongs to it)",
    "width": "settle in the guideline where an object ends to the left and right",
    "height": "settle in the guideline where an object ends at the top and bottom",
    "edge": "settle in the guideline how far that edge goes (hidden or cut-off parts, shadow)",
    "group": "settle in the guideline whether neighbouring objects get one box or one each",
    "split": "settle in the guideline when parts of an object get boxes of their own",
    "small": "settle in the guideline from which size on objects count, and let annotators zoom in",
    "class": "settle in the guideline how the two differ, with examples",
}


@dataclass(frozen=True, eq=False)
class Finding:
    """One habit of one annotator; shares are per cent in the table."""

    annotator: int
    kind: str
    what: str
    effect: float
    low: float
    high: float
    others: float
    n: int
    p: float
    sentence: str
    items: Longs
    #: For "small": the size under which objects are missed; for "class": the two class codes.
    limit: float = np.nan
    classes: tuple[int, int] = (-1, -1)


@dataclass
class HabitTests:
    """All tests of one call, so that the chance of any false finding is held."""

    p: list[float] = field(default_factory=list)
    candidates: list[Finding] = field(default_factory=list)

    def significant(self, level: float) -> list[Finding]:
        """Give the candidates that stay below `level` after Holm's correction over all tests."""
        tested = np.sort([value for value in self.p if np.isfinite(value)])
        passed = tested * np.arange(len(tested), 0, -1) <= level
        bound = tested[np.argmin(passed) - 1] if not passed.all() else np.inf
        if len(passed) and not passed[0]:
            return []
        return [finding for finding in self.candidates if finding.p <= bound]


def add_edges(tests: HabitTests, codes: BoxCodes, habits: EdgeHabits, min_effect: float, confidence: float) -> None:
    """Test sides and edges of every annotator; of what is large, the simplest description becomes the candidate."""
    enough = (habits.n_matches >= MIN_MATCHES) & (habits.n_items >= MIN_ITEMS)
    effects, replicates = habits.effects[:, :7], habits.replicates[:, :, :7]
    low, high = bounds(replicates, confidence)
    # one odd annotator moves the mean of the others for everybody else, but not the median
    beyond, beyond_replicates = _against_median(effects), _against_median(replicates)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2.0 * ndtr(-np.abs(beyond) / _spread(beyond_replicates))
    for annotator in np.flatnonzero(enough).tolist():
        tests.p += p[annotator].tolist()
        for k in _described_by(_smaller(beyond[annotator], effects[annotator]), min_effect):
            items = _examples_of(habits, annotator, k, np.sign(effects[annotator, k]))
            ends = effects[annotator, k], low[annotator, k], high[annotator, k]
            kind, what, shown, text = _side_words(str(codes.annotators[annotator]), k, ends)
            n = int(habits.n_matches[annotator])
            tests.candidates.append(
                Finding(annotator, kind, what, *shown, 0.0, n, float(p[annotator, k]), f"{text}: {_ASK[kind]}.", items)
            )


def _against_median(against_mean: Floats) -> Floats:
    """Turn effects against the mean of the others into effects against the median annotator (..., A, K)."""
    n = np.isfinite(against_mean).sum(axis=-2, keepdims=True)
    if not n.size or not n.all():
        return np.full_like(against_mean, np.nan)
    centred = against_mean * (n - 1) / n
    return np.asarray(centred - np.nanmedian(centred, axis=-2, keepdims=True))


def _smaller(one: Floats, other: Floats) -> Floats:
    """Give what both have in common: the value nearer to 0, 0 where the signs differ."""
    return np.where(one * other > 0, np.sign(one) * np.minimum(np.abs(one), np.abs(other)), 0.0)


def _spread(replicates: Floats) -> Floats:
    """Give the standard deviation over the first axis; nan where fewer than half of the replicates are defined."""
    defined = np.isfinite(replicates)
    n = defined.sum(axis=0)
    mean = np.where(defined, replicates, 0.0).sum(axis=0) / np.maximum(n, 1)
    squares = np.square(np.where(defined, replicates - mean, 0.0)).sum(axis=0)
    return np.where(2 * n >= max(len(replicates), 4), np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def _described_by(effect: Floats, min_effect: float) -> list[int]:
    """Choose columns that say it best: one edge, all sides alike, one side, or several edges one by one."""
    edges = np.flatnonzero(np.abs(effect[3:7]) >= min_effect)
    if len(edges) == 1 and np.abs(np.delete(effect[3:7], edges[0])).max() < 0.5 * np.abs(effect[3 + edges[0]]):
        return [3 + int(edges[0])]
    width, height = np.abs(effect[1:3])
    least = np.log1p(min_effect)
    if np.abs(effect[0]) >= least and min(width, height) >= 0.5 * max(width, height):
        return [0]
    sides = [k for k in (1, 2) if np.abs(effect[k]) >= least and np.abs(effect[k]) == max(width, height)]
    return sides or [3 + int(edge) for edge in edges]


def _examples_of(habits: EdgeHabits, annotator: int, column: int, sign: float) -> Longs:
    """Give the items where the annotator's boxes show the habit most, against all others there."""
    is_first, is_second = habits.match_first == annotator, habits.match_second == annotator
    mine = is_first | is_second
    shown = np.where(is_first, 1.0, -1.0)[mine] * habits.contrasts[mine, column] * sign
    by_item = pd.Series(shown).groupby(habits.match_item[mine]).median().sort_values(ascending=False, kind="stable")
    return by_item.index.to_numpy(np.int64)[:N_EXAMPLES]


def _side_words(
    who: str, column: int, ends: tuple[float, float, float]
) -> tuple[str, str, tuple[float, float, float], str]:
    """Give kind, edge, effect with its ends in %, and the words for one column of the effects."""
    if column < 3:
        kind = SIDES[column]
        effect, low, high = (100.0 * float(np.expm1(value)) for value in ends)
        more, less = {"size": ("longer", "shorter"), "width": ("wider", "narrower"), "height": ("taller", "lower")}[
            kind
        ]
        how = (more if effect > 0 else less) + (" per side" if kind == "size" else "")
        return kind, "", (effect, low, high), f"{who} draws boxes {_range(effect, low, high)} {how} than the others"
    edge = column - 3
    effect, low, high = (100.0 * value for value in ends)
    side, where = ("width", "height")[edge % 2], "farther out" if effect > 0 else "farther in"
    text = f"{who} draws the {_EDGE_WORDS[edge]} edge {_range(effect, low, high)} of the {side} {where} than the others"
    return "edge", BOX_EDGES[edge], (effect, low, high), text


def _range(effect: float, low: float, high: float) -> str:
    low, high = (low, high) if effect > 0 else (-high, -low)
    return f"{abs(effect):.0f} % [{low:.0f}, {high:.0f}]"


def add_groups(tests: HabitTests, codes: BoxCodes, found: dict[str, Rates]) -> None:
    """Test group boxes and split objects of every annotator."""
    says = {
        "group": "draws one box round objects that most of the others box one by one",
        "split": "draws several boxes where most of the others draw one",
    }
    for kind, rates in found.items():
        tests.p += rates.p.tolist()
        for annotator in np.flatnonzero(_stands_out(rates, min_excess=0.0)).tolist():
            text = (
                f"{codes.annotators[annotator]} {says[kind]}, {rates.n[annotator]:.0f} times in "
                f"{rates.n_opportunities[annotator]:.0f} images with neighbouring objects: "
                f"{_rate(rates, annotator)} (others {100 * rates.others[annotator]:.1f} %)"
            )
            tests.candidates.append(_rate_finding(rates, annotator, kind, "", text))


def add_small(
    tests: HabitTests, codes: BoxCodes, objects: Objects, counts: Counts, confidence: float
) -> list[tuple[float, Rates]]:
    """Test at several sizes whether an annotator misses smaller objects more than others do, and not larger ones too.

    Returns
    -------
    list
        Each size in pixels, and the rates of objects under it.
    """
    out: list[tuple[float, Rates]] = []
    best: dict[int, tuple[float, Finding]] = {}
    for limit in np.unique(np.quantile(objects.size, rate.CUTS)).tolist() if len(objects.size) else []:
        under, over = (
            rate.rates(
                (objects.item[part], objects.annotator[part], objects.is_missed[part] * 1.0, np.ones(part.sum())),
                len(codes.annotators),
                counts,
                is_within_item=True,
                confidence=confidence,
            )
            for part in (objects.size < limit, objects.size >= limit)
        )
        out.append((limit, under))
        tests.p += under.p.tolist()
        beyond = np.maximum(np.nan_to_num(over.rate - over.others), 0.0)
        with np.errstate(invalid="ignore"):
            is_about_size = under.rate - under.others > MIN_EXCESS + beyond
        for annotator in np.flatnonzero(_stands_out(under) & is_about_size).tolist():
            fit = _log_likelihood(under, annotator) + _log_likelihood(over, annotator)
            if annotator not in best or fit > best[annotator][0]:
                best[annotator] = fit, _small_finding(codes, annotator, limit, under, over)
    tests.candidates += [finding for _, finding in best.values()]
    return out


def _small_finding(codes: BoxCodes, annotator: int, limit: float, under: Rates, over: Rates) -> Finding:
    text = (
        f"{codes.annotators[annotator]} misses {_rate(under, annotator)} of the objects whose longer side is under "
        f"{limit:.0f} pixels (others {100 * under.others[annotator]:.0f} %), but "
        f"{100 * over.rate[annotator]:.0f} % of the larger ones"
    )
    return _rate_finding(under, annotator, "small", f"under {limit:.0f} px", text, limit=limit)


def _log_likelihood(rates: Rates, annotator: int) -> float:
    n, total = rates.n[annotator], rates.n_opportunities[annotator]
    return float(xlogy(n, n / total) + xlogy(total - n, 1.0 - n / total)) if total else 0.0


def add_classes(tests: HabitTests, codes: BoxCodes, counts: Counts, confidence: float) -> list[tuple[int, int, Rates]]:
    """Test, for every two classes, whether an annotator says one where the others say the other.

    Returns
    -------
    list
        Class of the others, class said, and the rates, for all pairs that occur.
    """
    _, item, annotator, theirs, own = rate.class_entries(codes)
    out = []
    differing = theirs != own
    for pair in np.unique(theirs[differing] * len(codes.classes) + own[differing]).tolist():
        other, said = divmod(pair, len(codes.classes))
        chosen = theirs == other
        entries = (item[chosen], annotator[chosen], (own[chosen] == said) * 1.0, np.ones(chosen.sum()))
        rates = rate.rates(entries, len(codes.annotators), counts, is_within_item=False, confidence=confidence)
        out.append((other, said, rates))
        tests.p += rates.p.tolist()
        for who in np.flatnonzero(_stands_out(rates)).tolist():
            text = (
                f"{codes.annotators[who]} says {str(codes.classes[said])!r} for {_rate(rates, who)} of what the others "
                f"call {str(codes.classes[other])!r} (others {100 * rates.others[who]:.0f} %)"
            )
            what = f"{codes.classes[other]} -> {codes.classes[said]}"
            tests.candidates.append(_rate_finding(rates, who, "class", what, text, classes=(other, said)))
    return out


def with_habit(rates: Rates, level: float) -> NDArray[np.bool_]:
    """Tell who stands out in one kind of event, tested by itself: bool (A,)."""
    with np.errstate(invalid="ignore"):
        return _stands_out(rates, min_excess=0.0) & (rates.p * max(len(rates.p), 1) <= level)


def _stands_out(rates: Rates, min_excess: float = MIN_EXCESS) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return (
            (rates.n >= MIN_EVENTS) & (rates.rate - rates.others > min_excess) & (rates.rate > MIN_RATIO * rates.others)
        )


def _rate(rates: Rates, annotator: int) -> str:
    ends = f"[{100 * rates.low[annotator]:.0f}, {100 * rates.high[annotator]:.0f}]"
    return f"{100 * rates.rate[annotator]:.0f} % {ends}"


def _rate_finding(
    rates: Rates,
    annotator: int,
    kind: str,
    what: str,
    text: str,
    *,
    limit: float = np.nan,
    classes: tuple[int, int] = (-1, -1),
) -> Finding:
    mine = rates.annotator == annotator
    by_item = pd.Series(rates.events[mine]).groupby(rates.item[mine]).sum().sort_values(ascending=False, kind="stable")
    percent = (100.0 * float(values[annotator]) for values in (rates.rate, rates.low, rates.high, rates.others))
    effect, low, high, others = percent
    return Finding(
        annotator, kind, what, effect, low, high, others, int(rates.n[annotator]), float(rates.p[annotator]),
        f"{text}: {_ASK[kind]}.", by_item.index.to_numpy(np.int64)[:N_EXAMPLES], limit, classes,
    )  # fmt: skip


def finding_table(codes: BoxCodes, findings: list[Finding]) -> pd.DataFrame:
    """Write the findings as a table, in the order of annotators and kinds."""
    rows = [
        {
            "annotator_id": codes.annotators[found.annotator],
            "kind": found.kind,
            "what": found.what,
            "effect": found.effect,
            "low": found.low,
            "high": found.high,
            "others": found.others,
            "n": found.n,
            "p_value": found.p,
            "sentence": found.sentence,
            "item_ids": "; ".join(codes.items[found.items]),
        }
        for found in findings
    ]
    texts = dict.fromkeys(("annotator_id", "kind", "what", "sentence", "item_ids"), "str")
    columns = [
        "annotator_id",
        "kind",
        "what",
        "effect",
        "low",
        "high",
        "others",
        "n",
        "p_value",
        "sentence",
        "item_ids",
    ]
    return pd.DataFrame(rows, columns=columns).astype({**texts, "n": "int64"})
