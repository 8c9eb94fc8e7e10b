"""The table of exposure: contract, figures by hand, groups, and what a change of nothing shows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_matrix

from fmm_core.audit.accuracy import GAP
from fmm_core.audit.exposure import categories_of, exposure_table
from fmm_core.data.dataset import Attribute, Modality
from fmm_core.runs.tables import check_table

N_ITEMS = 10
CODES = np.repeat([0, 1], 20).astype(np.int16)
FLAGS = np.arange(N_ITEMS)[:, None] % 2 == [0, 1]
"""Even items are in the first category, odd ones in the second."""


def world() -> tuple[Mapping[str, np.ndarray], csr_matrix]:
    """Women chose 0, 1 and 5, men 0, 1 and 3, so 0 and 1 are the popular fifth; person 39 chose nothing.

    Before, women are shown 0 and 2, men 1 and 3; afterwards everyone is shown 0 and 4.
    """
    chosen = np.zeros((40, N_ITEMS), np.float32)
    chosen[:39, :2], chosen[:20, 5], chosen[20:39, 3] = 1, 1, 1
    before = np.where(CODES[:, None] == 0, [0, 2], [1, 3]).astype(np.int32)
    after = np.tile(np.array([0, 4], np.int32), (40, 1))
    popular = np.tile(np.array([0, 1], np.int32), (40, 1))
    return {"popularity": popular, "base": before, "mitigated": after}, csr_matrix(chosen)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return exposure_table(*world(), {"gender": Attribute(("women", "men"), CODES)}, FLAGS, (1, 2), seed=0)


def row(table: pd.DataFrame, metric: str, model: str, group: str = "everyone", k: int = 2) -> pd.Series:
    chosen = (table["metric"] == metric) & (table["model"] == model) & (table["group"] == group) & (table["k"] == k)
    [place] = np.flatnonzero(chosen)
    return table.iloc[place]


def test_it_keeps_the_contract(table: pd.DataFrame) -> None:
    check_table("audit/exposure.csv", table)
    assert not table.duplicated(["model", "metric", "k", "attribute", "group"]).any()
    others = table["model"] != "mitigated"
    assert table.loc[others, ["paired_difference", "pd_low", "pd_high"]].isna().all(axis=None)


def test_popular_share_by_hand(table: pd.DataFrame) -> None:
    assert row(table, "popular_share", "popularity").value == 1
    assert row(table, "popular_share", "base").value == 0.5
    assert row(table, "popular_share", "base", k=1).value == 1
    assert row(table, "popular_share", "mitigated").paired_difference == 0
    assert row(table, "popular_share", "base", "men").n_users == 19  # the twentieth has no history
    assert row(table, "popular_share", "base", GAP).value == 0


def test_calibration_by_hand(table: pd.DataFrame) -> None:
    """Histories are one third even: a list of odd items only misses that third, a list of even ones two thirds."""
    odd = 1 / 3 * np.log((1 / 3) / (0.01 / 3)) + 2 / 3 * np.log((2 / 3) / (0.99 + 0.01 * 2 / 3))
    even = 2 / 3 * np.log((2 / 3) / (0.01 * 2 / 3)) + 1 / 3 * np.log((1 / 3) / (0.99 + 0.01 / 3))
    assert_allclose(row(table, "calibration", "base", "men").value, odd)
    assert_allclose(row(table, "calibration", "base", "women").value, even)
    change = row(table, "calibration", "mitigated", "men")
    assert_allclose([change.value, change.paired_difference, change.pd_low], [even, even - odd, even - odd])


def test_favourite_share_by_hand(table: pd.DataFrame) -> None:
    """Everybody's favourites are odd: women are shown none of them, men nothing else, afterwards nobody any."""
    assert [row(table, "favourite_share", "base", group).value for group in ("women", "men")] == [0, 1]
    assert row(table, "favourite_share", "mitigated", "men").paired_difference == -1


def test_coverage_and_gini_by_hand(table: pd.DataFrame) -> None:
    """Four of ten items before, two afterwards; two items equally often: G = ((2·9 − 11) + (2·10 − 11)) / 20 = 0.8."""
    assert row(table, "coverage", "base").value == 0.4
    assert row(table, "coverage", "mitigated").value == 0.2
    assert_allclose(row(table, "coverage", "mitigated").paired_difference, -0.2)
    assert row(table, "coverage", "base", "women").value == 0.2
    assert_allclose(row(table, "gini", "base", "women").value, 0.8)
    assert_allclose(row(table, "gini", "mitigated").value, 0.8)
    assert row(table, "gini", "mitigated").n_users == 39


def test_nothing_changed_shows_exactly_nothing() -> None:
    lists, train = world()
    same = dict(lists) | {"mitigated": lists["base"]}
    table = exposure_table(same, train, {}, FLAGS, (1, 2), seed=0)
    changes = table.loc[table["model"] == "mitigated", ["paired_difference", "pd_low", "pd_high"]]
    assert (changes == 0).all(axis=None)


def test_without_categories_there_is_no_calibration() -> None:
    table = exposure_table(*world(), {}, None, (1, 2), seed=0)
    assert set(table["metric"]) == {"popular_share", "coverage", "gini"}


def test_categories_are_the_columns_of_ones_and_zeros() -> None:
    """The third column is a year; the last item is absent and holds the mean."""
    features = np.array([[1, 0, 0.4], [1, 1, -0.4], [1, 0.5, 0]], np.float32)
    found = categories_of(Modality(features, np.array([True, True, False]), ""))
    assert found is not None
    assert found.tolist() == [[True, False], [True, True], [False, False]]


def test_features_that_are_no_categories_are_none() -> None:
    rng = np.random.default_rng(0)
    noise = Modality(rng.normal(size=(5, 3)).astype(np.float32), np.ones(5, bool), "")
    assert categories_of(noise) is None
    assert categories_of(None) is None
    assert categories_of(Modality(np.ones((5, 2), np.float32), np.zeros(5, bool), "")) is None
