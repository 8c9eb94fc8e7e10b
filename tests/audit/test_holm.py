"""Adjusted p-values: by hand, and which rows are a family."""

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from fmm_core.audit.holm import holm, with_adjusted


def test_holm_by_hand() -> None:
    """0.005 × 4, then 0.01 × 3, 0.03 × 2 and 0.04 × 1, never below the one before, never above 1."""
    assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert_allclose(holm([0.6, 0.7]), [1.0, 1.0])
    assert len(holm([])) == 0


def test_any_false_rejection_is_as_rare_as_said() -> None:
    """Ten true hypotheses, 4,000 times: in 5 % of them the smallest adjusted p lies below 0.05 (error 0.35 %)."""
    rng = np.random.default_rng(0)
    smallest = [holm(rng.random(10)).min() for _ in range(4000)]
    assert 0.035 < np.mean(np.array(smallest) < 0.05) < 0.06


def test_the_family_are_the_headlines_for_everyone() -> None:
    rows = [
        ("strongest", "all", 0.01, np.nan),
        ("strongest", "held_out", 0.001, np.nan),
        ("linear", "all", 0.002, np.nan),
        ("strongest", "all", 0.04, np.nan),
        ("strongest", "all", np.nan, np.nan),
        ("strongest", "all", 0.005, 0.009),
    ]
    table = pd.DataFrame(rows, columns=["attacker", "users", "p_value", "p_max_t"])
    assert_allclose(with_adjusted(table)["p_adjusted"], [0.02, np.nan, np.nan, 0.04, np.nan, np.nan])
    without = with_adjusted(table.drop(columns="p_max_t"))["p_adjusted"]
    assert_allclose(without, [0.02, np.nan, np.nan, 0.04, np.nan, 0.015])
