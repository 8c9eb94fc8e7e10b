"""What people are shown, overall and per group, and what mitigation changed (table `exposure.csv` of contract C4)."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.accuracy import EVERYONE, PerUser, by_group, frame
from fmm_core.data.dataset import Attribute, Modality
from fmm_core.metrics.exposure import (
    Aggregate,
    Lists,
    coverage,
    favourite_share,
    gini,
    history_categories,
    item_categories,
    list_categories,
    miscalibration,
    popular_items,
    popular_share,
)
from fmm_core.metrics.groups import Estimate

AGGREGATES: Mapping[str, Callable[[Lists, int], Aggregate]] = {"coverage": coverage, "gini": gini}


def exposure_table(
    lists: Mapping[str, Lists],
    train: csr_matrix,
    attributes: Mapping[str, Attribute],
    categories: NDArray[np.bool_] | None,
    ks: Sequence[int],
    seed: int,
) -> pd.DataFrame:
    """The table `exposure.csv`, over the people with training interactions.

    Parameters
    ----------
    lists : {"popularity" | "base" | "mitigated": users × at least max(ks)}
    attributes : with small groups merged
    categories : items × categories, or None where nothing is known of them

    Returns
    -------
    *popular_share*, *favourite_share* and *calibration* are means over people, with bootstrap intervals, *gap* and
    *ratio* as in `groups.csv`; *coverage* and *gini* are figures of all lists of a group, with jackknife intervals.
    Rows of *mitigated* carry the paired change.
    """
    there = np.diff(train.indptr) > 0
    tables = [by_group(_popularity(lists, train, there, ks), attributes, seed)]
    if categories is not None:
        tables.append(by_group(_likeness(lists, train, categories, ks), attributes, seed))
    return pd.concat([*tables, _aggregates(lists, there, attributes, train.shape[1], ks)], ignore_index=True)


def categories_of(modality: Modality | None) -> NDArray[np.bool_] | None:
    """Which item is in which category: the columns of ones and zeros of the modality "genre"; absent items are in none.

    Other columns (a year) are left out. None where fewer than two columns are left.
    """
    if modality is None or not modality.present.any():
        return None
    told = modality.features[modality.present]
    flags = modality.features[:, ((told == 0) | (told == 1)).all(axis=0)] == 1
    return flags & modality.present[:, None] if flags.shape[1] > 1 else None


def _popularity(
    lists: Mapping[str, Lists], train: csr_matrix, there: NDArray[np.bool_], ks: Sequence[int]
) -> dict[str, PerUser]:
    popular = popular_items(np.asarray(train.sum(axis=0)).ravel())
    found: dict[str, PerUser] = {}
    for model, items in lists.items():
        shares = popular_share(items, popular, ks)
        found[model] = {("popular_share", k): np.where(there, share, np.nan) for k, share in shares.items()}
    return found


def _likeness(
    lists: Mapping[str, Lists], train: csr_matrix, flags: NDArray[np.bool_], ks: Sequence[int]
) -> dict[str, PerUser]:
    """How like its owner's history every list is, by category; NaN for histories without any category."""
    categories = item_categories(flags)
    history = history_categories(train, categories)
    found: dict[str, PerUser] = {}
    for model, items in lists.items():
        listed = list_categories(items, categories, ks)
        calibration = {("calibration", k): miscalibration(history, listed[k]) for k in ks}
        found[model] = calibration | {("favourite_share", k): favourite_share(history, listed[k]) for k in ks}
    return found


def _aggregates(
    lists: Mapping[str, Lists],
    there: NDArray[np.bool_],
    attributes: Mapping[str, Attribute],
    n_items: int,
    ks: Sequence[int],
) -> pd.DataFrame:
    members = {("", EVERYONE): there}
    for name, attribute in attributes.items():
        members |= {(name, group): there & (attribute.codes == code) for code, group in enumerate(attribute.groups)}
    keys = [(metric, k) for metric in AGGREGATES for k in ks]
    rows = []
    for (name, group), inside in members.items():
        figures = {
            model: [AGGREGATES[metric](items[inside, :k], n_items) for metric, k in keys]
            for model, items in lists.items()
        }
        changed = [one.minus(base) for one, base in zip(figures["mitigated"], figures["base"], strict=True)]
        for model, found in figures.items():
            change = _estimate(changed) if model == "mitigated" else None
            figure = _within(_estimate(found))
            rows.append(frame(keys, figure, change).assign(model=model, attribute=name, group=group))
    return pd.concat(rows, ignore_index=True)


def _estimate(figures: Sequence[Aggregate]) -> Estimate:
    value = np.array([each.value for each in figures])
    reach = np.array([each.reach() for each in figures])
    return Estimate(value, value - reach, value + reach, len(figures[0].influence))


def _within(estimate: Estimate) -> Estimate:
    """Both figures are shares; so are their intervals' ends."""
    low, high = np.clip([estimate.low, estimate.high], 0.0, 1.0)
    return Estimate(estimate.value, low, high, estimate.n)
