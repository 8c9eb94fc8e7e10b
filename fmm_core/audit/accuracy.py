"""What recommendations are worth, overall and per group, and what mitigation changed (tables of contract C4)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.audit.crossing import CROSS, Crossing, crossings
from fmm_core.data.dataset import Attribute
from fmm_core.metrics.groups import (
    Estimate,
    Resampled,
    gap,
    gap_change,
    group_means,
    ratio,
    ratio_change,
    resample,
)

Key = tuple[str, int]
"""Metric and length of the list."""

PerUser = Mapping[Key, NDArray[np.float64]]
EVERYONE = "everyone"
GAP, RATIO = "gap", "ratio"
LEFT_OUT = "left out"
"""The people of a crossing who are in groups too small to judge: counted, without a figure."""
SUMMARIES = (GAP, RATIO, LEFT_OUT)
"""What stands among the groups of a table and is none."""

ACCURACY = ["model", "metric", "k", "value", "ci_low", "ci_high", "n_users"]
CHANGE = ["paired_difference", "pd_low", "pd_high"]
CROSSED_METRICS = ("recall", "ndcg")


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
        empty attribute, *gap* is the largest group's mean minus the smallest's, *ratio* the smallest divided by the
        largest. Two attributes crossed stand under "first × second", with recall and NDCG only; *left out* counts
        the people whose crossed group is smaller than `MIN_GROUP`.
    """
    table = by_group(tested, attributes, seed)
    within = {model: {key: of[key] for key in of if key[0] in CROSSED_METRICS} for model, of in tested.items()}
    crossed = [_crossing(within, each, seed) for each in crossings(attributes, _judged(within))]
    everyone = table.loc[table["attribute"] == "", ACCURACY].reset_index(drop=True)
    return everyone, pd.concat([table, *crossed], ignore_index=True)


def crossed_names(attributes: Sequence[str]) -> set[str]:
    """Those of the names that cross two of the others."""
    return {f"{one}{CROSS}{other}" for one in attributes for other in attributes} & set(attributes)


def _judged(tested: Mapping[str, PerUser]) -> NDArray[np.bool_]:
    return np.asarray(
        ~np.isnan(np.column_stack([values for of in tested.values() for values in of.values()])).any(axis=1)
    )


def _crossing(tested: Mapping[str, PerUser], crossing: Crossing, seed: int) -> pd.DataFrame:
    """One crossing at a time: its resamples are let go before the next one's are drawn, the same people again."""
    table = _tabled(tested, {crossing.name: crossing.attribute}, seed)
    if crossing.left_out == 0:
        return table
    small = table[table["group"] == GAP].assign(group=LEFT_OUT, n_users=crossing.left_out)
    small[["value", "ci_low", "ci_high", *CHANGE]] = np.nan
    return pd.concat([table, small], ignore_index=True)


def by_group(tested: Mapping[str, PerUser], attributes: Mapping[str, Attribute], seed: int) -> pd.DataFrame:
    """Everyone's and every group's means of values that each person has, in the columns of `groups.csv`.

    Parameters
    ----------
    tested : as in `accuracy_tables`; whoever has a NaN anywhere counts nowhere
    """
    users = len(next(iter(tested["base"].values())))
    return _tabled(tested, {"": Attribute((EVERYONE,), np.zeros(users, np.int16)), **attributes}, seed)


def _tabled(tested: Mapping[str, PerUser], judged: Mapping[str, Attribute], seed: int) -> pd.DataFrame:
    keys = list(tested["base"])
    values = np.column_stack([tested[model][key] for model in tested for key in keys])  # (users, models × keys)
    masks = [attribute.codes == code for attribute in judged.values() for code in range(len(attribute.groups))]
    sample = resample(values, masks, seed)
    blocks, start = [], 0
    for name, attribute in judged.items():
        stop = start + len(attribute.groups)
        models = _by_model(sample.of_groups(slice(start, stop)), list(tested), len(keys))
        blocks += [frame.assign(attribute=name) for frame in _frames(attribute.groups, models, keys)]
        start = stop
    return pd.concat(blocks, ignore_index=True)


def _by_model(sample: Resampled, models: Sequence[str], width: int) -> dict[str, Resampled]:
    return {model: sample.of_columns(slice(m * width, (m + 1) * width)) for m, model in enumerate(models)}


def _frames(groups: Sequence[str], models: Mapping[str, Resampled], keys: Sequence[Key]) -> Iterator[pd.DataFrame]:
    """Per model one frame for each group and, where there are several, one for the gap and one for the ratio."""
    names = [*groups, GAP, RATIO] if len(groups) > 1 else groups
    for model, sample in models.items():
        figures = [*group_means(sample), gap(sample), ratio(sample)]
        changes: Sequence[Estimate | None] = [None] * len(figures)
        if model == "mitigated":
            base = models["base"]
            changes = [*group_means(sample.minus(base)), gap_change(sample, base), ratio_change(sample, base)]
        for group, figure, change in zip(names, figures, changes, strict=False):
            yield frame(keys, figure, change).assign(model=model, group=group)


def frame(keys: Sequence[Key], figure: Estimate, change: Estimate | None) -> pd.DataFrame:
    """The figures of one group, a row per key, with its paired change where there is one."""
    rows = pd.DataFrame(list(keys), columns=["metric", "k"])
    rows[["value", "ci_low", "ci_high"]] = np.column_stack([figure.value, figure.low, figure.high])
    rows["n_users"] = figure.n
    nothing = np.full(len(keys), np.nan)
    parts = (change.value, change.low, change.high) if change else (nothing, nothing, nothing)
    rows[CHANGE] = np.column_stack(parts)
    return rows
