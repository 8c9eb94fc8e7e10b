"""AL, CAL and FairGo: the contract, and what is particular to each."""

import numpy as np
import pytest
import torch
from mitigation_contract import AGE, GENDER, ItemsKept, StrengthContract, context
from numpy.testing import assert_allclose, assert_array_equal

from fmm_core.fairness.build import build
from fmm_core.fairness.cal import NormalisedFilters, some_attributes
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.fairgo import at_least_one
from fmm_core.fairness.filters import USER
from fmm_core.fairness.specs import AlConfig, CalConfig, FairGoConfig

QUICK = {"epochs": 2, "adversary_steps": 2}


class TestAl(StrengthContract):
    def build(self) -> Mitigation:
        return build(AlConfig(**QUICK, learning_rate=0.01))

    def test_users_without_interactions_stay_where_they_are(self) -> None:
        given = context({GENDER: 1.0}, untrained=np.arange(400) < 7)
        assert_array_equal(self.build().fit(given).user[:7], given.base.user[:7])


class TestCal(ItemsKept, StrengthContract):
    def build(self) -> Mitigation:
        return build(CalConfig(**QUICK))


class TestFairGo(StrengthContract):
    def build(self) -> Mitigation:
        return build(FairGoConfig(**QUICK))


def test_cal_draws_every_attribute_half_the_time_and_sometimes_none() -> None:
    rng = np.random.default_rng(0)
    drawn = [some_attributes(rng, 3) for _ in range(4000)]
    for place in range(3):
        assert abs(np.mean([place in each for each in drawn]) - 0.5) < 0.03
    assert abs(np.mean([len(each) == 0 for each in drawn]) - 1 / 8) < 0.02


def test_fairgo_draws_every_set_but_the_empty_one_equally_often() -> None:
    rng = np.random.default_rng(0)
    drawn = [tuple(at_least_one(rng, 2)) for _ in range(3000)]
    shares = {each: drawn.count(each) / 3000 for each in set(drawn)}
    assert shares.keys() == {(0,), (1,), (0, 1)}
    assert all(abs(share - 1 / 3) < 0.03 for share in shares.values())


def test_cals_filters_end_in_a_normalisation_and_are_averaged() -> None:
    given = context({})
    model = NormalisedFilters(given.base, 2, seed=0)
    rows = torch.arange(50)
    parts = [(part - part.mean(dim=0)) / (part.var(dim=0, correction=0) + 1e-5).sqrt()
             for part in model.filters.each(model.user[rows], USER, [0, 1])]  # fmt: skip
    assert_allclose(model.users(rows, [0, 1]).detach(), torch.stack(parts).mean(dim=0).detach(), atol=1e-5)


def test_cal_without_a_drawn_attribute_shows_the_vectors_as_they_are() -> None:
    given = context({})
    model = NormalisedFilters(given.base, 2, seed=0)
    assert_array_equal(model.users(torch.arange(400), []), given.base.user)


@pytest.mark.parametrize("config", [AlConfig, CalConfig, FairGoConfig])
def test_several_attributes_and_both_forms_run(config: type) -> None:
    for form in ("ours", "paper"):
        found = build(config(**QUICK, form=form)).fit(context({GENDER: 0.5, AGE: 1.0}))
        assert np.isfinite(found.user).all()
        assert np.isfinite(found.item).all()
