"""Several attributes with weights of their own: what each weight takes off, exactly."""

import numpy as np
import pytest
from mitigation_contract import AGE, GENDER, context
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.fairness.build import build
from fmm_core.fairness.specs import LeaceConfig
from fmm_core.types import Floats


def erased(weights: dict[str, float]) -> Floats:
    return build(LeaceConfig()).fit(context(weights)).user


def trace(vectors: Floats, name: str) -> np.ndarray:
    """Covariance of the vectors with an attribute's one-hot columns, d × groups."""
    code = context({}).codes[name]
    one_hot = (code[:, None] == np.unique(code)).astype(np.float64)
    return (vectors - vectors.mean(axis=0)).T @ (one_hot - one_hot.mean(axis=0)) / len(code)


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_a_weight_is_the_share_of_the_trace_that_goes(weight: float) -> None:
    before = trace(context({}).base.user, GENDER)
    assert_allclose(trace(erased({GENDER: weight}), GENDER), (1 - weight) * before, atol=1e-5)


def test_the_heavier_attribute_keeps_its_own_share_beside_a_lighter_one() -> None:
    after = erased({GENDER: 1.0, AGE: 0.5})
    assert_allclose(trace(after, GENDER), 0, atol=1e-5)
    together = erased({GENDER: 1.0, AGE: 1.0})
    alone = erased({GENDER: 1.0})
    assert_allclose(after, (alone + together) / 2, atol=1e-4)  # layers: half with age erased too, half without


def test_the_order_of_attributes_plays_no_part() -> None:
    assert_array_equal(erased({GENDER: 0.7, AGE: 0.4}), erased({AGE: 0.4, GENDER: 0.7}))


def test_a_small_group_is_erased_as_well() -> None:
    """Five people in two thousand: their column is thin, and a coarse tolerance on covariances passes it by."""
    given = context({GENDER: 1.0}, n=2000)
    given.codes[GENDER][:] = np.arange(2000) < 5
    after = build(LeaceConfig()).fit(given).user
    before = given.base.user[:5].mean(axis=0) - given.base.user[5:].mean(axis=0)
    assert np.abs(before).max() > 0.1
    assert_allclose(after[:5].mean(axis=0), after[5:].mean(axis=0), atol=1e-4)
