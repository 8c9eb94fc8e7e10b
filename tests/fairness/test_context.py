"""What a mitigation is given: weights are checked before anything is computed."""

import math

import numpy as np
import pytest
from mitigation_contract import AGE, GENDER, context
from numpy.testing import assert_array_equal

from fmm_core.errors import ConfigError


def test_shares_are_the_weights_above_0_by_name() -> None:
    assert list(context({GENDER: 0.25, AGE: 1.0}).shares().items()) == [(AGE, 1.0), (GENDER, 0.25)]
    assert context({GENDER: 0.0, AGE: 1.0}).shares() == {AGE: 1.0}


@pytest.mark.parametrize("weight", [-0.1, 1.01, math.nan, math.inf])
def test_a_weight_that_is_no_share_is_refused(weight: float) -> None:
    with pytest.raises(ConfigError) as caught:
        context({GENDER: weight}).shares()
    assert str(caught.value) == f"weight of gender: the weight {weight:g} is out of range. Choose from 0 to 1."


def test_an_unknown_attribute_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ConfigError) as caught:
        context({"height": 0.5}).shares()
    assert str(caught.value) == "weight of height: there is no such attribute. Choose among: age, gender."
    assert caught.value.code == "config.weight_attribute"


def test_an_unknown_attribute_of_weight_0_is_no_matter() -> None:
    assert context({"height": 0.0}).shares() == {}


def test_an_attribute_that_only_one_trained_group_disclosed_is_left_out() -> None:
    women = context({}).codes[GENDER] == 1
    assert context({GENDER: 1.0}, undisclosed=women).shares() == {}
    assert context({GENDER: 1.0}, untrained=women).shares() == {}


def test_trained_are_those_with_interactions() -> None:
    nobody = np.arange(400) % 5 == 0
    assert_array_equal(context({}, untrained=nobody).trained, ~nobody)
