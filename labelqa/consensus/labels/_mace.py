"""MACE: annotators know or guess."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

import pandas as pd

from labelqa._renamed import renamed
from labelqa._tables import takes_tables
from labelqa.annotations import Annotations
from labelqa.consensus.labels._crowd import StoppingRule, make_crowd
from labelqa.consensus.labels._error_models import Competence
from labelqa.consensus.labels._expectation_maximisation import fit_model
from labelqa.consensus.labels._result import LabelConsensus, make_result


@takes_tables()
@renamed(data="annotations")
def mace(
    annotations: Annotations | pd.DataFrame,
    *,
    classes: Sequence[Hashable] | None = None,
    gold: pd.DataFrame | None = None,
    pred_probs: pd.DataFrame | None = None,
    n_iterations: int = 1000,
    tolerance: float = 1e-9,
) -> LabelConsensus:
    """The most likely truth where some annotators know and others click without looking.

    With the probability `competence` an annotator knows the right label, otherwise one is drawn from a habit of their
    own. It finds spammers; it cannot express that two classes look alike. It starts from the vote shares, so that there
    is nothing random and nothing to restart.

    Parameters
    ----------
    annotations, classes, gold, pred_probs, n_iterations, tolerance
        See `dawid_skene`. Without `pred_probs` all classes are equally likely beforehand.

    Returns
    -------
    LabelConsensus
        `annotators` has `competence`. The log-likelihood is the variational one, with expected logarithms.

    Raises
    ------
    TableError, OptionError
        See `dawid_skene`.

    References
    ----------
    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani, E. Hovy (2013). Learning whom to trust with MACE. NAACL.

    Examples
    --------
    >>> import pandas as pd
    >>> from labelqa.consensus import mace
    >>> said = pd.DataFrame(
    ...     [(i, who, i % 2 if who != "eve" else 1) for i in range(40) for who in ("ann", "bob", "eve")],
    ...     columns=["item_id", "annotator_id", "label"],
    ... )
    >>> mace(said).annotators.sort_values("competence")["annotator_id"].tolist()[0]
    'eve'
    """
    until = StoppingRule(n_iterations=n_iterations, tolerance=tolerance)
    crowd = make_crowd(annotations, classes=classes, gold=gold, prior=pred_probs)
    return make_result("mace", crowd, partial(fit_model, model=Competence(), until=until))
