"""The table `twins.csv` of a run: twins of made-up people, matched pairs on any data."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from fmm_core.audit.twins import COLUMNS, GroupMap, Pairs, combined, compared, matched, missed
from fmm_core.data import synthetic
from fmm_core.data.dataset import Dataset
from fmm_core.recommenders.base import fold_in
from fmm_core.runs.inputs import Inputs
from fmm_core.types import Codes, Representations

SEED = 0
MADE_UP = "synthetic"


def twins_table(
    inputs: Inputs, before: Representations, after: Representations, protected: Iterable[str]
) -> pd.DataFrame:
    """Pairs of people before and after mitigation, for every attribute.

    Parameters
    ----------
    protected : the attributes the mitigation looked at
    """
    looked_at = {name: inputs.attributes[name].codes for name in protected}
    made_up = _is_made_up(inputs.dataset)
    blocks = []
    for name, attribute in inputs.attributes.items():
        pairs = matched(before, after, attribute, inputs.seen, inputs.eligible, SEED)
        blocks.append(pairs.assign(attribute=name, comparison="matched", vectors="trained"))
        if made_up:
            twins = _twins(inputs, before, after, name, looked_at)
            blocks.append(twins.assign(attribute=name, comparison="twin"))
    return pd.concat(blocks, ignore_index=True)[COLUMNS] if blocks else pd.DataFrame(columns=COLUMNS)


def _is_made_up(dataset: Dataset) -> bool:
    """Whether these are the people that `synthetic` makes, so that their twins can be made."""
    if dataset.name != MADE_UP:
        return False
    own, _ = synthetic.make()
    return np.array_equal(own.pairs.item, dataset.pairs.item) and np.array_equal(own.pairs.user, dataset.pairs.user)


def _twins(
    inputs: Inputs, before: Representations, after: Representations, name: str, looked_at: Mapping[str, Codes]
) -> pd.DataFrame:
    """Everybody's own history and their twin's, both folded in: no trained vector is compared with a new one.

    A mitigation that leaves items as they are is carried over to the folded-in vectors by its `GroupMap`, after another
    has taken them to where the trained vectors lie; one that changes items is met by folding in on the changed ones.
    Lists are drawn from the films neither of the two has chosen.
    """
    theirs, flipped = synthetic.twin(synthetic.SyntheticConfig(), name)
    own = _histories(inputs.dataset)
    masked = (own + theirs).tocsr()
    folded = Pairs(before, fold_in(before, own), fold_in(before, theirs))
    if not np.array_equal(before.item, after.item):
        end = Pairs(after, fold_in(after, own), fold_in(after, theirs))
        return _told(compared(folded, end, masked, SEED), "fold_in", "item_side")
    turned = {each: flipped if each == name else codes for each, codes in looked_at.items()}
    nobody, group, other = (combined(list(each.values()), len(flipped)) for each in ({}, looked_at, turned))
    rows = inputs.eligible
    placing = GroupMap.of(folded.first[rows], before.user[rows], nobody[rows])
    mitigating = GroupMap.of(before.user[rows], after.user[rows], group[rows])
    known = mitigating.knows(group) & mitigating.knows(other)
    first, second = (placing.move(user, nobody)[known] for user in (folded.first, folded.second))
    end = Pairs(after, mitigating.move(first, group[known]), mitigating.move(second, other[known]))
    table = compared(Pairs(before, first, second), end, masked[known], SEED)
    told = pd.concat([table, missed({"before": placing, "after": mitigating}, int(rows.sum()))], ignore_index=True)
    return _told(told, "placed", "group_map")


def _told(table: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    """With where the vectors of each phase come from."""
    return table.assign(vectors=table["phase"].map({"before": before, "after": after}))


def _histories(dataset: Dataset) -> csr_matrix:
    ones = np.ones(len(dataset.pairs.user), np.float32)
    return csr_matrix((ones, (dataset.pairs.user, dataset.pairs.item)), shape=(dataset.n_users, dataset.n_items))
