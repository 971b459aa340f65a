"""Cells that learn directions of their input without a teacher."""

from __future__ import annotations

import pickle
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from unittest import SkipTest

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.utils.estimator_checks import estimator_checks_generator
from tolerances import METHOD

import spikelearn as sl
from spikelearn.errors import SpikelearnError
from spikelearn.learning import COMPONENTS, FirstComponent, NonlinearHebb, SimilarityMatching
from spikelearn.learning.components import GRADED

every_rule = pytest.mark.parametrize("rule", COMPONENTS)


def gaussian(seed: int, n: int = 1000) -> np.ndarray:
    """Ten features, not centred, three directions of which have most of the variance: 3, 2.5 and 2 deviations."""
    generator = np.random.default_rng([seed, 7])
    deviations = np.array([3.0, 2.5, 2.0, 1.2, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3])
    rotation = np.linalg.qr(generator.normal(size=(10, 10)))[0]
    return generator.normal(size=(n, 10)) * deviations @ rotation + 5.0


def mixed(seed: int, n: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """Ten mixtures of nine Gaussian sources and a sparse one, of Laplace's distribution, and that one."""
    generator = np.random.default_rng([seed, 8])
    sources = generator.normal(size=(n, 10))
    sources[:, 0] = generator.laplace(size=n)
    return sources @ generator.normal(size=(10, 10)), sources[:, 0]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b))


def largest_angle(found: np.ndarray, wanted: np.ndarray) -> float:
    """Between the spaces of the rows, in degrees."""
    return float(np.degrees(subspace_angles(found.T, wanted.T)).max())


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_ojas_rule_finds_the_first_principal_component_with_length_1(seed):
    X = gaussian(seed)
    learner = FirstComponent(seed=seed).fit(X)
    assert cosine(learner.components_[0], PCA(1).fit(X).components_[0]) >= 0.95
    assert np.linalg.norm(learner.filters()[0]) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_similarity_matching_finds_the_space_of_the_first_three_and_cells_without_inhibition_one_direction(seed):
    X = gaussian(seed)
    wanted = PCA(3).fit(X).components_
    assert largest_angle(SimilarityMatching(n_components=3, seed=seed).fit(X).components_, wanted) <= 15.0
    first, *others = FirstComponent(n_components=3, seed=seed).fit(X).components_
    assert all(cosine(first, other) > 0.99 for other in others)


def test_similarity_matching_finds_it_in_digits_too():
    X = load_digits().data
    assert largest_angle(SimilarityMatching(3, epochs=3).fit(X).components_, PCA(3).fit(X).components_) <= 15.0


def test_what_is_found_is_in_the_correlations_of_features():
    """With each feature shuffled among the examples, a tenth of the variance is all that a direction can have."""
    X = gaussian(1)
    shuffled = np.random.default_rng(1).permuted(X, axis=0)
    first, space = PCA(1).fit(X).components_[0], PCA(3).fit(X).components_
    assert cosine(FirstComponent().fit(shuffled).components_[0], first) < 0.8
    assert largest_angle(SimilarityMatching(3).fit(shuffled).components_, space) > 30.0


def correlation(learner: object, seed: int) -> float:
    X, source = mixed(seed)
    return float(abs(np.corrcoef(learner.fit(X).transform(X)[:, 0], source)[0, 1]))


def test_nonlinear_hebb_finds_the_sparse_source_and_linear_hebb_does_not():
    """Nine of ten seeds; of whitened input all directions are alike to what knows only variances."""
    seeds, how = range(1, 11), {"epochs": 6, "decay": 0.7}
    assert np.sum([correlation(NonlinearHebb(seed=seed, **how), seed) >= 0.9 for seed in seeds]) >= 9
    assert np.sum([correlation(LinearHebb(seed=seed, **how), seed) >= 0.9 for seed in seeds]) <= 2


@dataclass(eq=False, repr=False)
class LinearHebb(FirstComponent):
    """Oja's rule, of whitened input."""

    whitens = True


class PlainParameters(NamedTuple):
    eta: sl.units.number = 0.01
    tau_x: sl.units.ms = 1000.0
    W_min: sl.units.weight = -1e12
    W_max: sl.units.weight = 1e12


def plain(weight, x, y, eta):
    return weight + eta * y * x


PlainHebb = sl.StepRule(
    "PlainHebb", PlainParameters, plain, lambda p, dt: {"eta": p.eta}, pre=(sl.Trace("x", "tau_x", "set"),),
    reads=("y",),
)  # fmt: skip


@dataclass(eq=False, repr=False)
class WithoutDecay(FirstComponent):
    def connect(self, net, inputs, weights):
        cells = net.population(weights.shape[1], sl.LinearRate(), name="cells")
        return cells, [net.connect(inputs, cells, "exc", weight=weights, plasticity=PlainHebb(), **GRADED)]


def test_without_the_decay_of_ojas_rule_weights_grow_without_bound():
    X = gaussian(1)
    once, twice = (np.linalg.norm(WithoutDecay(epochs=n).fit(X).filters()) for n in (1, 2))
    assert once > 10.0 and twice > 10.0 * once


@every_rule
def test_what_cells_say_is_the_product_with_their_components(rule):
    """Of similarity matching up to what is left after 38 steps of settling, with eigenvalues of M from about 0.6."""
    X = gaussian(3, 300)
    learner = clone(COMPONENTS[rule]).set_params(epochs=4).fit(X)
    said = learner.transform(X)
    METHOD(1, 1.0, 1e-3).check(said, (X - learner.mean_) @ learner.components_.T)
    assert said.std(axis=0).min() > 0.1


@every_rule
def test_one_and_two_threads_give_the_same_components(rule):
    X = gaussian(1, 50)
    one, two = (clone(COMPONENTS[rule]).set_params(epochs=2, threads=n).fit(X) for n in (1, 2))
    np.testing.assert_array_equal(one.components_, two.components_)


@every_rule
def test_a_copy_by_pickle_goes_on_bit_for_bit_and_transforming_changes_nothing(rule):
    X = gaussian(1, 50)
    learner = clone(COMPONENTS[rule]).partial_fit(X)
    copy = pickle.loads(pickle.dumps(learner))
    learner.transform(X)
    np.testing.assert_array_equal(learner.components_, copy.components_)
    np.testing.assert_array_equal(learner.partial_fit(X).components_, copy.partial_fit(X).components_)


@every_rule
def test_scikit_learn_finds_a_transformer(rule):
    learner = clone(COMPONENTS[rule]).set_params(n_components=1, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that are skipped
        checks = [check for _, check in estimator_checks_generator(learner)]
        for check in checks:
            with suppress(SkipTest):
                check(learner)
    assert len(checks) > 30


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (FirstComponent(n_components=11), "n_components: expected at most the 10 features, got 11"),
        (FirstComponent(n_components=0), "n_components"),
        (FirstComponent(epochs=0), "epochs"),
        (FirstComponent(learning_rate=-1.0), "learning_rate: expected more than 0, got"),
        (NonlinearHebb(decay=0.0), "decay: expected more than 0, got"),
        (SimilarityMatching(lateral=0.0), "lateral: expected more than 0, got"),
    ],
)
def test_wrong_parameters_are_named(learner, message):
    with pytest.raises(SpikelearnError, match=message):
        learner.fit(gaussian(1, 20))
