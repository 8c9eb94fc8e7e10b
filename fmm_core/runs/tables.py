"""The columns of every table a finished run holds (contract C4), and the check that a file keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fmm_core.audit.accuracy import LEFT_OUT, SUMMARIES, crossed_names
from fmm_core.audit.crossing import CROSS as CROSS
from fmm_core.errors import StoreError

STAGES = ("prepare", "pretrain", "disentangle", "relate", "filter", "audit", "project")
PHASES = ("data", "before", "after")
REPRESENTATIONS = (
    "history", "profile_raw", "profile_biased", "profile_filtered", "user_vector", "item_mean", "top_k",
)  # fmt: skip
USERS = ("all", "held_out", "undisclosed")
VERDICTS = ("leaks", "within", "over", "too_few", "close")
KS = (5, 10, 20, 50)
EXPOSURES = ("popular_share", "favourite_share", "calibration", "coverage", "gini")


@dataclass(frozen=True)
class Table:
    """Columns of one file, and for some of them the only values allowed. `text` columns are read as str.

    Numbers in `later` columns are filled with NaN where a table was made before there were such.
    """

    columns: tuple[str, ...]
    text: tuple[str, ...]
    allowed: Mapping[str, tuple[str, ...]]
    later: tuple[str, ...] = ()


WEIGHTS = "audit/weights.csv"
"""The one table that a finished run has only once other weights of it were tried."""

TABLES: dict[str, Table] = {
    "audit/leakage.csv": Table(
        columns=(
            "attribute", "classes", "representation", "modality", "phase", "users", "panel", "attacker", "metric",
            "value", "ci_low", "ci_high", "chance", "p_value", "p_adjusted", "p_max_t", "verdict", "n_users",
        ),
        later=("p_adjusted", "p_max_t"),
        text=("attribute", "representation", "modality", "phase", "users", "panel", "attacker", "metric", "verdict"),
        allowed={
            "representation": REPRESENTATIONS,
            "phase": PHASES,
            "users": USERS,
            "metric": ("auc", "balanced_accuracy", "accuracy"),
            "verdict": ("", *VERDICTS),
        },
    ),
    "audit/accuracy.csv": Table(
        columns=("model", "metric", "k", "value", "ci_low", "ci_high", "n_users"),
        text=("model", "metric"),
        allowed={"model": ("popularity", "base", "mitigated"), "metric": ("recall", "ndcg", "precision", "map")},
    ),
    "audit/groups.csv": Table(
        columns=(
            "model", "metric", "k", "attribute", "group", "value", "ci_low", "ci_high", "n_users",
            "paired_difference", "pd_low", "pd_high",
        ),
        text=("model", "metric", "attribute", "group"),
        allowed={"model": ("popularity", "base", "mitigated"), "metric": ("recall", "ndcg", "precision", "map")},
    ),
    "audit/modalities.csv": Table(
        columns=("attribute", "subset", "kind", "value", "ci_low", "ci_high", "n_users"),
        text=("attribute", "subset", "kind"),
        allowed={"kind": ("leakage", "leakage_share", "leakage_drop")},
    ),
    "audit/exposure.csv": Table(
        columns=(
            "model", "metric", "k", "attribute", "group", "value", "ci_low", "ci_high", "n_users",
            "paired_difference", "pd_low", "pd_high",
        ),
        text=("model", "metric", "attribute", "group"),
        allowed={"model": ("popularity", "base", "mitigated"), "metric": EXPOSURES},
    ),
    "audit/twins.csv": Table(
        columns=(
            "attribute", "comparison", "vectors", "phase", "measure", "value", "ci_low", "ci_high", "n_users",
            "paired_difference", "pd_low", "pd_high",
        ),
        text=("attribute", "comparison", "vectors", "phase", "measure"),
        allowed={
            "comparison": ("twin", "matched"),
            "vectors": ("trained", "fold_in", "placed", "group_map", "item_side"),
            "phase": ("before", "after"),
            "measure": ("rbo", "jaccard", "score_shift", "unexplained"),
        },
    ),
    WEIGHTS: Table(
        columns=("weights", "kind", "attribute", "group", "value", "ci_low", "ci_high", "n_users"),
        text=("weights", "kind", "attribute", "group"),
        allowed={"kind": ("strongest", "linear", "kept", "change")},
    ),
    "history.csv": Table(
        columns=("stage", "epoch", "name", "value", "seconds"), text=("stage", "name"), allowed={"stage": STAGES}
    ),
    "projection.csv": Table(
        columns=("layout", "representation", "modality", "phase", "user", "x", "y"),
        text=("layout", "representation", "modality", "phase", "user"),
        allowed={"representation": REPRESENTATIONS, "phase": PHASES},
    ),
}  # fmt: skip


FORMULA = r"[=+\-@\t\r']"
"""How a text begins that a spreadsheet would run as a formula, or that we have escaped."""

END_OF_ROW = "\r\n"
"""As RFC 4180 has it; Python then quotes a carriage return within a text, and it starts no row of its own."""


def escaped(texts: pd.Series) -> pd.Series:
    """Texts as a CSV may hold them: one that a spreadsheet would run stands behind an apostrophe."""
    risky = texts.astype(str).str.match(FORMULA)
    return texts.mask(risky, "'" + texts.astype(str))


def unescaped(texts: pd.Series) -> pd.Series:
    """What `escaped` was given."""
    return texts.mask(texts.str.match("'" + FORMULA), texts.str[1:])


def check_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with its columns in contract order, or say which column or value breaks the contract.

    Raises
    ------
    StoreError
        A column is missing or unknown, or a value is not among those allowed.
    """
    table = TABLES[name]
    frame = frame.assign(**{column: np.nan for column in table.later if column not in frame})
    missing, unknown = set(table.columns) - set(frame.columns), set(frame.columns) - set(table.columns)
    if missing or unknown:
        raise StoreError(
            f"missing columns {sorted(missing)}, unknown columns {sorted(unknown)}", name, code="table.columns"
        )
    for column, allowed in table.allowed.items():
        wrong = set(frame[column].fillna("")) - set(allowed)
        if wrong:
            raise StoreError(
                f"values {sorted(map(str, wrong))[:3]} are not allowed",
                f'{name}, column "{column}"',
                code="table.values",
            )
    return frame[list(table.columns)]


def of_groups(groups: pd.DataFrame, crossing: str = "") -> pd.DataFrame:
    """The rows of `groups.csv` that are groups: everyone and those of single attributes, or those of one crossing."""
    real = groups[~groups["group"].isin(SUMMARIES)]
    if crossing:
        return real[real["attribute"] == crossing]
    return real[~real["attribute"].isin(crossings_in(groups))]


def crossings_in(groups: pd.DataFrame) -> list[str]:
    """The names of the crossed attributes of a `groups.csv`, in its order."""
    names = list(dict.fromkeys(groups["attribute"]))
    crossed = crossed_names(names)
    return [name for name in names if name in crossed]


def left_out_of(groups: pd.DataFrame, crossing: str) -> int:
    """How many people of a crossing are in groups too small to judge."""
    rows = groups[(groups["attribute"] == crossing) & (groups["group"] == LEFT_OUT)]
    return int(rows["n_users"].max()) if len(rows) else 0
