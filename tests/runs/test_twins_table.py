"""The table of twins: on the made-up people it finds what is planted, and says how the vectors came about."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fmm_core.data import synthetic
from fmm_core.fairness.build import build
from fmm_core.fairness.context import Context
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.metrics.ranking import recall_at
from fmm_core.recommenders.base import fold_in
from fmm_core.runs.config import make_config
from fmm_core.runs.inputs import Inputs, choose_inputs
from fmm_core.runs.tables import check_table
from fmm_core.runs.twins import twins_table
from fmm_core.types import Mitigated, Representations, silent


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    dataset, _ = synthetic.make()
    config = make_config("synthetic", recommender="lightgcn", preset="quick", attributes=("gender", "handedness"))
    return choose_inputs(dataset, config)


@pytest.fixture(scope="module")
def base(inputs: Inputs) -> Representations:
    """Implicit feedback in closed form stands for any recommender: leading directions of the interactions."""
    train = inputs.split.train.toarray()
    _, values, right = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    item = (right[:16].T * np.sqrt(values[:16] / values[0])).astype(np.float32)
    found = Representations(np.zeros((len(train), 16), np.float32), item)
    return found.with_user(3 * fold_in(found, inputs.split.train))


def repaired(inputs: Inputs, base: Representations, weight: float) -> Mitigated:
    parts = inputs.split
    codes = {name: attribute.codes for name, attribute in inputs.attributes.items()}
    validate = lambda found: recall_at(found, parts.train, parts.validation, 20)  # noqa: E731
    config = MITIGATIONS["repair"].presets["quick"]
    context = Context(
        parts.train, {}, base, codes, {"gender": weight}, validate, lambda _: {"gender": 0.5}, silent, seed=0
    )
    return build(config).fit(context)


def twin_rows(table: pd.DataFrame, attribute: str = "gender") -> pd.DataFrame:
    chosen = (table["attribute"] == attribute) & (table["comparison"] == "twin")
    return table[chosen].set_index(["phase", "measure"])


def test_overlap_rises_with_the_weight(inputs: Inputs, base: Representations) -> None:
    """Beyond its interval; and the map that carries the repair over is found exactly."""
    overlap = []
    for weight in (0.0, 0.5, 1.0):
        table = check_table("audit/twins.csv", twins_table(inputs, base, repaired(inputs, base, weight), ["gender"]))
        rows = twin_rows(table)
        overlap.append(rows.value["after", "rbo"])
        assert rows.value["after", "unexplained"] < 1e-6
        assert rows.value["before", "rbo"] == pytest.approx(overlap[0])
        if weight:
            assert rows.pd_low["after", "rbo"] > 0.02
            assert rows.pd_high["after", "score_shift"] < 0
    assert overlap[0] < overlap[1] - 0.02 < overlap[2] - 0.04


def test_what_shapes_no_taste_changes_no_list(inputs: Inputs, base: Representations) -> None:
    rows = twin_rows(twins_table(inputs, base, repaired(inputs, base, 1.0), ["gender"]), "handedness")
    assert rows.value["before", "rbo"] == pytest.approx(1)
    assert rows.value["after", "jaccard"] == 1


def test_changed_items_are_folded_in_on(inputs: Inputs, base: Representations) -> None:
    """There is no map of vectors then, and the table says what was done instead."""
    after = Mitigated(base.user, base.item[:, ::-1].copy() * 2)
    rows = twin_rows(twins_table(inputs, base, after, ["gender"]))
    assert set(rows.loc["after", "vectors"]) == {"item_side"}
    assert set(rows.loc["before", "vectors"]) == {"fold_in"}
    assert "unexplained" not in rows.loc["after"].index
    assert rows.value["after", "rbo"] == pytest.approx(rows.value["before", "rbo"], abs=1e-6)  # the same model, turned


@pytest.mark.parametrize("change", ["name", "clicks"])
def test_other_people_have_matches_and_no_twins(inputs: Inputs, base: Representations, change: str) -> None:
    dataset = inputs.dataset
    pairs = replace(dataset.pairs, item=dataset.pairs.item[::-1].copy())
    other = replace(dataset, name="ours") if change == "name" else replace(dataset, pairs=pairs)
    table = twins_table(replace(inputs, dataset=other), base, base, [])
    assert set(table["comparison"]) == {"matched"}
    assert set(table["vectors"]) == {"trained"}
    assert set(table["attribute"]) == {"gender", "handedness"}


def test_without_attributes_the_table_is_empty(inputs: Inputs, base: Representations) -> None:
    table = twins_table(replace(inputs, attributes={}), base, base, [])
    assert check_table("audit/twins.csv", table).empty
