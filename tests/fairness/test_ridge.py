"""Ridge filter: planted leaks are gone for attackers that had no part in it; its parts against independent sums."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from mitigation_contract import AGE, GENDER, ItemsKept, OthersKept, StrengthContract, attack, context
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from torch import Generator

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.features import standardise
from fmm_core.fairness.ridge import FURTHER, OPPONENTS, Correction, RidgeFilter, one_hot, read_out
from fmm_core.fairness.specs import RepairConfig, RidgeConfig

SHORT = RidgeConfig(steps=40, features=40)
"""Enough for what does not ask how much is hidden."""


def numbers(n: int, m: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, m)))


def centred_labels(n: int, classes: int, seed: int = 0) -> torch.Tensor:
    codes = np.random.default_rng(seed).permutation(np.arange(n) % classes)
    labels = one_hot(codes).double()
    return labels - labels.mean(dim=0)


class TestRidgeFilter(ItemsKept, OthersKept, StrengthContract):
    def build(self) -> Mitigation:
        return build(SHORT)

    @pytest.mark.parametrize("sees_attribute", [True, False])
    def test_a_planted_leak_in_mean_and_covariance_falls_to_chance(self, sees_attribute: bool) -> None:
        given = context({GENDER: 2.0})
        labels = given.codes[GENDER]
        assert min(attack(given.base.user, labels).values()) > 0.7
        found = build(RidgeConfig(sees_attribute=sees_attribute)).fit(given).user
        after = attack(found, labels)
        assert all(0.42 < value < 0.6 for value in after.values()), after
        assert np.linalg.norm(found - given.base.user) < 0.2 * np.linalg.norm(given.base.user)

    def test_two_attributes_fall_together(self) -> None:
        given = context({GENDER: 2.0, AGE: 2.0})
        found = build(RidgeConfig()).fit(given).user
        for labels in (given.codes[GENDER], given.codes[AGE] == 0, given.codes[AGE] == 2):
            after = attack(found, labels)
            assert all(0.4 < value < 0.62 for value in after.values()), after

    def test_a_weight_as_large_as_they_get_does_not_turn_guessing_round(self) -> None:
        """Drawn to zero instead of chance, the logistic attacker ends at 0.31, the quadratic one at 0.20."""
        given = context({GENDER: 100.0})
        after = attack(build(RidgeConfig()).fit(given).user, given.codes[GENDER])
        assert min(after.values()) > 0.42, after

    def test_labels_that_mean_nothing_stay_unreadable(self) -> None:
        given = context({GENDER: 1.0})
        given.codes[GENDER][:] = np.random.default_rng(5).permutation(given.codes[GENDER])
        before, after = (attack(user, given.codes[GENDER]) for user in (given.base.user, self.build().fit(given).user))
        assert after["logistic"] == pytest.approx(before["logistic"], abs=0.06)

    def test_more_weight_moves_people_further(self) -> None:
        base = context({}).base.user
        moved = [np.linalg.norm(self.fit({GENDER: weight}).user - base) for weight in (0.1, 0.5, 2.0)]
        assert moved[0] < 0.8 * moved[1] < 0.8 * moved[2]

    def test_a_tie_holds_everyone_where_they_were(self) -> None:
        given = context({GENDER: 1.0})
        held, loose = (
            build(SHORT.model_copy(update={"start": 0.0, "tie": tie})).fit(given).user for tie in (1e6, SHORT.tie)
        )
        assert np.linalg.norm(held - given.base.user) < 0.1 * np.linalg.norm(loose - given.base.user)

    @pytest.mark.parametrize("weight", [0.3, 2.0])
    def test_people_start_from_the_repair_of_their_weight_but_no_stronger_one(self, weight: float) -> None:
        held = build(SHORT.model_copy(update={"learning_rate": 1e-8})).fit(context({GENDER: weight})).user
        repaired = build(RepairConfig()).fit(context({GENDER: min(weight, SHORT.start)})).user
        assert np.abs(repaired - context({GENDER: weight}).base.user).max() > 0.1
        assert_allclose(held, repaired, atol=1e-4)

    def test_a_map_that_sees_no_attribute_starts_where_people_are(self) -> None:
        given = context({GENDER: 1.0})
        held = build(SHORT.model_copy(update={"learning_rate": 1e-8, "sees_attribute": False})).fit(given).user
        assert_allclose(held, given.base.user, atol=1e-4)

    def test_people_who_join_later_are_moved_without_being_learned_from(self) -> None:
        newcomers = np.arange(400) % 3 == 0
        given = replace(context({GENDER: 2.0}), newcomers=newcomers)
        labels = given.codes[GENDER][newcomers]
        before = attack(given.base.user[newcomers], labels)
        after = attack(build(RidgeConfig()).fit(given).user[newcomers], labels)
        assert all(after[name] < before[name] - 0.08 for name in before), (before, after)

    def test_newcomers_of_whom_nothing_is_known_go_further(self, monkeypatch: pytest.MonkeyPatch) -> None:
        newcomers = np.arange(400) % 3 == 0
        given = replace(context({GENDER: 1.0}), newcomers=newcomers)
        config = SHORT.model_copy(update={"sees_attribute": False})
        further = build(config).fit(given).user - given.base.user
        monkeypatch.setattr("fmm_core.fairness.ridge.FURTHER", 1.0)
        plain = build(config).fit(given).user - given.base.user
        assert_allclose(further[newcomers], FURTHER * plain[newcomers], atol=1e-5)
        assert_allclose(further[~newcomers], plain[~newcomers], atol=1e-6)

    def test_a_second_map_for_newcomers_learns_from_people_the_first_had_not_seen(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newcomers = np.arange(400) % 3 == 0
        maps = []
        once = RidgeFilter._moved

        def watched(ridge, given, strengths, start):
            found = once(ridge, given, strengths, start)
            maps.append((given, found.user.copy()))
            return found

        monkeypatch.setattr(RidgeFilter, "_moved", watched)
        found = build(SHORT).fit(replace(context({GENDER: 1.0}), newcomers=newcomers)).user
        (_, first), *others, (last, second) = maps
        left_out = np.array([~newcomers & ~each.learned for each, _ in others])
        assert_array_equal(left_out.sum(axis=0), ~newcomers)  # everyone who is learned from, once
        for part, (_, moved) in zip(left_out, others, strict=True):
            assert_array_equal(last.base.user[part], moved[part])
        assert_array_equal(last.base.user[newcomers], first[newcomers])
        assert_array_equal(last.learned, ~newcomers)
        assert_array_equal(found, np.where(newcomers[:, None], second, first))

    @pytest.mark.parametrize("told", [1, 2, 3])
    def test_newcomers_beside_few_who_disclosed(self, told: int) -> None:
        """A map that is kept from some of the few may be left with one group, or with nobody."""
        newcomers = np.arange(400) % 3 == 0
        given = replace(context({GENDER: 1.0}), newcomers=newcomers)
        code = given.codes[GENDER]
        silent = [np.flatnonzero(~newcomers & (code == group))[told:] for group in (0, 1)]
        code[np.concatenate(silent)] = -1
        assert np.isfinite(self.build().fit(given).user).all()

    def test_people_of_whom_nothing_is_known_are_moved_less(self) -> None:
        hidden = np.arange(400) % 3 == 0
        given = context({GENDER: 1.0}, undisclosed=hidden)
        moved = np.linalg.norm(self.build().fit(given).user - given.base.user, axis=1)
        assert moved[hidden].mean() < moved[~hidden].mean()

    def test_what_the_undisclosed_are_is_not_learned_from(self) -> None:
        """Two thirds disclose one thing, everyone the other: the leak of those who disclosed falls all the same."""
        hidden = np.arange(400) % 3 == 0
        given = context({GENDER: 2.0, AGE: 1.0}, undisclosed=hidden)
        found = build(RidgeConfig()).fit(given).user
        after = attack(found[~hidden], given.codes[GENDER][~hidden])
        assert all(0.38 < value < 0.63 for value in after.values()), after

    def test_a_map_that_sees_no_attribute_moves_equal_vectors_equally(self) -> None:
        given = context({GENDER: 1.0})
        given.base.user[1] = given.base.user[0]
        given.codes[GENDER][:2] = (0, 1)
        seeing = build(SHORT).fit(given).user
        blind = build(SHORT.model_copy(update={"sees_attribute": False})).fit(given).user
        assert_allclose(blind[0], blind[1], atol=1e-5)
        assert np.abs(seeing[0] - seeing[1]).max() > 0.01

    def test_a_constant_dimension_and_a_steep_learning_rate_stay_finite(self) -> None:
        given = context({GENDER: 1.0})
        given.base.user[:, 2] = 3.0
        found = build(RidgeConfig(steps=30, learning_rate=1.0)).fit(given).user
        assert np.isfinite(found).all()
        assert_allclose(found[:, 2], 3.0, atol=1e-4)

    def test_the_world_s_random_numbers_are_left_alone(self) -> None:
        torch.manual_seed(4)
        expected = torch.rand(3)
        torch.manual_seed(4)
        self.fit({GENDER: 1.0})
        assert_array_equal(torch.rand(3), expected)


def test_the_filter_starts_as_the_identity() -> None:
    vectors = numbers(20, 5).float()
    correction = Correction(vectors, one_hot(np.arange(20) % 2), 7, Generator().manual_seed(0))
    with torch.no_grad():
        assert_array_equal(correction(), np.zeros((20, 5)))


def test_undisclosed_people_have_no_group() -> None:
    assert_array_equal(one_hot(np.array([4, -1, 2, 4])), [[0, 1], [0, 0], [1, 0], [0, 1]])


def test_a_read_out_explains_what_scikit_learn_s_ridge_does() -> None:
    features, targets, ridge = numbers(30, 4), centred_labels(30, 3), 2.5
    model = Ridge(alpha=ridge).fit(features, targets)
    error = ((targets - model.predict(features)) ** 2).sum() + ridge * (model.coef_**2).sum()
    (explained,), _ = read_out(features, ridge, (targets,))
    assert float(explained) == pytest.approx(1 - error / (targets**2).sum())


def test_one_solve_reads_several_attributes_as_if_each_were_alone() -> None:
    features, targets = numbers(30, 4), (centred_labels(30, 2, 1), centred_labels(30, 3, 2))
    together, _ = read_out(features, 1.0, targets)
    alone = [read_out(features, 1.0, (target,))[0][0] for target in targets]
    assert_allclose([float(share) for share in together], [float(share) for share in alone])


@pytest.mark.parametrize("ridge", [0.01, 1.0, 30.0])
def test_chance_is_the_mean_over_all_permutations_of_the_labels(ridge: float) -> None:
    features, targets = numbers(6, 3), centred_labels(6, 3)
    shares = [
        float(read_out(features, ridge, (targets[list(order)],))[0][0]) for order in permutations(range(len(targets)))
    ]
    assert read_out(features, ridge, (targets,))[1] == pytest.approx(np.mean(shares), rel=1e-6)


def test_the_gradient_is_that_of_the_closed_form() -> None:
    """Against a hat matrix differentiated as a whole, solve included."""
    features, targets, ridge = numbers(15, 4).requires_grad_(), centred_labels(15, 2), 0.7
    (explained,), _ = read_out(features, ridge, (targets,))
    (found,) = torch.autograd.grad(explained, features)
    phi = features - features.mean(dim=0)
    hat = phi @ torch.linalg.inv(phi.T @ phi + ridge * torch.eye(4).double()) @ phi.T
    share = (targets * (hat @ targets)).sum() / targets.square().sum()
    (expected,) = torch.autograd.grad(share, features)
    assert explained.item() == pytest.approx(share.item())
    assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("opponent", OPPONENTS)
def test_opponents_are_drawn_anew(opponent) -> None:
    z, random = standardise(numbers(40, 6).float()), Generator().manual_seed(0)
    (first, penalty), (second, other) = opponent(z, 10, random), opponent(z, 10, random)
    assert first.shape[0] == 40
    assert penalty != other
    assert opponent is OPPONENTS[0] or not torch.allclose(first, second)
