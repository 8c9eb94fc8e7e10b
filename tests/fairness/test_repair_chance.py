"""Repair stops at sampling noise: groups keep the differences that meaningless labels would show, no more, no less."""

from dataclasses import replace

import numpy as np
import pytest
from mitigation_contract import AGE, GENDER, context
from numpy.testing import assert_allclose
from scipy.linalg import eigh
from scipy.stats import ortho_group
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_score

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Context
from fmm_core.fairness.specs import RepairConfig
from fmm_core.types import Floats, Representations


def world(vectors: np.ndarray, codes: dict[str, np.ndarray]) -> Context:
    """These people with these groups, all weights 1."""
    given = context(dict.fromkeys(codes, 1.0), n=len(vectors))
    user = vectors.astype(np.float32)
    return replace(
        given,
        base=Representations(user, np.ones((6, user.shape[1]), np.float32)),
        codes={name: code.astype(np.int16) for name, code in codes.items()},
    )


def repaired(given: Context) -> Floats:
    return build(RepairConfig()).fit(given).user


def between(vectors: np.ndarray, code: np.ndarray) -> float:
    """Hotelling–Lawley trace × (n − C): (C − 1) d on average when the groups are drawn at random."""
    groups = np.unique(code)
    means = np.array([vectors[code == group].mean(axis=0) for group in groups], np.float64)
    left = vectors - means[code]
    pooled = left.T @ left / (len(vectors) - len(groups))
    apart = np.sqrt(np.bincount(code))[:, None] * (means - vectors.mean(axis=0))
    return float(np.trace(np.linalg.solve(pooled, apart.T @ apart)))


@pytest.mark.parametrize("sizes", [(300, 700), (150, 250, 250, 350)])
@pytest.mark.parametrize("leak", [0.0, 0.8])
def test_group_means_differ_as_random_groups_do(sizes: tuple[int, ...], leak: float) -> None:
    rng = np.random.default_rng(2)
    width, code = 40, np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.normal(size=(1000, width)) * np.geomspace(5, 0.2, width)
    vectors += leak * (rng.normal(size=(len(sizes), width)) * np.geomspace(5, 0.2, width))[code]
    by_chance = (len(sizes) - 1) * width
    if leak:
        assert between(vectors, code) > 10 * by_chance
    assert between(repaired(world(vectors, {GENDER: code})), code) == pytest.approx(by_chance, rel=0.25)


def test_groups_that_are_too_alike_are_set_to_chance_too() -> None:
    """Equal means are readable: whoever knows most labels finds the rest by turning the answers round."""
    rng = np.random.default_rng(3)
    code = np.arange(1000) % 2
    vectors = rng.normal(size=(1000, 40))
    for group in (0, 1):
        vectors[code == group] -= vectors[code == group].mean(axis=0)
    assert between(vectors, code) < 1e-6
    assert between(repaired(world(vectors, {GENDER: code})), code) == pytest.approx(40, rel=0.25)


def test_labels_that_mean_nothing_stay_unreadable_with_few_people() -> None:
    """Sizes of MovieLens-100K. Cutting differences only where they exceed chance's reads 0.48 here, turned round."""
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(943, 64))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    found = []
    for _ in range(12):
        code = rng.permutation(np.repeat([0, 1], [273, 670]))
        linear = LinearDiscriminantAnalysis()
        found.append(
            cross_val_score(linear, repaired(world(vectors, {GENDER: code})), code, cv=folds, scoring="roc_auc").mean()
        )
    assert np.mean(found) == pytest.approx(0.5, abs=0.012)


def test_shapes_are_drawn_to_what_random_groups_show() -> None:
    """One group is wide in a direction where the other is narrow; afterwards no direction tells more than chance."""
    rng = np.random.default_rng(5)
    code = np.arange(2000) % 2
    vectors = rng.normal(size=(2000, 10))
    vectors[:, 0] *= np.where(code == 1, 2.0, 0.5)

    def widest(points: np.ndarray, labels: np.ndarray) -> float:
        """Largest generalised eigenvalue of the two groups' covariances: the ratio of variances at its worst."""
        return float(eigh(np.cov(points[labels == 1].T), np.cov(points[labels == 0].T), eigvals_only=True)[-1])

    after = repaired(world(vectors, {GENDER: code})).astype(np.float64)
    by_chance = [widest(after, rng.permutation(code)) for _ in range(200)]
    assert widest(vectors, code) > 10
    assert widest(after, code) < np.quantile(by_chance, 0.99)


def test_turning_the_space_turns_the_result() -> None:
    """No axis is special: only distances count."""
    given = context({GENDER: 1.0, AGE: 0.5})
    turn = ortho_group.rvs(given.base.user.shape[1], random_state=6)
    turned = replace(given, base=given.base.with_user((given.base.user @ turn).astype(np.float32)))
    assert_allclose(repaired(turned), repaired(given) @ turn, atol=1e-3)


def test_another_seed_draws_other_permutations_but_hardly_moves_the_result() -> None:
    first, other = (repaired(context({GENDER: 1.0}, seed=seed)) for seed in (0, 1))
    base = context({}).base.user
    assert not np.array_equal(first, other)
    assert np.linalg.norm(first - other) < 0.2 * np.linalg.norm(first - base)
