"""People whose labels the mitigation never saw: attackers learn from the others (AUDIT.md, "Who is attacked")."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit import logistic
from fmm_core.audit.combination import carried, choose_carried
from fmm_core.audit.crowds import People
from fmm_core.audit.folds import UNSEEN
from fmm_core.audit.intervals import Estimate, estimate_unseen
from fmm_core.audit.panel import Family, closed_form
from fmm_core.audit.representations import standardise_like
from fmm_core.data.dataset import UNDISCLOSED
from fmm_core.types import Floats

Scores = dict[str, NDArray[np.floating]]
"""Per attacker, unseen people × columns."""


def undisclosed_estimates(
    matrix: Floats, sparse: csr_matrix | None, people: People, seed: int
) -> dict[str, dict[str, Estimate]]:
    """Per attribute and attacker, how well the unseen are read by whoever knows all labels of `people`.

    Parameters
    ----------
    matrix : everybody × d, what is attacked; `sparse` is the same unreduced, where the plain logistic attacker uses it

    Notes
    -----
    Choice, sign and combination are learned on the out-of-fold scores of `people`; what was chosen is then fitted on
    all of them. This is the panel *fast*, also where the others' rows are of the panel *full*.
    """
    z = standardise_like(matrix[people.rows], matrix[np.concatenate([people.rows, people.unseen.rows])])
    n = len(people.rows)
    found = {name: _judged(families, name, people) for name, families in _families(z, people, seed).items()}
    learned, asked = (z[:n], z[n:]) if sparse is None else (sparse[people.rows], sparse[people.unseen.rows])
    for name, scores in found.items():
        scores["logistic"] = logistic.of_others(learned, people.codes[name], people.classes[name], asked)
    return {
        name: {attacker: estimate_unseen(each, people.unseen.codes[name]) for attacker, each in scores.items()}
        for name, scores in found.items()
    }


def _families(z: Floats, people: People, seed: int) -> dict[str, dict[str, list[NDArray[np.float32]]]]:
    """Scores of every setting; in z and in them `people` come first and the unseen after."""
    outside = len(people.unseen.rows)
    together = replace(
        people,
        folds=np.pad(people.folds, (0, outside), constant_values=UNSEEN),
        codes={name: np.pad(codes, (0, outside), constant_values=UNDISCLOSED) for name, codes in people.codes.items()},
    )
    return closed_form(z, together, seed)


def _judged(families: Family, name: str, people: People) -> Scores:
    """As `panel.judge`: the headline, the combination, and every family's own choice."""
    settings = np.stack([scores for family in families.values() for scores in family])
    n = len(people.rows)
    known, new = settings[:, np.arange(n), people.folds], settings[:, n:, 0]
    singles, together = carried(known, new, people.codes[name], people.classes[name], people.folds)
    found = {"strongest": choose_carried([*singles, together]), "combination": choose_carried([together])}
    for family, scores in families.items():
        own, singles = singles[: len(scores)], singles[len(scores) :]
        found[family] = choose_carried(own)
    return found | {"linear": families["linear"][0][n:, 0]}
