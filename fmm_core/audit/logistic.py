"""The plain logistic regression everyone knows, for comparison; out of fold, no choice of anything."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.folds import FOLDS
from fmm_core.types import Floats

MOST_STEPS = 60


@dataclass(frozen=True)
class Decisions:
    """Out-of-fold scores (people × 1, or × classes) and the class answered for each person."""

    scores: Floats
    answers: NDArray[np.int64]


def attack(table: Floats | csr_matrix, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]) -> Decisions:
    """Scikit-learn's logistic regression with its default strength.

    Parameters
    ----------
    table : standardised people × d, or a sparse people × items table of ones
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    columns = 1 if classes == 2 else classes
    scores = np.zeros((len(codes), columns), np.float32)
    answers = np.zeros(len(codes), np.int64)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(inside) == 0 or len(np.unique(codes[outside])) < 2:
            continue
        with warnings.catch_warnings():  # stopping early is part of the row's definition
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(max_iter=MOST_STEPS, tol=1e-3).fit(table[outside], codes[outside])
        values = model.decision_function(table[inside])
        if columns == 1:
            scores[inside, 0] = values
        else:
            known = model.classes_
            scores[np.ix_(inside, known)] = values if values.ndim == 2 else np.column_stack([-values, values])
        answers[inside] = model.predict(table[inside])
    return Decisions(scores, answers)
