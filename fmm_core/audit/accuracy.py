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
    keys, models = list(tested["base"]), list(tested)
    values = np.column_stack([tested[model][key] for model in models for key in keys])  # (users, models × keys)
    before, after = (_columns(models.index(model), len(keys)) for model in ("base", "mitigated"))
    overall, _ = bootstrap(values, [np.ones(len(values), bool)], seed, after=after, before=before)
    blocks = [_group_rows("", EVERYONE, overall[0], models, keys)]
    for name, attribute in attributes.items():
        masks = [attribute.codes == code for code in range(len(attribute.groups))]
        estimates, gap = bootstrap(values, masks, seed, after=after, before=before)
        named = zip((*attribute.groups, GAP), (*estimates, gap), strict=True)
        blocks += [_group_rows(name, group, estimate, models, keys) for group, estimate in named]
    return _model_rows(overall[0], models, keys), pd.concat(blocks, ignore_index=True)


def _columns(model: int, width: int) -> slice:
    return slice(model * width, (model + 1) * width)


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
