"""With no effect the verdict must be "helps" or "hurts" about as often as promised, and with one it must be found."""

import numpy as np
import pandas as pd
import pytest

from labelqa._kernels.intervals import holm
from labelqa._kernels.paired import items_needed, mcnemar_mid_p
from labelqa._options import Resampling
from labelqa.compare import compare_fixes
from labelqa.compare._difference import Criteria, difference
from labelqa.compare._refit import ArmOutcome

N_NULL = 1000


def criteria(margin):
    return Criteria(margin, Resampling(n_resamples=400))


def outcome(correct):
    return ArmOutcome(0, correct.astype(float), np.zeros(len(correct)))


def simulated(n_test, share_discordant, gain, settings, n_times, seed=0):
    """Give the verdicts on pairs of models that differ on a share of items; the second is better by `gain`."""
    rng = np.random.default_rng(seed)
    verdicts = []
    for _ in range(n_times):
        differs = rng.random(n_test) < share_discordant
        first = rng.random(n_test) < 0.7
        second_wins = rng.random(n_test) < 0.5 + gain / 2 / share_discordant
        first, second = np.where(differs, ~second_wins, first), np.where(differs, second_wins, first)
        verdicts.append(difference(outcome(second), outcome(first), settings).verdict)
    return pd.Series(verdicts)


@pytest.mark.parametrize(("n_test", "share_discordant"), [(1000, 0.1), (3000, 0.06)])
def test_false_alarms_are_as_rare_as_promised(n_test, share_discordant):
    settings = criteria(0.005)
    verdicts = simulated(n_test, share_discordant, 0.0, settings, N_NULL)
    alarms = verdicts.isin(["helps", "hurts"]).mean()
    assert 0.03 <= alarms <= 0.07


def test_items_needed_find_the_margin_in_four_of_five():
    settings = criteria(0.01)
    n_test = int(items_needed(0.1, 0.01))
    verdicts = simulated(n_test, 0.1, 0.01, settings, 300)
    assert 0.72 <= (verdicts == "helps").mean() <= 0.88


def test_without_difference_and_with_many_items_models_are_equivalent():
    settings = criteria(0.01)
    assert (simulated(20_000, 0.05, 0.0, settings, 50) == "equivalent").mean() > 0.95


def null_refit(seed):
    """Relabel items at random in two ways that are equally good, and score both on a new test set."""
    rng = np.random.default_rng(seed)
    n_train, n_test = 200, 200
    code = rng.integers(0, 2, n_train + n_test)
    features = pd.DataFrame(rng.normal(size=(len(code), 4)) + 0.7 * code[:, None])
    labels = pd.Series(code)
    before, after = labels[:n_train].copy(), labels[:n_train].copy()
    turned = rng.permutation(n_train)[:20]
    before[turned[:10]] = 1 - before[turned[:10]]
    after[turned[10:]] = 1 - after[turned[10:]]
    return compare_fixes(
        before, after, labels[n_train:], features=features, curves=False, n_controls=0, n_resamples=100
    )


def test_false_alarms_with_real_refits():
    results = [null_refit(seed) for seed in range(400)]
    alarms = np.mean([result.verdict in {"helps", "hurts"} for result in results])
    assert 0.03 <= alarms <= 0.07


@pytest.mark.parametrize(
    ("gained", "lost", "expected"),
    # mid-p by hand: 2 P(X <= min) - P(X = min), X binomial(n, 1/2)
    [(0, 0, 1.0), (5, 0, 2 / 32 - 1 / 32), (1, 9, 2 * 11 / 1024 - 10 / 1024), (3, 3, 2 * 42 / 64 - 20 / 64)],
)
def test_mcnemar_mid_p(gained, lost, expected):
    assert mcnemar_mid_p(gained, lost) == pytest.approx(min(expected, 1.0))
    assert mcnemar_mid_p(lost, gained) == mcnemar_mid_p(gained, lost)


def test_mcnemar_mid_p_is_statsmodels_exact_p_less_half_the_tie():
    from scipy.stats import binom
    from statsmodels.stats.contingency_tables import mcnemar

    exact = mcnemar([[0, 14], [5, 0]], exact=True).pvalue
    assert mcnemar_mid_p(14, 5) == pytest.approx(exact - binom.pmf(5, 19, 0.5))


def test_holm_is_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, 0.04, 0.03, 0.005, 0.5])
    assert np.allclose(holm(p), multipletests(p, method="holm")[1])
    with_gap = holm(np.array([0.01, np.nan, 0.04]))
    assert with_gap[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(with_gap[1])
    assert len(holm(np.array([]))) == 0
