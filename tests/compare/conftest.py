import numpy as np
import pandas as pd
import pytest


class World:
    """Items of three classes around three points; a third of the training labels is wrong."""

    def __init__(self, n_train=400, n_test=300, noise=0.3, apart=2.0, seed=0):
        rng = np.random.default_rng(seed)
        n = n_train + n_test
        ids = [f"i{k}" for k in range(n)]
        code = rng.integers(0, 3, n)
        centre = rng.normal(size=(3, 8))
        self.features = pd.DataFrame(centre[code] * apart + rng.normal(size=(n, 8)), index=ids)
        self.truth = pd.Series(np.array(["dent", "ok", "scratch"])[code], index=ids, dtype=object)
        self.train, self.test = ids[:n_train], ids[n_train:]
        wrong = rng.random(n_train) < noise
        self.clean = self.truth[self.train]
        self.noisy = self.clean.copy()
        # a one-sided fault: wrong labels all say "ok"
        self.noisy[wrong] = "ok"
        self.trusted = self.truth[self.test]
        self.wrong = [item for item in self.train if self.noisy[item] != self.clean[item]]


@pytest.fixture(scope="session")
def world():
    return World()


@pytest.fixture(scope="session")
def make_world():
    return World
