"""LEACE: no straight line tells the groups apart any more, not even one fitted and judged on the same people."""

import numpy as np
import pytest
from mitigation_contract import AGE, GENDER, StraightContract, attack, context
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.specs import LeaceConfig


def probe_gain(vectors: np.ndarray, labels: np.ndarray) -> float:
    """How much better than always naming the groups' shares a logistic probe does on the people it was fitted on."""
    standard = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    probe = LogisticRegression(C=1e6, tol=1e-8, max_iter=2000).fit(standard, labels)
    shares = np.bincount(labels) / len(labels)
    guess = np.broadcast_to(shares, (len(labels), len(shares)))
    return float(log_loss(labels, guess) - log_loss(labels, probe.predict_proba(standard)))


class TestLeace(StraightContract):
    def build(self) -> Mitigation:
        return build(LeaceConfig())

    @pytest.mark.parametrize("name", [GENDER, AGE])
    def test_a_linear_probe_judged_on_its_own_people_cannot_beat_guessing(self, name: str) -> None:
        given = context({name: 1.0})
        assert probe_gain(given.base.user, given.codes[name]) > 0.05
        assert probe_gain(self.build().fit(given).user, given.codes[name]) < 1e-6

    def test_several_attributes_are_erased_together(self) -> None:
        given = context({GENDER: 1.0, AGE: 1.0})
        found = self.build().fit(given).user
        for name in (GENDER, AGE):
            assert probe_gain(found, given.codes[name]) < 1e-6, name

    def test_the_undisclosed_are_moved_by_the_same_map_and_say_nothing(self) -> None:
        """Their labels are not used: the disclosed are erased exactly. The map is affine, so it serves everyone."""
        hidden = np.arange(400) % 4 == 0
        given = context({GENDER: 1.0}, undisclosed=hidden)
        found = self.build().fit(given).user
        assert probe_gain(found[~hidden], given.codes[GENDER][~hidden]) < 1e-6
        design = np.column_stack([given.base.user, np.ones(400)]).astype(np.float64)
        affine, *_ = np.linalg.lstsq(design[~hidden], found[~hidden], rcond=None)
        assert_allclose(found[hidden], design[hidden] @ affine, atol=1e-3)

    def test_what_is_not_linear_stays(self) -> None:
        """Erasure is not repair: the covariances still differ, and a quadratic attacker reads them."""
        given = context({GENDER: 1.0}, n=1500)
        after = attack(self.build().fit(given).user, given.codes[GENDER])
        assert after["logistic"] < 0.55
        assert after["quadratic"] > 0.7
