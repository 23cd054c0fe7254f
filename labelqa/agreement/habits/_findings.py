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
from labelqa._kernels.intervals import holm
from labelqa.agreement.habits import _rates as rate
from labelqa.agreement.habits._edges import MIN_ITEMS, SIDES, EdgeHabits, ends_of
from labelqa.agreement.habits._offsets import constant_offsets, moved, offset_words
from labelqa.agreement.habits._rates import Events, Objects, Rates, SettledClasses

#: Fewer matches or events than this, or matches on fewer items than `MIN_ITEMS`, are no habit.
MIN_MATCHES, MIN_EVENTS = 20, 5
#: A rate must be this far above the others' rate, and this many times as large.
MIN_EXCESS, MIN_RATIO = 0.1, 2.0
N_EXAMPLES = 3
_EDGE_WORDS = ("left", "top", "right", "bottom")
#: Column of the effects -> the edges it is about.
_EDGES_OF = {0: (0, 1, 2, 3), 1: (0, 2), 2: (1, 3), 3: (0,), 4: (1,), 5: (2,), 6: (3,)}
_LONGER = {"size": ("longer", "shorter"), "width": ("wider", "narrower"), "height": ("taller", "lower")}
_ASK = {
    "offset": "correct how the file or the tool that wrote it counts pixels, this is no habit of the person",
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
class Habit:
    """One habit of one annotator, large and beyond chance; `effect`, its ends and `others` are shares, or pixels."""

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
    #: Which edges it is about, and for "offset" what is added to each coordinate.
    edges: tuple[int, ...] = ()
    pixels: tuple[float, ...] = ()


@dataclass
class HabitTests:
    """All tests of one call, so that the chance of any false finding is held."""

    p: list[float] = field(default_factory=list)
    candidates: list[Habit] = field(default_factory=list)

    def significant(self, level: float) -> list[Habit]:
        """Give the candidates that stay below `level` after Holm's correction over all tests."""
        p = np.asarray(self.p, np.float64)
        bound = p[holm(p) <= level].max(initial=-np.inf)
        found = [habit for habit in self.candidates if habit.p <= bound]
        # what a file does to an edge is no habit of the person
        by_file = {(habit.annotator, edge) for habit in found if habit.kind == "offset" for edge in habit.edges}
        return [
            habit
            for habit in found
            if habit.kind == "offset" or not any((habit.annotator, edge) in by_file for edge in habit.edges)
        ]


def add_edges(tests: HabitTests, codes: BoxCodes, habits: EdgeHabits, min_effect: float, confidence: float) -> None:
    """Test sides and edges of every annotator; of what is large, the simplest description becomes the candidate."""
    enough = has_enough(habits)
    effects, replicates = habits.effects[:, :7], habits.replicates[:, :, :7]
    low, high = ends_of(habits, slice(0, 7), confidence)
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
                Habit(
                    annotator, kind, what, *shown, 0.0, n, float(p[annotator, k]), f"{text}: {_ASK[kind]}.", items,
                    edges=_EDGES_OF[k],
                )
            )  # fmt: skip


def has_enough(habits: EdgeHabits) -> NDArray[np.bool_]:
    """Tell whose boxes are compared often enough to speak of habits: bool (A,)."""
    return np.asarray((habits.n_matches >= MIN_MATCHES) & (habits.n_items >= MIN_ITEMS))


