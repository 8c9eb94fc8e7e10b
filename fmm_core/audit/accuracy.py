"""What recommendations are worth, overall and per group, and what mitigation changed (tables of contract C4)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.data.dataset import Attribute
from fmm_core.metrics.groups import Estimate, Resampled, gap, gap_change, group_means, resample

Key = tuple[str, int]
"""Metric and length of the list."""

PerUser = Mapping[Key, NDArray[np.float64]]
EVERYONE = "everyone"
GAP = "gap"
ACCURACY = ["model", "metric", "k", "value", "ci_low", "ci_high", "n_users"]
CHANGE = ["paired_difference", "pd_low", "pd_high"]


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
    values = np.column_stack([tested[model][key] for model in tested for key in keys])  # (users, models × keys)
    everyone = Attribute((EVERYONE,), np.zeros(len(values), np.int16))
    judged = {"": everyone, **attributes}
    masks = [attribute.codes == code for attribute in judged.values() for code in range(len(attribute.groups))]
    sample = resample(values, masks, seed)
    blocks, start = [], 0
    for name, attribute in judged.items():
        stop = start + len(attribute.groups)
        models = _by_model(sample.of_groups(slice(start, stop)), list(tested), len(keys))
        blocks += [frame.assign(attribute=name) for frame in _frames(attribute.groups, models, keys)]
        start = stop
    table = pd.concat(blocks, ignore_index=True)
    return table.loc[table["attribute"] == "", ACCURACY].reset_index(drop=True), table


def _by_model(sample: Resampled, models: Sequence[str], width: int) -> dict[str, Resampled]:
    return {model: sample.of_columns(slice(m * width, (m + 1) * width)) for m, model in enumerate(models)}


def _frames(groups: Sequence[str], models: Mapping[str, Resampled], keys: Sequence[Key]) -> Iterator[pd.DataFrame]:
    """Per model one frame for each group and, where there are several, one for the gap."""
    names = [*groups, GAP][: None if len(groups) > 1 else -1]
    for model, sample in models.items():
        figures = [*group_means(sample), gap(sample)]
        changes: Sequence[Estimate | None] = [None] * len(figures)
        if model == "mitigated":
            base = models["base"]
            changes = [*group_means(sample.minus(base)), gap_change(sample, base)]
        for group, figure, change in zip(names, figures, changes, strict=False):
            yield _frame(keys, figure, change).assign(model=model, group=group)


def _frame(keys: Sequence[Key], figure: Estimate, change: Estimate | None) -> pd.DataFrame:
    frame = pd.DataFrame(list(keys), columns=["metric", "k"])
    frame[["value", "ci_low", "ci_high"]] = np.column_stack([figure.value, figure.low, figure.high])
    frame["n_users"] = figure.n
    nothing = np.full(len(keys), np.nan)
    parts = (change.value, change.low, change.high) if change else (nothing, nothing, nothing)
    frame[CHANGE] = np.column_stack(parts)
    return frame
