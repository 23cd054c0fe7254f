"""The coefficients of agreement, one function each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from labelqa._options import Resampling
from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.agreement.labels._counted import LabelInput, Measurement, count_labels
from labelqa.agreement.labels._distances import Weights
from labelqa.agreement.labels._result import Coefficient, measure


@takes_tables()
@renamed(data="annotations")
def krippendorff_alpha(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much less annotators disagree than if labels were handed out at random: 1 is perfect, 0 is chance.

    The first choice for most data: any number of annotators, missing labels, every level of measurement. Below .667
    Krippendorff advises against drawing conclusions, from .8 on labels count as reliable.

    Parameters
    ----------
    annotations
        `Annotations`, a table with `item_id`, `annotator_id`, `label`, or `LabelStatistics`. Missing labels and any
        number of annotators per item are fine; where an annotator labelled an item again, each label counts.
    level
        What labels are: "nominal" (equal or not), "ordinal" (Krippendorff's distance by rank, from the class counts),
        "ordinal_gwet" (Gwet's, from the number of steps), "interval" (squared difference), "ratio", or sets compared by
        "masi" or "jaccard" (collections, or texts such as ``"dent|scratch"``). Numbers may be texts.
    weights
        Instead of a level: "linear", "quadratic" or "radical" (by the classes' values where all are numbers, otherwise
        by their positions), a (K, K) matrix of agreement with 1 on the diagonal, or a function of two labels that gives
        their distance.
    classes
        The list of classes in order, where unused ones count or the order matters. Without it the order is that of an
        ordered categorical column, otherwise natural (numbers by size, texts by the alphabet); where the order counts
        (ordinal levels, named weights, a matrix), texts are then refused.
    n_resamples
        0: the analytic t interval. Otherwise the percentile interval of this many resamples of the items.
    confidence, seed
        Of the interval, and of its resampling.

    Returns
    -------
    Coefficient
        nan with a `reason` where it is undefined.

    Raises
    ------
    TableError
        For missing columns or ids, labels outside `classes`, labels that are no numbers where numbers are needed, and
        texts in no stated order where the order counts.
    OptionError
        For an unknown level or impossible weights.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import krippendorff_alpha
    >>> rows = [(1, "ann", "a"), (1, "bob", "a"), (2, "ann", "b"), (2, "bob", "b"), (3, "ann", "a"), (3, "bob", "b")]
    >>> table = pd.DataFrame(rows, columns=["item_id", "annotator_id", "label"])
    >>> round(krippendorff_alpha(table).value, 4)
    0.4444
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("krippendorff_alpha", counted, resampling)


@takes_tables()
@renamed(data="annotations")
def percent_agreement(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How often two annotators of the same item agree: the mean over items of the share of agreeing pairs.

    Chance is not taken out, so that it looks good where one class dominates.

    Parameters
    ----------
    annotations, level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import from_wide, percent_agreement
    >>> wide = pd.DataFrame({"ann": list("aab"), "bob": list("abb")}, index=["x.png", "y.png", "z.png"])
    >>> round(percent_agreement(from_wide(wide)).value, 4)
    0.6667
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("percent_agreement", counted, resampling)


@takes_tables()
@renamed(data="annotations")
def fleiss_kappa(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond what the class shares alone would give: 1 is perfect, 0 is chance.

    Who gave which label does not matter. Agreement is seen on items with two labels or more; class shares come from all
    labelled items.

    Parameters
    ----------
    annotations, level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    Four items, three labels each; who gave them need not be known:

    >>> from labelqa.agreement import fleiss_kappa, from_counts
    >>> round(fleiss_kappa(from_counts([[3, 0], [0, 3], [3, 0], [1, 2]])).value, 4)
    0.6571
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("fleiss_kappa", counted, resampling)


@takes_tables()
@renamed(data="annotations")
def conger_kappa(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond what each one's own class shares would give: 1 is perfect, 0 is chance.

    For two annotators it is Cohen's kappa. It needs to know who gave which label.

    Parameters
    ----------
    annotations
        As in `krippendorff_alpha`; statistics give no interval, counts no value.
    level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Conger (1980), Psychological Bulletin 88; Gwet (2021), Handbook of inter-rater reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import conger_kappa, from_wide
    >>> wide = pd.DataFrame({"ann": list("aabb"), "bob": list("abbb"), "eve": list("aaab")})
    >>> round(conger_kappa(from_wide(wide)).value, 4)
    0.3846
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("conger_kappa", counted, resampling)


@takes_tables()
@renamed(data="annotations")
def cohen_kappa(
    annotations: LabelInput,
    *,
    annotators: Sequence[Any] | None = None,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much two annotators agree beyond what their own class shares would give: 1 is perfect, 0 is chance.

    With `weights="linear"` or "quadratic", or a level, it is weighted kappa.

    Parameters
    ----------
    annotations
        `Annotations`, or a table with `item_id`, `annotator_id`, `label`. Items that both labelled count.
    annotators
        The two to compare, where the table has more.
    level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`, and for more than two annotators without a choice.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Psychological Bulletin 70.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.agreement import cohen_kappa, from_wide
    >>> wide = pd.DataFrame({"ann": list("aba"), "bob": list("abb"), "eve": list("bba")})
    >>> round(cohen_kappa(from_wide(wide), annotators=("ann", "bob")).value, 4)
    0.4
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("cohen_kappa", counted, resampling, annotators=annotators)


@takes_tables()
@renamed(data="annotations")
def scott_pi(
    annotations: LabelInput,
    *,
    annotators: Sequence[Any] | None = None,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much two annotators agree beyond what their pooled class shares would give: 1 is perfect, 0 is chance.

    Unlike Cohen's kappa, it does not reward two annotators for using the classes differently.

    Parameters
    ----------
    annotations, annotators
        As in `cohen_kappa`.
    level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `cohen_kappa`.

    References
    ----------
    Scott (1955), Public Opinion Quarterly 19.

    Examples
    --------
    >>> from labelqa.agreement import from_contingency, scott_pi
    >>> round(scott_pi(from_contingency([[20, 10], [20, 50]])).value, 4)
    0.3407
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("scott_pi", counted, resampling, annotators=annotators)


@takes_tables()
@renamed(data="annotations")
def gwet_ac(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond chance, with a chance that stays small where one class dominates.

    Kappa and alpha fall towards 0 when nearly all labels are of one class, however well people agree; AC1 does not.
    With a level or weights other than nominal it is AC2. An unused class counts: name it in `classes`.

    Parameters
    ----------
    annotations, level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61.

    Examples
    --------
    Two people agree on 96 of 100 items, nearly all of one class:

    >>> from labelqa.agreement import cohen_kappa, from_contingency, gwet_ac
    >>> labels = from_contingency([[95, 2], [2, 1]])
    >>> round(gwet_ac(labels).value, 2), round(cohen_kappa(labels).value, 2)
    (0.96, 0.31)
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("gwet_ac", counted, resampling)


@takes_tables()
@renamed(data="annotations")
def brennan_prediger(
    annotations: LabelInput,
    *,
    level: str = "nominal",
    weights: Weights | None = None,
    classes: Sequence[Hashable] | None = None,
    n_resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Coefficient:
    """How much annotators agree beyond labels drawn evenly from the list of classes: 1 is perfect, 0 is chance.

    Also known as S or G. An unused class counts: name it in `classes`.

    Parameters
    ----------
    annotations, level, weights, classes, n_resamples, confidence, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    TableError, OptionError
        As `krippendorff_alpha`.

    References
    ----------
    Brennan and Prediger (1981), Educational and Psychological Measurement 41.

    Examples
    --------
    Of two classes even guesses agree half the time, of four a quarter:

    >>> from labelqa.agreement import brennan_prediger, from_contingency
    >>> labels = from_contingency([[40, 10], [10, 40]])
    >>> round(brennan_prediger(labels).value, 4), round(brennan_prediger(labels, classes=range(4)).value, 4)
    (0.6, 0.7333)
    """
    counted = count_labels(annotations, Measurement(level, weights, classes))
    resampling = Resampling(n_resamples=n_resamples, confidence=confidence, seed=seed)
    return measure("brennan_prediger", counted, resampling)