def add_offsets(tests: HabitTests, codes: BoxCodes, habits: EdgeHabits, confidence: float) -> None:
    """Test whose edges lie a constant number of pixels away from the others', whatever the size of the boxes."""
    found = constant_offsets(habits, has_enough(habits), confidence)
    for annotator in np.flatnonzero(np.isfinite(found.pixels).any(axis=1)).tolist():
        edges = np.flatnonzero(np.isfinite(found.pixels[annotator]))
        shift, first = moved(found.pixels[annotator]), edges[0]
        # the weakest of the edges speaks for all of them
        p, share = found.p[annotator, edges].max(), found.share[annotator, edges].min()
        words, cause = offset_words(shift)
        text = (
            f"The boxes of {codes.annotators[annotator]} have {words}, whatever their size ({100 * share:.0f} % of "
            f"{habits.n_matches[annotator]:,} matches), as where {cause}"
        )
        tests.p.append(float(p))
        tests.candidates.append(
            Habit(
                annotator=annotator,
                kind="offset",
                what=", ".join(BOX_EDGES[edge] for edge in edges),
                effect=float(found.pixels[annotator, first]),
                low=float(found.low[annotator, first]),
                high=float(found.high[annotator, first]),
                others=0.0,
                n=int(habits.n_matches[annotator]),
                p=float(p),
                sentence=f"{text}: {_ASK['offset']}.",
                items=_examples_of(habits, annotator, 7 + int(first), np.sign(found.pixels[annotator, first])),
                edges=tuple(edges.tolist()),
                pixels=tuple(shift.tolist()),
            )
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
    """Give kind, edge, effect with its ends, and the words for one column of the effects."""
    if column < 3:
        kind = SIDES[column]
        effect, low, high = (float(np.expm1(value)) for value in ends)
        more, less = _LONGER[kind]
        how = (more if effect > 0 else less) + (" per side" if kind == "size" else "")
        return kind, "", (effect, low, high), f"{who} draws boxes {_range(effect, low, high)} {how} than the others"
    edge = column - 3
    effect, low, high = ends
    side, where = ("width", "height")[edge % 2], "farther out" if effect > 0 else "farther in"
    text = f"{who} draws the {_EDGE_WORDS[edge]} edge {_range(effect, low, high)} of the {side} {where} than the others"
    return "edge", BOX_EDGES[edge], (effect, low, high), text


def _range(effect: float, low: float, high: float) -> str:
    low, high = (low, high) if effect > 0 else (-high, -low)
    return f"{100 * abs(effect):.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def add_groups(tests: HabitTests, codes: BoxCodes, rates: Rates) -> None:
    """Test group boxes or split objects of every annotator."""
    says = {
        "group": "draws one box round objects that most of the others box one by one",
        "split": "draws several boxes where most of the others draw one",
    }[rates.kind]
    tests.p += rates.p.tolist()
    for annotator in np.flatnonzero(_stands_out(rates, min_excess=0.0)).tolist():
        text = (
            f"{codes.annotators[annotator]} {says}, {rates.n[annotator]:.0f} times in "
            f"{rates.n_opportunities[annotator]:.0f} images with neighbouring objects: "
            f"{_rate(rates, annotator)} (others {100 * rates.others[annotator]:.1f} %)"
        )
        tests.candidates.append(_rate_habit(rates, annotator, text))


def add_small(tests: HabitTests, codes: BoxCodes, objects: Objects, counts: Counts, confidence: float) -> list[Rates]:
    """Test at several sizes whether an annotator misses smaller objects more than others do, and not larger ones too.

    Returns
    -------
    list
        The rates of objects under each size.
    """
    out: list[Rates] = []
    best: dict[int, tuple[float, Habit]] = {}
    for limit in np.unique(np.quantile(objects.size, rate.CUTS)).tolist() if len(objects.size) else []:
        under, over = (
            rate.compared(
                "small",
                f"under {limit:.0f} px",
                objects.missed(chosen),
                n_annotators=len(codes.annotators),
                counts=counts,
                confidence=confidence,
                is_within_item=True,
            )
            for chosen in (objects.size < limit, objects.size >= limit)
        )
        out.append(under)
        tests.p += under.p.tolist()
        beyond = np.maximum(np.nan_to_num(over.rate - over.others), 0.0)
        with np.errstate(invalid="ignore"):
            is_about_size = under.rate - under.others > MIN_EXCESS + beyond
        for annotator in np.flatnonzero(_stands_out(under) & is_about_size).tolist():
            fit = _log_likelihood(under, annotator) + _log_likelihood(over, annotator)
            if annotator not in best or fit > best[annotator][0]:
                best[annotator] = fit, _small_habit(codes, annotator, limit, under, over)
    tests.candidates += [habit for _, habit in best.values()]
    return out


def _small_habit(codes: BoxCodes, annotator: int, limit: float, under: Rates, over: Rates) -> Habit:
    text = (
        f"{codes.annotators[annotator]} misses {_rate(under, annotator)} of the objects whose longer side is under "
        f"{limit:.0f} pixels (others {100 * under.others[annotator]:.0f} %), but "
        f"{100 * over.rate[annotator]:.0f} % of the larger ones"
    )
    return _rate_habit(under, annotator, text, limit=limit)


def _log_likelihood(rates: Rates, annotator: int) -> float:
    n, total = rates.n[annotator], rates.n_opportunities[annotator]
    return float(xlogy(n, n / total) + xlogy(total - n, 1.0 - n / total)) if total else 0.0


def add_classes(
    tests: HabitTests, codes: BoxCodes, classes: SettledClasses, counts: Counts, confidence: float
) -> list[Rates]:
    """Test, for every two classes, whether an annotator says one where the others say the other.

    Returns
    -------
    list
        The rates of all pairs of classes that occur.
    """
    theirs, own = classes.theirs, classes.own
    out = []
    differing = theirs != own
    for pair in np.unique(theirs[differing] * len(codes.classes) + own[differing]).tolist():
        other, said = divmod(pair, len(codes.classes))
        here = theirs == other
        rates = rate.compared(
            "class",
            f"{codes.classes[other]} -> {codes.classes[said]}",
            Events(classes.item[here], classes.annotator[here], (own[here] == said) * 1.0, np.ones(here.sum())),
            n_annotators=len(codes.annotators),
            counts=counts,
            confidence=confidence,
            is_within_item=False,
        )
        out.append(rates)
        tests.p += rates.p.tolist()
        for who in np.flatnonzero(_stands_out(rates)).tolist():
            text = (
                f"{codes.annotators[who]} says {str(codes.classes[said])!r} for {_rate(rates, who)} of what the others "
                f"call {str(codes.classes[other])!r} (others {100 * rates.others[who]:.0f} %)"
            )
            tests.candidates.append(_rate_habit(rates, who, text, classes=(other, said)))
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


def _rate_habit(
    rates: Rates, annotator: int, text: str, *, limit: float = np.nan, classes: tuple[int, int] = (-1, -1)
) -> Habit:
    events = rates.events
    mine = events.annotator == annotator
    by_item = pd.Series(events.n[mine]).groupby(events.item[mine]).sum().sort_values(ascending=False, kind="stable")
    return Habit(
        annotator=annotator,
        kind=rates.kind,
        what=rates.what,
        effect=float(rates.rate[annotator]),
        low=float(rates.low[annotator]),
        high=float(rates.high[annotator]),
        others=float(rates.others[annotator]),
        n=int(rates.n[annotator]),
        p=float(rates.p[annotator]),
        sentence=f"{text}: {_ASK[rates.kind]}.",
        items=by_item.index.to_numpy(np.int64)[:N_EXAMPLES],
        limit=limit,
        classes=classes,
    )
