"""Repair: a leak planted in means and covariances is gone for attackers that had no part in the method."""

from dataclasses import replace

import numpy as np
import pytest
from mitigation_contract import AGE, GENDER, StraightContract, attack, context
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.specs import RepairConfig


class TestRepair(StraightContract):
    def build(self) -> Mitigation:
        return build(RepairConfig())

    def test_a_planted_leak_in_mean_and_covariance_is_gone(self) -> None:
        given = context({GENDER: 1.0}, n=1500)
        labels = given.codes[GENDER]
        assert max(attack(given.base.user, labels).values()) > 0.8
        after = attack(self.build().fit(given).user, labels)
        assert all(0.38 < value < 0.62 for value in after.values()), after

    def test_two_attributes_are_repaired_together(self) -> None:
        given = context({GENDER: 1.0, AGE: 1.0}, n=1500)
        found = self.build().fit(given).user
        for labels in (given.codes[GENDER], given.codes[AGE] == 0, given.codes[AGE] == 2):
            after = attack(found, labels)
            assert all(0.38 < value < 0.62 for value in after.values()), after

    def test_half_the_weight_leaves_a_leak_between(self) -> None:
        before, half, whole = (
            attack(self.fit({GENDER: weight}, n=1500).user, context({}, n=1500).codes[GENDER])["quadratic"]
            for weight in (0.0, 0.5, 1.0)
        )
        assert whole + 0.05 < half < before - 0.03

    def test_labels_that_mean_nothing_stay_unreadable(self) -> None:
        """Nothing is over-corrected: after repairing shuffled labels a logistic attacker still answers at random."""
        given = context({GENDER: 1.0}, n=1500)
        given.codes[GENDER][:] = np.random.default_rng(5).permutation(given.codes[GENDER])
        after = attack(self.build().fit(given).user, given.codes[GENDER])
        assert after["logistic"] == pytest.approx(0.5, abs=0.06)

    def test_the_undisclosed_and_the_untrained_are_not_moved(self) -> None:
        hidden, untrained = np.arange(400) % 4 == 0, np.arange(400) < 10
        given = context({GENDER: 1.0}, undisclosed=hidden, untrained=untrained)
        found = self.build().fit(given).user
        still = hidden | untrained
        assert_array_equal(found[untrained], given.base.user[untrained])
        np.testing.assert_allclose(found[hidden], given.base.user[hidden], rtol=1e-6)
        assert (np.abs(found - given.base.user).max(axis=1) > 1e-3)[~still].all()

    def test_untrained_people_play_no_part(self) -> None:
        """Their vectors were never learned: whatever they hold, everyone else ends at the same place."""
        untrained = np.arange(400) < 50
        given = context({GENDER: 1.0}, untrained=untrained)
        found = self.build().fit(given).user
        given.base.user[untrained] += 100
        assert_array_equal(self.build().fit(given).user[~untrained], found[~untrained])

    def test_newcomers_are_moved_as_their_group_is_and_play_no_part(self) -> None:
        """All a group goes through is affine: what takes its others there, found by least squares, takes them too."""
        newcomers = np.arange(400) % 4 == 0
        given = context({GENDER: 0.8})
        alone = replace(given, codes={GENDER: np.where(newcomers, -1, given.codes[GENDER]).astype(np.int16)})
        found = self.build().fit(replace(given, newcomers=newcomers)).user
        before = np.column_stack([given.base.user.astype(float), np.ones(400)])
        for group in (0, 1):
            learned, later = (mask & (given.codes[GENDER] == group) for mask in (~newcomers, newcomers))
            way, *_ = np.linalg.lstsq(before[learned], found[learned], rcond=None)
            assert_allclose(found[later], before[later] @ way, atol=1e-3)
            assert (np.abs(found - given.base.user).max(axis=1) > 1e-3)[later].all()
        assert_allclose(self.build().fit(replace(alone, newcomers=newcomers)).user[~newcomers], found[~newcomers])
        given.base.user[newcomers] += 100
        assert_array_equal(self.build().fit(replace(given, newcomers=newcomers)).user[~newcomers], found[~newcomers])

    @pytest.mark.parametrize("settings", [{"band": 3}, {"band": 1000}, {"cycles": 1, "permutations": 1}])
    def test_every_setting_gives_finite_vectors(self, settings: dict[str, int]) -> None:
        given = context({GENDER: 1.0, AGE: 1.0})
        assert np.isfinite(build(RepairConfig(**settings)).fit(given).user).all()

    def test_a_group_smaller_than_the_space_is_repaired_too(self) -> None:
        given = context({GENDER: 1.0})
        given.codes[GENDER][:] = (np.arange(400) < 4).astype(np.int16)
        assert np.isfinite(self.build().fit(given).user).all()
