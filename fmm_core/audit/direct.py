"""An audit of arrays, without files, data sets or runs: what `fmm_core.audit.audit` does."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fmm_core.audit.extras import Classifier
from fmm_core.audit.leakage import ATTACKERS, leakage_table
from fmm_core.audit.representations import Target
from fmm_core.data.attributes import type_attribute
from fmm_core.data.dataset import MIN_GROUP, Attribute, merge_small
from fmm_core.data.splitting import held_out_users
from fmm_core.errors import DataError
from fmm_core.types import Floats

COLUMNS = [
    "attribute", "phase", "users", "groups", "people", "auc", "ci_low", "ci_high", "p_value", "linear", "verdict",
]  # fmt: skip
KEY = ["attribute", "phase", "users"]


def audit_vectors(
    vectors: Any,
    labels: Mapping[str, Sequence[Any]],
    ids: Sequence[object] | None,
    after: Any,
    seed: int,
    extra: Mapping[str, Classifier],
) -> pd.DataFrame:
    """See `fmm_core.audit.audit`."""
    _need_own_names(extra)
    given = {"before": ("vectors", vectors)} | ({} if after is None else {"after": ("after", after)})
    matrices = {phase: _matrix(name, matrix) for phase, (name, matrix) in given.items()}
    people = len(matrices["before"])
    for phase, matrix in matrices.items():
        _need_rows(given[phase][0], len(matrix), people)
    attributes = {name: read_labels(name, values, people) for name, values in labels.items()}
    users = _ids(ids, people)
    table = leakage_table(
        [Target("user_vector", "", phase, matrix) for phase, matrix in matrices.items()],
        attributes,
        users,
        eligible=np.ones(people, bool),
        held_out=held_out_users(users),
        extra=extra,
        seed=seed,
    )
    headlines = _readable(table, "strongest")
    if not extra:
        return headlines
    rows = {"strongest": headlines} | {name: _readable(table, name) for name in extra}
    together = pd.concat([frame.assign(attacker=name) for name, frame in rows.items()])
    by_figure = together.sort_values(KEY, key=_order, kind="stable")
    return by_figure[[*KEY, "attacker", *COLUMNS[len(KEY) :]]].reset_index(drop=True)


def _need_own_names(extra: Mapping[str, Classifier]) -> None:
    taken = [name for name in extra if name in ATTACKERS["full"]]
    if taken:
        raise DataError("this is the name of an attacker of ours", f"extra {taken[0]}", "Call it otherwise.",
                        code="audit.extra")  # fmt: skip


def _readable(table: pd.DataFrame, attacker: str) -> pd.DataFrame:
    """One attacker's row of every figure, with the plain linear one beside it."""
    by_attacker = table[table["metric"] == "auc"].set_index("attacker")
    linear = by_attacker.loc[["linear"], [*KEY, "value"]].rename(columns={"value": "linear"})
    names = {"classes": "groups", "n_users": "people", "value": "auc"}
    headlines = by_attacker.loc[[attacker]].rename(columns=names).merge(linear, on=KEY)
    return headlines.sort_values(KEY, key=_order, kind="stable")[COLUMNS].reset_index(drop=True)


def _order(column: pd.Series) -> pd.Series:
    """Attributes as they were given, *before* first, everyone first."""
    return column.map({name: place for place, name in enumerate(_places(column))})


def _places(column: pd.Series) -> list[str]:
    return ["before", "after"] if column.name == "phase" else list(dict.fromkeys(column))


def _matrix(name: str, values: Any) -> Floats:
    try:
        matrix = np.asarray(values, np.float32)
    except (TypeError, ValueError):
        raise DataError("these are not rows of numbers of one length", name, code="audit.numbers") from None
    if matrix.ndim != 2 or matrix.size == 0:
        mend = "One row of numbers per person is needed."
        raise DataError(f"its shape is {matrix.shape}", name, mend, code="audit.shape")
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        what = f"not all numbers are finite in {len(bad):,} of {len(matrix):,} rows (index {_some(bad)})"
        raise DataError(what, name, "Correct them or leave these people out.", code="audit.not_finite")
    return matrix


def _need_rows(name: str, found: int, people: int) -> None:
    if found != people:
        raise DataError(f"{found:,} rows for {people:,} people", name, "Give one per person.", code="audit.rows")


def read_labels(name: str, values: Sequence[Any], people: int) -> Attribute:
    """One column of labels as an attribute that can be attacked, small groups merged.

    Raises
    ------
    DataError
        Their number does not fit, they are no groups (the reason is said), or no two groups are large enough.
    """
    raw = pd.Series(list(values), dtype="object")
    _need_rows(f'labels "{name}"', len(raw), people)
    attribute, note = type_attribute(name, raw.where(raw.notna(), None).tolist())
    if attribute is None:
        reason = "" if note is None else note.sentence.removesuffix(".")
        raise DataError(reason, f'labels "{name}"', "Leave it out.", code="audit.no_groups")
    merged = merge_small(attribute)
    if len(merged.groups) < 2:
        raise too_small(attribute, f'labels "{name}"')
    return merged


def too_small(attribute: Attribute, where: str) -> DataError:
    """Why an attribute cannot be attacked: fewer than two groups are large enough."""
    sizes = [f"{group} {count:,}" for group, count in zip(attribute.groups, attribute.counts, strict=True)]
    more = ", …" if len(sizes) > 3 else ""
    what = f"fewer than two groups have {MIN_GROUP} people ({', '.join(sizes[:3])}{more})"
    return DataError(what, where, "Join groups, or leave it out.", code="audit.too_small")


def _ids(ids: Sequence[object] | None, people: int) -> NDArray[np.str_]:
    if ids is None:
        return np.arange(people).astype(str)
    found = np.array([str(each) for each in ids])
    _need_rows("ids", len(found), people)
    repeated = found[pd.Index(found).duplicated()]
    if len(repeated):
        noun = "repeated id" if len(repeated) == 1 else "repeated ids"
        what = f"{len(repeated):,} {noun} ({_some(repeated)})"
        raise DataError(what, "ids", "Give each person one row.", code="audit.repeated_ids")
    return found


def _some(values: NDArray[Any]) -> str:
    return ", ".join(str(value) for value in values[:3]) + (", …" if len(values) > 3 else "")
