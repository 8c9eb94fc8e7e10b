"""What a mitigation changed in what can be read: the same attack on the same people, before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.audit.crowds import People, crowds
from fmm_core.audit.intervals import NO_DIFFERENCE, Difference, Scored, paired_difference
from fmm_core.audit.leakage import judged_people, one_thread
from fmm_core.audit.panel import closed_form, strongest
from fmm_core.audit.representations import standardise
from fmm_core.data.dataset import Attribute
from fmm_core.types import Floats

COLUMNS = ["attribute", "users", "before", "after", "difference", "low", "high"]


def leakage_change(
    before: Floats,
    after: Floats,
    attributes: Mapping[str, Attribute],
    users: NDArray[np.str_],
    *,
    eligible: NDArray[np.bool_],
    held_out: NDArray[np.bool_],
    seed: int,
) -> pd.DataFrame:
    """AUC of the headline attacker before and after, and the interval of the change.

    Parameters
    ----------
    before, after : users × d, widths may differ
    attributes : with small groups merged; people with code −1 are left out of that attribute
    eligible, held_out : as in `leakage_table`

    Returns
    -------
    A row per attribute and `users` (all | held_out) with `COLUMNS`; *difference* is after − before, *low* and *high*
    its paired 95 % interval (`intervals.paired_difference`). NaN where no two groups are large enough. The attacker is
    chosen anew in each phase, by inner scores; *before* and *after* are those of `leakage_table` with this seed.
    """
    found = {(name, who): NO_DIFFERENCE for name in attributes for who in ("all", "held_out")}
    with one_thread():
        for people in crowds(attributes, users, eligible, held_out, seed):
            found |= dict(_changes(before, after, people, seed))
    rows: list[dict[str, Any]] = [
        {"attribute": name, "users": who} | asdict(change) for (name, who), change in found.items()
    ]
    return pd.DataFrame(rows).rename(columns={"value": "difference"})[COLUMNS]


def _changes(before: Floats, after: Floats, people: People, seed: int) -> Iterator[tuple[tuple[str, str], Difference]]:
    """((attribute, whom it judges), change)."""
    old, new = (_headlines(vectors[people.rows], people, seed) for vectors in (before, after))
    for name in people.names:
        for who, mask in judged_people(people).items():
            yield (name, who), paired_difference(old[name], new[name], people.codes[name], people.folds, mask)


def _headlines(vectors: Floats, people: People, seed: int) -> dict[str, Scored]:
    families = closed_form(standardise(vectors), people, seed)
    own = np.arange(len(vectors)), people.folds
    chosen = {
        name: strongest(families.pop(name), people.codes[name], people.classes[name], people.folds).scores
        for name in people.names
    }
    return {name: (scores[own], scores) for name, scores in chosen.items()}
