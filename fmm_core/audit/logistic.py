"""The plain logistic regression everyone knows, for comparison; out of fold, no choice of anything."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fmm_core.audit.folds import FOLDS
from fmm_core.types import Floats

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

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
    scores = np.zeros((len(codes), 1 if classes == 2 else classes), np.float32)
    answers = np.zeros(len(codes), np.int64)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(inside) == 0 or len(np.unique(codes[outside])) < 2:
            continue
        model = _fitted(table[outside], codes[outside])
        scores[inside] = by_class(model.decision_function(table[inside]), model.classes_, classes)
        answers[inside] = model.predict(table[inside])
    return Decisions(scores, answers)


def of_others(
    table: Floats | csr_matrix, codes: NDArray[np.integer], classes: int, others: Floats | csr_matrix
) -> Floats:
    """Scores of `others`, as in `Decisions`, by the same attacker fitted on all rows of `table`."""
    model = _fitted(table, codes)
    return by_class(model.decision_function(others), model.classes_, classes)


def _fitted(table: Floats | csr_matrix, codes: NDArray[np.integer]) -> "LogisticRegression":
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():  # stopping early is part of the row's definition
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(max_iter=MOST_STEPS, tol=1e-3).fit(table, codes)


def by_class(values: NDArray[np.floating], known: NDArray[np.integer], classes: int) -> Floats:
    """Scikit-learn's scores, one column per class (for two classes that of class 1 alone).

    Parameters
    ----------
    values : people, or people × the classes `known` to the model that gave them
    """
    columns = values if values.ndim == 2 else np.column_stack([-values, values])
    if classes == 2:
        return columns[:, 1:].astype(np.float32)
    scores = np.zeros((len(values), classes), np.float32)
    scores[:, known] = columns
    return scores
