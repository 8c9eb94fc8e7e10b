"""The accuracy tables: contract, everyone's row, paired differences by hand."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from fmm_core.audit.accuracy import EVERYONE, GAP, accuracy_tables
from fmm_core.data.dataset import Attribute
from fmm_core.runs.tables import check_table

KEYS = [("recall", 10), ("ndcg", 10), ("recall", 20)]
CODES = np.repeat([0, 1, -1], [20, 20, 5]).astype(np.int16)
WITHOUT_TEST = 3
"""A user of group 0 with no test items."""


def three_models() -> dict[str, dict[tuple[str, int], np.ndarray]]:
    """Base: 0.2 and 0.5 for the groups, 0.8 for the undisclosed; mitigated: +0.1 for the first, −0.1 for the second."""
    base = np.select([CODES == 0, CODES == 1], [0.2, 0.5], 0.8)
    after = base + np.select([CODES == 0, CODES == 1], [0.1, -0.1], 0.0)
    models = {"popularity": 0.5 * base, "base": base, "mitigated": after}
    for values in models.values():
        values[WITHOUT_TEST] = np.nan
    return {
        model: {key: values * (1 + place) / 3 for place, key in enumerate(KEYS)} for model, values in models.items()
    }


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    return accuracy_tables(three_models(), {"gender": Attribute(("women", "men"), CODES)}, seed=0)


def figures(groups: pd.DataFrame, model: str, group: str) -> pd.DataFrame:
    rows = groups[(groups["model"] == model) & (groups["group"] == group)]
    return rows.set_index(["metric", "k"]).loc[KEYS]


def test_tables_keep_the_contract(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    accuracy, groups = tables
    assert len(check_table("audit/accuracy.csv", accuracy)) == 3 * len(KEYS)
    assert len(check_table("audit/groups.csv", groups)) == 3 * len(KEYS) * 5
    assert not accuracy.duplicated(["model", "metric", "k"]).any()
    assert not groups.duplicated(["model", "metric", "k", "attribute", "group"]).any()


def test_everyone_counts_the_undisclosed_but_not_those_without_test_items(
    tables: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    accuracy, groups = tables
    everyone = figures(groups, "base", EVERYONE)
    mean = (19 * 0.2 + 20 * 0.5 + 5 * 0.8) / 44
    assert_allclose(everyone["value"], [mean / 3, 2 * mean / 3, mean])
    assert (everyone["n_users"] == 44).all()
    assert (everyone["attribute"] == "").all()
    overall = accuracy[accuracy["model"] == "base"].set_index(["metric", "k"]).loc[KEYS]
    columns = ["value", "ci_low", "ci_high", "n_users"]
    pd.testing.assert_frame_equal(overall[columns], everyone[columns])


@pytest.mark.parametrize(
    ("group", "before", "after", "n"), [("women", 0.2, 0.3, 19), ("men", 0.5, 0.4, 20), (GAP, 0.3, 0.1, 39)]
)
def test_paired_differences_by_hand(
    tables: tuple[pd.DataFrame, pd.DataFrame], group: str, before: float, after: float, n: int
) -> None:
    """Nobody differs within a group, so every resample gives the same figures and intervals have no width."""
    _, groups = tables
    scale = np.array([1, 2, 3]) / 3
    for model, value in (("base", before), ("mitigated", after)):
        rows = figures(groups, model, group)
        assert_allclose(rows["value"], value * scale)
        assert_allclose(rows[["ci_low", "ci_high"]].to_numpy(), np.column_stack([value * scale] * 2))
        assert (rows["n_users"] == n).all()
    change = figures(groups, "mitigated", group)
    assert_allclose(change["paired_difference"], (after - before) * scale)
    assert_allclose(change[["pd_low", "pd_high"]].to_numpy(), np.column_stack([(after - before) * scale] * 2))


def test_only_the_mitigated_model_has_a_paired_difference(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    _, groups = tables
    others = groups[groups["model"] != "mitigated"]
    assert others[["paired_difference", "pd_low", "pd_high"]].isna().all(axis=None)
    assert groups.loc[groups["model"] == "mitigated", "paired_difference"].notna().all()


def test_a_model_that_changed_nothing_shows_exactly_nothing() -> None:
    rng = np.random.default_rng(0)
    values = {key: rng.random(60) for key in KEYS}
    attribute = Attribute(("a", "b", "c"), (np.arange(60) % 3).astype(np.int16))
    _, groups = accuracy_tables({"popularity": values, "base": values, "mitigated": values}, {"x": attribute}, seed=0)
    changes = groups.loc[groups["model"] == "mitigated", ["paired_difference", "pd_low", "pd_high"]]
    assert (changes == 0).all(axis=None)


def test_every_interval_holds_its_figure() -> None:
    """Also that of a gap, which resampling alone would only widen."""
    rng = np.random.default_rng(1)
    random = {model: {key: rng.random(300) for key in KEYS} for model in ("popularity", "base", "mitigated")}
    attribute = Attribute(tuple("abcdef"), rng.integers(0, 6, 300).astype(np.int16))
    _, groups = accuracy_tables(random, {"x": attribute}, seed=0)
    assert ((groups["ci_low"] <= groups["value"]) & (groups["value"] <= groups["ci_high"])).all()
