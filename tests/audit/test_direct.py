"""The audit of bare arrays: one call, one small table, one sentence where it can't be done."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from fmm_core.audit import audit
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target
from fmm_core.data.dataset import Attribute
from fmm_core.data.splitting import held_out_users
from fmm_core.errors import DataError

N = 500


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture(scope="module")
def gender(rng: np.random.Generator) -> np.ndarray:
    return rng.choice(["f", "m"], N)


@pytest.fixture(scope="module")
def vectors(rng: np.random.Generator, gender: np.ndarray) -> np.ndarray:
    """Six numbers a person; the first knows the gender."""
    found = rng.normal(size=(N, 6))
    found[:, 0] += 2 * (gender == "f")
    return found


def test_a_planted_leak_is_found_before_and_not_after(vectors: np.ndarray, gender: np.ndarray) -> None:
    table = audit(vectors, {"gender": gender}, after=vectors[:, 1:])
    assert table[["attribute", "phase", "users"]].to_numpy().tolist() == [
        ["gender", phase, users] for phase in ("before", "after") for users in ("all", "held_out")
    ]
    assert table["people"].tolist() == [N, N // 5, N, N // 5]
    assert (table["groups"] == 2).all()
    leak, rest = table.iloc[0], table.iloc[2]
    # one number, two groups two standard deviations apart: AUC = Φ(2 / √2) = 0.921
    assert abs(leak["auc"] - 0.921) < 0.03
    assert abs(leak["linear"] - 0.921) < 0.03
    assert leak["ci_low"] < leak["auc"] < leak["ci_high"]
    assert leak["verdict"] == "leaks"
    assert rest["verdict"] in ("within", "too_few", "close")
    assert rest["p_value"] > 0.01


def test_its_figures_are_those_of_the_leakage_table(vectors: np.ndarray, gender: np.ndarray) -> None:
    ids = [f"p{number}" for number in range(N)]
    table = audit(vectors, {"gender": gender}, ids=ids, seed=4)
    users = np.array(ids)
    attribute = Attribute(("women", "men"), (gender == "m").astype(np.int16))
    expected = leakage_table(
        [Target("user_vector", "", "before", vectors.astype(np.float32))],
        {"gender": attribute},
        users,
        eligible=np.ones(N, bool),
        held_out=held_out_users(users),
        seed=4,
    )
    rows = expected[(expected.attacker == "strongest") & (expected.metric == "auc")]
    assert table["auc"].tolist() == rows["value"].tolist()
    assert table["verdict"].tolist() == rows["verdict"].tolist()


def test_people_without_a_label_are_left_out_and_many_numbers_become_bands(
    vectors: np.ndarray, gender: np.ndarray, rng: np.random.Generator
) -> None:
    age = rng.integers(18, 80, N).astype(float)
    age[:10] = np.nan
    silent: list = [*gender]
    silent[:4] = ["", None, np.nan, pd.NA]
    table = audit(vectors, {"age": age, "gender": silent}).set_index(["attribute", "users"])
    assert table.loc[("age", "all"), "people"] == N - 10
    assert table.loc[("age", "all"), "groups"] == 6  # 18 to 24, 25 to 34, 35 to 44, 45 to 49, 50 to 55, 56 and over
    assert table.loc[("gender", "all"), "people"] == N - 4


def test_the_order_of_rows_changes_nothing_when_ids_are_given(vectors: np.ndarray, gender: np.ndarray) -> None:
    ids = np.arange(N) * 7
    turned = slice(None, None, -1)
    one = audit(vectors, {"gender": gender}, ids=ids)
    two = audit(vectors[turned], {"gender": gender[turned]}, ids=ids[turned])
    assert one["people"].tolist() == two["people"].tolist()
    np.testing.assert_allclose(one["auc"], two["auc"], atol=2e-3)


def broken(vectors: np.ndarray) -> np.ndarray:
    found = vectors.copy()
    found[[3, 8, 9, 12], 1] = [np.nan, np.inf, np.nan, np.nan]
    return found


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vectors": np.zeros(N)}, r"vectors: its shape is \(500,\)\. One row of numbers per person is needed\."),
        ({"vectors": [[1.0], [1.0, 2.0]]}, "vectors: these are not rows of numbers of one length."),
        ({"vectors": [["a", "b"]] * N}, "vectors: these are not rows of numbers of one length."),
        ({"vectors": np.zeros((N - 1, 2))}, 'labels "gender": 500 rows for 499 people. Give one per person.'),
        ({"after": np.zeros((N - 1, 2))}, "after: 499 rows for 500 people. Give one per person."),
        ({"vectors": broken(np.zeros((N, 2)))}, "not all numbers are finite in 4 of 500 rows (index 3, 8, 9, …)."),
        ({"ids": ["a", "a", *range(2, N)]}, "ids: 1 repeated id (a). Give each person one row."),
        ({"labels": {"gender": ["f"] * N}}, "gender is not offered: it has one value only."),
        ({"labels": {"gender": [None] * N}}, "gender is not offered: it has no value."),
        ({"labels": {"town": [f"t{number}" for number in range(N)]}}, "it has 500 different values, and at most 50"),
        (
            {"labels": {"hand": ["left"] * 19 + ["right"] * (N - 19)}},
            'labels "hand": fewer than two groups have 20 people (left 19, right 481). Join groups, or leave it out.',
        ),
    ],
)
def test_what_cannot_be_audited_is_one_sentence(
    changes: dict, sentence: str, vectors: np.ndarray, gender: np.ndarray
) -> None:
    given = {"vectors": vectors, "labels": {"gender": gender}} | changes
    with pytest.raises(DataError) as error:
        audit(given.pop("vectors"), given.pop("labels"), **given)
    assert sentence.replace("\\", "") in str(error.value)


def test_importing_it_loads_nothing() -> None:
    code = "import sys; from fmm_core.audit import audit; print([m for m in ('numpy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
