"""Questions put to representations: what leaks, how surely, what it costs and whom."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from fmm_core.audit.extras import Classifier


def audit(
    vectors: "np.ndarray",
    labels: Mapping[str, Sequence[Any]],
    *,
    ids: Sequence[object] | None = None,
    after: "np.ndarray | None" = None,
    seed: int = 0,
    extra: "Mapping[str, Classifier] | None" = None,
) -> "pd.DataFrame":
    """How well attackers read what people are from one row of numbers each.

    Parameters
    ----------
    vectors : people × d
    labels : {attribute: one value per person}
        Text or numbers; "", None and NaN are undisclosed. Many numbers become bands; groups under 20 people are merged.
    ids : one per person, distinct; row numbers if not given
        People are dealt to folds and to the held-out fifth by them, so that the order of rows changes nothing.
    after : people × d', the same people after mitigation
    seed : of folds and landmarks
    extra : {name: a classifier of scikit-learn's kind}, cloned and fitted on each fold's complement
        Attackers of your own. They have rows of their own and no part in choosing the strongest.

    Returns
    -------
    A row per attribute, phase (before | after) and `users` (all | held_out: a fifth drawn by id, on whom nothing need
    have been chosen): `groups` told apart and `people` judged, `auc` of the strongest attacker with its 95 % interval
    `ci_low` to `ci_high` and `p_value`, `linear`: the AUC of the plain linear attacker, and `verdict` (leaks | within |
    over | too_few | close, see `audit.verdict`). Guessing gives an AUC of 0.5. With `extra`, a column `attacker` says
    whose row it is: *strongest*, or a name of `extra`.

    Raises
    ------
    DataError
        Shapes do not fit, a number is not finite, ids repeat, an attribute has no two groups of 20 people, or an extra
        attacker has the name of one of ours or gives no scores.
    """
    from fmm_core.audit.direct import audit_vectors  # seconds to import; this package is imported by the dashboard

    return audit_vectors(vectors, labels, ids, after, seed, extra or {})
