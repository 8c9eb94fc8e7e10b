"""Groups within groups: who is in which, against fairlearn, and who is left out."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from numpy.testing import assert_allclose

from fmm_core.audit.accuracy import GAP, LEFT_OUT, RATIO, accuracy_tables, crossed_names
from fmm_core.audit.crossing import crossings
from fmm_core.data.dataset import Attribute
from fmm_core.runs.tables import check_table

KEYS = [("recall", 20), ("ndcg", 20), ("precision", 20)]
GENDER = Attribute(("women", "men"), np.repeat([0, 1, -1], [60, 60, 10]).astype(np.int16))
AGE = Attribute(
    ("young", "old"), np.r_[np.repeat([0, 1], [45, 15]), np.repeat([0, 1], [35, 25]), [0] * 10].astype(np.int16)
)
NAME = "gender × age"


def test_small_groups_are_left_out_and_counted() -> None:
    """Old women are 15; the ten who kept their gender to themselves are in no crossing."""
    [found] = crossings({"gender": GENDER, "age": AGE}, np.ones(130, bool))
    assert found.name == NAME
    assert found.attribute.groups == ("women × young", "men × young", "men × old")
    assert found.attribute.counts.tolist() == [45, 35, 25]
    assert found.left_out == 15


def test_only_people_with_a_figure_make_a_group_large_enough() -> None:
    judged = np.ones(130, bool)
    judged[95:101] = False  # six of the 25 old men
    [found] = crossings({"gender": GENDER, "age": AGE}, judged)
    assert found.attribute.groups == ("women × young", "men × young")
    assert found.left_out == 15 + 19


def test_every_two_attributes_are_crossed_and_one_group_is_no_comparison() -> None:
    hand = Attribute(("right", "left"), (np.arange(130) % 2).astype(np.int16))
    alone = Attribute(("here", "there"), np.repeat([0, 1, -1], [30, 5, 95]).astype(np.int16))
    attributes = {"gender": GENDER, "hand": hand, "place": alone}
    assert [each.name for each in crossings(attributes, np.ones(130, bool))] == ["gender × hand"]


@pytest.fixture(scope="module")
def values() -> Mapping[str, Mapping[tuple[str, int], np.ndarray]]:
    rng = np.random.default_rng(0)
    models = {model: {key: rng.random(130) for key in KEYS} for model in ("popularity", "base", "mitigated")}
    for of in models.values():
        for column in of.values():
            column[3] = np.nan
    return models


@pytest.fixture(scope="module")
def groups(values: Mapping[str, Mapping[tuple[str, int], np.ndarray]]) -> pd.DataFrame:
    return accuracy_tables(values, {"gender": GENDER, "age": AGE}, seed=0)[1]


def test_the_table_keeps_its_contract(groups: pd.DataFrame) -> None:
    check_table("audit/groups.csv", groups)
    assert not groups.duplicated(["model", "metric", "k", "attribute", "group"]).any()
    assert set(groups.loc[groups["attribute"] == NAME, "metric"]) == {"recall", "ndcg"}
    assert crossed_names(list(dict.fromkeys(groups["attribute"]))) == {NAME}


@pytest.mark.parametrize("names", [("gender",), ("age",), ("gender", "age")])
@pytest.mark.parametrize("model", ["base", "mitigated"])
def test_figures_equal_fairlearn(
    groups: pd.DataFrame,
    values: Mapping[str, Mapping[tuple[str, int], np.ndarray]],
    names: tuple[str, ...],
    model: str,
) -> None:
    """Means, gap and ratio of one attribute and of both; fairlearn is given the people of the large groups."""
    columns = {"gender": GENDER, "age": AGE}
    labels = pd.DataFrame({name: np.array([*columns[name].groups, ""])[columns[name].codes] for name in names})
    there = (labels != "").all(axis=1).to_numpy() & (np.arange(130) != 3)
    joined = labels.agg(" × ".join, axis=1)
    there &= (joined != "women × old").to_numpy()
    oracle = MetricFrame(
        metrics=lambda _, predicted: float(np.mean(predicted)),
        y_true=np.zeros(there.sum()),
        y_pred=values[model]["recall", 20][there],
        sensitive_features=labels[there],
    )
    rows = groups[(groups["attribute"] == " × ".join(names)) & (groups["model"] == model)]
    found = rows[rows["metric"] == "recall"].set_index("group")
    for key, mean in oracle.by_group.dropna().items():
        group = " × ".join(key) if isinstance(key, tuple) else key
        assert_allclose(found.loc[group, "value"], mean, atol=1e-11)
        assert found.loc[group, "n_users"] == (joined[there] == group).sum()
    assert_allclose(found.loc[GAP, "value"], oracle.difference(), atol=1e-11)
    assert_allclose(found.loc[RATIO, "value"], oracle.ratio(), atol=1e-11)


def test_paired_change_of_a_crossing_is_the_mean_change_of_its_people(
    groups: pd.DataFrame, values: Mapping[str, Mapping[tuple[str, int], np.ndarray]]
) -> None:
    change = values["mitigated"]["ndcg", 20] - values["base"]["ndcg", 20]
    old_men = (GENDER.codes == 1) & (AGE.codes == 1)
    rows = groups[(groups["attribute"] == NAME) & (groups["model"] == "mitigated") & (groups["metric"] == "ndcg")]
    row = rows.set_index("group").loc["men × old"]
    assert_allclose(row["paired_difference"], change[old_men].mean(), atol=1e-11)
    assert row["pd_low"] < row["paired_difference"] < row["pd_high"]


def test_the_left_out_stand_in_the_table_without_a_figure(groups: pd.DataFrame) -> None:
    rows = groups[groups["group"] == LEFT_OUT]
    assert set(rows["attribute"]) == {NAME}
    assert (rows["n_users"] == 15).all()
    assert rows[["value", "ci_low", "ci_high", "paired_difference"]].isna().all(axis=None)
