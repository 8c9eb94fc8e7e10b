"""What a run computes from, and what of it a mitigation may know."""

from dataclasses import replace

import numpy as np
import pytest

from fmm_core.data.dataset import Dataset
from fmm_core.data.synthetic import make
from fmm_core.errors import ConfigError
from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.inputs import choose_inputs


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return make()[0]


def settings(**changes: object) -> RunConfig:
    return make_config("synthetic", recommender="lightgcn", weights={"gender": 1.0}, **changes)


def test_whoever_discloses_nothing_has_no_label_for_a_mitigation(dataset: Dataset) -> None:
    inputs = choose_inputs(dataset, settings(disclosed=0.8))
    assert inputs.disclosed.sum() == 0.8 * dataset.n_users
    for name, attribute in inputs.told.items():
        np.testing.assert_array_equal(attribute.codes[~inputs.disclosed], -1)
        known = inputs.attributes[name].codes
        np.testing.assert_array_equal(attribute.codes[inputs.disclosed], known[inputs.disclosed])
        assert (known[~inputs.disclosed] >= 0).any()  # the audit knows


def test_labels_of_the_undisclosed_change_nothing_that_is_told(dataset: Dataset) -> None:
    config = settings(disclosed=0.6)
    hidden = ~choose_inputs(dataset, config).disclosed
    scrambled = {
        name: replace(each, codes=np.where(hidden, each.codes[::-1], each.codes).astype(np.int16))
        for name, each in dataset.attributes.items()
    }
    one, two = (choose_inputs(each, config).told for each in (dataset, replace(dataset, attributes=scrambled)))
    for name in one:
        np.testing.assert_array_equal(one[name].codes, two[name].codes)


def test_when_everybody_discloses_all_is_told(dataset: Dataset) -> None:
    inputs = choose_inputs(dataset, settings())
    assert inputs.disclosed.all()
    assert list(inputs.told) == list(inputs.attributes)
    for name, attribute in inputs.told.items():
        np.testing.assert_array_equal(attribute.codes, inputs.attributes[name].codes)


def test_too_few_who_disclose_are_said(dataset: Dataset) -> None:
    with pytest.raises(ConfigError) as error:
        choose_inputs(dataset, settings(disclosed=0.01))
    assert str(error.value) == (
        "--disclosed: among the 1 % who disclose gender, fewer than two groups have 20 people. Choose a larger share."
    )
