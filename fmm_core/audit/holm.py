"""Many p-values at once: how small the smallest may be by chance (Holm, Scand. J. Statist. 1979)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def holm(p_values: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Step-down adjusted p-values: rejecting those up to α keeps the chance of any false rejection below α.

    ``p*₍ᵢ₎ = max over j ≤ i of min(1, (n − j + 1) p₍ⱼ₎)``, in increasing order; p-values may depend on each other.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    raised = np.minimum(np.arange(len(p), 0, -1) * p[order], 1.0)
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(raised)
    return adjusted


def with_adjusted(leakage: pd.DataFrame) -> pd.DataFrame:
    """A leakage table with the column `p_adjusted`: Holm over its headlines for everyone, NaN in all other rows.

    A headline whose p-value came from permutations has max-T instead (`p_max_t`) and is not of this family: no p from
    200 tables is small enough to stand among thirty.
    """
    family = (leakage["attacker"] == "strongest") & (leakage["users"] == "all") & leakage["p_value"].notna()
    if "p_max_t" in leakage:
        family &= leakage["p_max_t"].isna()
    adjusted = pd.Series(np.nan, leakage.index)
    adjusted[family] = holm(leakage.loc[family, "p_value"].to_numpy(float))
    return leakage.assign(p_adjusted=adjusted)
