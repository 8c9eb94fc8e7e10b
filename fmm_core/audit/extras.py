"""Attackers on request: any classifier of scikit-learn's kind, in its own row and no part of the headline's choice."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fmm_core.audit.folds import FOLDS
from fmm_core.audit.logistic import by_class
from fmm_core.errors import DataError
from fmm_core.types import Floats

NEIGHBOURS = 30


class Classifier(Protocol):
    """What is asked of an attacker, beside `decision_function` or `predict_proba`; it is cloned before each fit."""

    classes_: NDArray[Any]

    def fit(self, x: Any, y: Any) -> Any:
        """Learn from rows and their codes."""
        ...


def named(names: tuple[str, ...]) -> dict[str, Classifier]:
    """The attackers that come with the program: svm, boosting, knn."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    made = {
        "svm": SVC(),
        "boosting": HistGradientBoostingClassifier(early_stopping=False, random_state=0),
        "knn": KNeighborsClassifier(NEIGHBOURS, weights="distance"),
    }
    return {name: made[name] for name in names}


def out_of_fold(
    attacker: Classifier, z: Floats, codes: NDArray[np.integer], classes: int, folds: NDArray[np.int64]
) -> Floats:
    """Scores of everybody by a copy of `attacker` that was fitted without their fold.

    Parameters
    ----------
    z : people × d, standardised

    Returns
    -------
    float32, people × classes, or × 1 for two classes; as they are, so that an attacker who is wrong reads below ½
    """
    from sklearn.base import clone

    scores = np.zeros((len(codes), 1 if classes == 2 else classes), np.float32)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(inside) and len(np.unique(codes[outside])) > 1:
            model = clone(attacker)
            model.fit(z[outside], codes[outside])
            scores[inside] = by_class(_scores(model, z[inside]), model.classes_, classes)
    return scores


def _scores(model: Any, z: Floats) -> NDArray[np.floating]:
    answer = getattr(model, "decision_function", None) or getattr(model, "predict_proba", None)
    if answer is None:
        mend = "It needs decision_function or predict_proba: an answer without a score cannot be ranked."
        raise DataError("this attacker gives no scores", f"extra {type(model).__name__}", mend, code="audit.extra")
    return np.asarray(answer(z))
