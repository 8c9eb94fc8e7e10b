"""What recommendations are worth, overall and per group, and what mitigation changed (tables of contract C4)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.dataset import Attribute
from fmm_core.metrics.groups import Estimate, bootstrap

PerUser = Mapping[tuple[str, int], NDArray[np.float64]]
EVERYONE = "everyone"
GAP = "gap"


def accuracy_tables(
    tested: Mapping[str, PerUser], attributes: Mapping[str, Attribute], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `accuracy.csv` and `groups.csv`.

    Parameters
    ----------
    tested : {"popularity" | "base" | "mitigated": {(metric, k): one value a user, NaN without test items}}
    attributes : with small groups merged

    Returns
    -------
    accuracy, groups
        In `groups`, rows of *mitigated* carry the paired difference to *base*; the group *everyone* stands under the
        empty attribute, and *gap* is the largest group's mean minus the smallest's.
    """
    keys = list(tested["base"])
    columns = np.column_stack([tested[model][key] for model in tested for key in keys])
    change = np.column_stack([tested["mitigated"][key] - tested["base"][key] for key in keys])
    values = np.column_stack([columns, change])  # (users, models × keys, then changes)
    everyone = np.ones(len(values), bool)
    overall, _ = bootstrap(values, [everyone], seed)
    accuracy = _model_rows(overall[0], list(tested), keys)
    blocks = [_group_rows("", EVERYONE, overall[0], list(tested), keys)]
    for name, attribute in attributes.items():
        masks = [attribute.codes == code for code in range(len(attribute.groups))]
        estimates, gap = bootstrap(values, masks, seed)
        blocks += [
            _group_rows(name, group, estimate, list(tested), keys)
            for group, estimate in zip(attribute.groups, estimates, strict=True)
        ]
        blocks.append(
            _group_rows(name, GAP, _gap_with_change(gap, estimates, len(tested), len(keys)), list(tested), keys)
        )
    return accuracy, pd.concat(blocks, ignore_index=True)


def _model_rows(estimate: Estimate, models: list[str], keys: list[tuple[str, int]]) -> pd.DataFrame:
    rows = [(model, metric, k) for model in models for metric, k in keys]
    frame = pd.DataFrame(rows, columns=["model", "metric", "k"])
    width = len(rows)
    return frame.assign(
        value=estimate.value[:width], ci_low=estimate.low[:width], ci_high=estimate.high[:width], n_users=estimate.n
    )


def _group_rows(
    attribute: str, group: str, estimate: Estimate, models: list[str], keys: list[tuple[str, int]]
) -> pd.DataFrame:
    frame = _model_rows(estimate, models, keys).assign(attribute=attribute, group=group)
    mitigated = (frame["model"] == "mitigated").to_numpy()
    for column, values in (("paired_difference", estimate.value), ("pd_low", estimate.low), ("pd_high", estimate.high)):
        frame[column] = np.nan
        frame.loc[mitigated, column] = values[len(frame) :]
    return frame


def _gap_with_change(gap: Estimate, groups: list[Estimate], n_models: int, n_keys: int) -> Estimate:
    """The gap of each model; its paired change is that of the gaps, for which no interval is given."""
    width = n_models * n_keys
    means = np.array([estimate.value[:width] for estimate in groups])
    gaps = (means.max(axis=0) - means.min(axis=0)).reshape(n_models, n_keys)
    nothing = np.full(n_keys, np.nan)
    return Estimate(
        np.concatenate([gap.value[:width], gaps[-1] - gaps[-2]]),
        np.concatenate([gap.low[:width], nothing]),
        np.concatenate([gap.high[:width], nothing]),
        gap.n,
    )
