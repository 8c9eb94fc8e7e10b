"""What a mitigation changed: the table's own figures, with an interval of the difference that knows they are paired."""

import numpy as np
import pandas as pd
import pytest
from audit_worlds import gaussian, names, two_groups

from fmm_core.audit import attackers
from fmm_core.audit.change import COLUMNS, leakage_change
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats

N = 300
HELD_OUT = np.arange(N) % 5 == 0
ELIGIBLE = np.arange(N) >= 4


@pytest.fixture(autouse=True)
def few_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attackers, "LANDMARKS", 60)


@pytest.fixture(scope="module")
def world() -> tuple[Floats, Floats, dict[str, Attribute]]:
    """A planted gender that goes, an age group that nothing tells, and an attribute nobody disclosed."""
    before, codes = gaussian(N, 8, 1.5, seed=0)
    after = before + np.random.default_rng(1).normal(scale=0.3, size=before.shape).astype(np.float32)
    after[:, 0] -= 1.5 * codes
    age = Attribute(("young", "middle", "old"), (np.random.default_rng(9).permutation(N) % 3).astype(np.int16))
    nobody = Attribute(("a", "b"), np.full(N, -1, np.int16))
    return before, after, two_groups(codes) | {"age": age, "faith": nobody}


def change(before: Floats, after: Floats, attributes: dict[str, Attribute], seed: int = 0) -> pd.DataFrame:
    n = len(before)
    eligible, held_out = ELIGIBLE[:n], HELD_OUT[:n]
    return leakage_change(
        before, after, attributes, names(n), eligible=eligible, held_out=held_out, seed=seed
    ).set_index(["attribute", "users"])


def test_a_row_for_every_attribute_and_everyone_asked(world: tuple[Floats, Floats, dict[str, Attribute]]) -> None:
    found = change(*world)
    assert list(found.reset_index().columns) == COLUMNS
    assert set(found.index) == {(name, who) for name in ("gender", "age", "faith") for who in ("all", "held_out")}
    assert found.loc["faith"].isna().all(axis=None)
    assert not found.loc[["gender", "age"]].isna().any(axis=None)


def test_both_phases_are_those_of_the_leakage_table(world: tuple[Floats, Floats, dict[str, Attribute]]) -> None:
    before, after, attributes = world
    targets = [Target("user_vector", "", "before", before), Target("user_vector", "", "after", after)]
    table = leakage_table(targets, attributes, names(N), eligible=ELIGIBLE, held_out=HELD_OUT)
    headlines = table[table["attacker"] == "strongest"].pivot(
        index=["attribute", "users"], columns="phase", values="value"
    )
    found = change(*world)
    pd.testing.assert_frame_equal(
        found[["after", "before"]].sort_index(), headlines[["after", "before"]].sort_index(), check_names=False
    )
    assert ((found["after"] - found["before"] - found["difference"]).abs().dropna() < 1e-12).all()


def test_a_leak_that_is_gone_is_said_to_be_less_and_silence_not(
    world: tuple[Floats, Floats, dict[str, Attribute]],
) -> None:
    found = change(*world)
    for who in ("all", "held_out"):
        assert found.loc[("gender", who), "high"] < 0
        assert found.loc[("age", who), "low"] < 0 < found.loc[("age", who), "high"]


def test_vectors_that_did_not_move_changed_nothing(world: tuple[Floats, Floats, dict[str, Attribute]]) -> None:
    before, _, attributes = world
    found = change(before, before.copy(), attributes).loc[["gender", "age"], ["difference", "low", "high"]]
    assert (found == 0).all(axis=None)


def test_the_headline_of_noise_upon_noise_is_said_to_change_rarely() -> None:
    """Forty worlds without a leak, after is before with other noise: no change. Intervals that hold it in 95 % of
    worlds do so in fewer than 34 once in 140 times."""
    held = 0
    for seed in range(40):
        before, codes = gaussian(N, 8, 0.0, seed)
        noise = np.random.default_rng(seed + 500).normal(size=before.shape)
        found = change(before, (before + noise).astype(np.float32), two_groups(codes), seed).loc["gender", "all"]
        held += found["low"] <= 0 <= found["high"]
    assert held >= 34
