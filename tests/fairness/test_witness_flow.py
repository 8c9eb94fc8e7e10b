"""Witness flow: planted leaks are gone for attackers that had no part in it, from both sides and no further."""

import weakref

import numpy as np
import pytest
import torch
from mitigation_contract import AGE, GENDER, OthersKept, ShareContract, attack, context
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import StandardScaler

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.flow import _Attackers
from fmm_core.fairness.specs import FlowConfig, RepairConfig
from fmm_core.metrics.ranking import top_k

SHORT = FlowConfig(rounds=6, features=40, perplexity=4.0)
"""Enough for what does not ask how much is hidden."""
WHOLE = FlowConfig(features=60, perplexity=4.0)


def mean_difference(user: np.ndarray, labels: np.ndarray) -> float:
    """How far the groups' out-of-fold logistic scores lie apart, in standard deviations."""
    z = StandardScaler().fit_transform(user)
    scores = cross_val_predict(LogisticRegression(), z, labels, cv=5, method="decision_function")
    return float((scores[labels == 1].mean() - scores[labels == 0].mean()) / scores.std())


class TestFlow(OthersKept, ShareContract):
    def build(self) -> Mitigation:
        return build(SHORT)

    def test_a_planted_leak_in_mean_and_covariance_falls_to_chance(self) -> None:
        given = context({GENDER: 1.0})
        labels = given.codes[GENDER]
        assert min(attack(given.base.user, labels).values()) > 0.7
        found = build(WHOLE).fit(given).user
        after = attack(found, labels)
        assert all(0.42 < value < 0.6 for value in after.values()), after
        assert np.linalg.norm(found - given.base.user) < 0.4 * np.linalg.norm(given.base.user)

    def test_two_attributes_fall_together(self) -> None:
        given = context({GENDER: 1.0, AGE: 1.0})
        found = build(WHOLE).fit(given).user
        for labels in (given.codes[GENDER], given.codes[AGE] == 0, given.codes[AGE] == 2):
            after = attack(found, labels)
            assert all(0.4 < value < 0.62 for value in after.values()), after

    def test_half_the_weight_leaves_about_half_the_difference(self) -> None:
        given = [context({GENDER: weight}) for weight in (0.0, 0.5)]
        before, half = (mean_difference(build(WHOLE).fit(each).user, each.codes[GENDER]) for each in given)
        assert half == pytest.approx(before / 2, abs=0.25)

    @pytest.mark.parametrize(("weight", "first"), [(0.8, 0.5), (0.3, 0.3)])
    def test_people_start_from_the_repair_of_their_weight_but_no_stronger_one(self, weight, first) -> None:
        hardly = FlowConfig(start=0.5, rounds=1, damping=1e-9, pull=0.0, features=40, perplexity=4.0)
        found = build(hardly).fit(context({GENDER: weight})).user
        repaired = build(RepairConfig()).fit(context({GENDER: first})).user
        assert np.abs(repaired - context({GENDER: weight}).base.user).max() > 0.1
        assert_allclose(found, repaired, atol=1e-4)

    def test_labels_that_mean_nothing_stay_unreadable(self) -> None:
        given = context({GENDER: 1.0})
        given.codes[GENDER][:] = np.random.default_rng(5).permutation(given.codes[GENDER])
        before, after = (attack(user, given.codes[GENDER]) for user in (given.base.user, build(WHOLE).fit(given).user))
        assert after["logistic"] == pytest.approx(before["logistic"], abs=0.08)

    def test_people_of_whom_nothing_is_known_stay_where_they_are(self) -> None:
        hidden = np.arange(400) % 3 == 0
        given = context({GENDER: 1.0}, undisclosed=hidden)
        found = self.build().fit(given).user
        assert_allclose(found[hidden], given.base.user[hidden], atol=1e-4)
        assert np.abs(found - given.base.user)[~hidden].max() > 0.1

    @pytest.mark.parametrize("told", [2, 8])
    def test_an_attribute_that_hardly_anybody_disclosed_is_left_alone(self, told: int) -> None:
        given = context({GENDER: 1.0, AGE: 1.0})
        given.codes[GENDER][:] = np.where(np.arange(400) < told, np.arange(400) % 2, -1)
        alone = context({AGE: 1.0})
        found, expected = (self.build().fit(each).user for each in (given, alone))
        assert np.abs(expected - alone.base.user).max() > 0.1
        assert_array_equal(found, expected)

    @pytest.mark.parametrize("groups", [3, 12])
    def test_a_few_who_disclosed_are_moved_and_nobody_else(self, groups: int) -> None:
        """In some folds nobody is left of a group, or nobody at all to judge by."""
        given = context({GENDER: 1.0})
        given.codes[GENDER][:] = np.where(np.arange(400) < 14, np.arange(400) % groups, -1)
        moved = np.abs(self.build().fit(given).user - given.base.user).max(axis=1)
        assert np.isfinite(moved).all()
        assert moved[:14].max() > 1e-3 > moved[14:].max()

    def test_a_guarded_list_changes_less(self) -> None:
        """The same leakage is taken off; lists stay more alike where the metric minds them than where it does not."""
        given = context({GENDER: 1.0})
        minds, ignores = (build(WHOLE.model_copy(update={"prior": prior})) for prior in (0.1, 100.0))
        kept = [self.shared(given, mitigation.fit(given).user) for mitigation in (minds, ignores)]
        assert kept[0] > kept[1] + 0.02

    @staticmethod
    def shared(given, user: np.ndarray) -> float:
        before, after = (top_k(each, given.train, 3).items for each in (given.base, given.base.with_user(user)))
        return float(np.mean([np.isin(a, b).mean() for a, b in zip(after, before, strict=True)]))

    def test_a_constant_dimension_stays(self) -> None:
        given = context({GENDER: 1.0})
        given.base.user[:, 2] = 3.0
        found = self.build().fit(given).user
        assert np.isfinite(found).all()
        assert_allclose(found[:, 2], 3.0, atol=0.05)

    def test_figures_of_every_round_say_how_much_is_read(self) -> None:
        seen: list[float] = []
        given = context({GENDER: 1.0}, progress=lambda _, __, **figures: seen.append(figures[GENDER]))
        build(WHOLE.model_copy(update={"start": 0.0})).fit(given)
        assert seen[0] > 1.0
        assert np.mean(seen[-5:]) < 0.35

    def test_the_world_s_random_numbers_are_left_alone(self) -> None:
        torch.manual_seed(4)
        expected = torch.rand(3)
        torch.manual_seed(4)
        self.fit({GENDER: 1.0})
        assert_array_equal(torch.rand(3), expected)

    @pytest.mark.parametrize("few", [1, 2, 3])
    def test_few_people_and_a_group_of_hardly_any(self, few: int) -> None:
        """In some rounds the whole group lies in one fold, and attackers who learn from the others know of none."""
        given = context({GENDER: 1.0}, n=30)
        given.codes[GENDER][:] = 0
        given.codes[GENDER][:few] = 1
        assert np.isfinite(build(WHOLE).fit(given).user).all()

    def test_attackers_of_one_round_are_gone_before_the_next_are_drawn(self, monkeypatch) -> None:
        made, alive = [], []
        draw = _Attackers.read

        def watched(attackers, vectors):
            alive.append(sum(each() is not None for each in made))
            found = draw(attackers, vectors)
            made.extend(map(weakref.ref, found.values()))
            return found

        monkeypatch.setattr(_Attackers, "read", watched)
        build(SHORT).fit(context({GENDER: 1.0, AGE: 1.0}))
        assert len(made) == 2 * (SHORT.rounds + 1)
        assert alive == [0] * (SHORT.rounds + 1)
