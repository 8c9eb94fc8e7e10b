"""No mitigation: the base, whatever the weights."""

import pytest
from mitigation_contract import GENDER, MitigationContract, context
from numpy.testing import assert_array_equal

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.specs import NoneConfig


class TestNone(MitigationContract):
    def build(self) -> Mitigation:
        return build(NoneConfig())

    @pytest.mark.parametrize("weight", [0.5, 1.0, 7.0])
    def test_weights_do_nothing(self, weight: float) -> None:
        assert_array_equal(self.fit({GENDER: weight}).user, context({}).base.user)
