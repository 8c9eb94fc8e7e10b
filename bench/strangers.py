"""Attackers no mitigation here has trained against: other learners, and those that learned before anything moved."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fmm_core.audit.extras import Classifier, named
from fmm_core.audit.intervals import estimate_unseen
from fmm_core.types import Floats

STRANGERS = ("svm", "boosting", "knn", "network, one layer", "network, two layers", "before, linear", "before, svm")
"""In the order in which tables name them."""


def strangers() -> dict[str, Classifier]:
    """Support vectors, boosting, nearest neighbours and networks of two depths; cloned before each fit."""
    how = {"early_stopping": True, "random_state": 0}
    networks = {"network, one layer": (64,), "network, two layers": (128, 64)}
    return named(("svm", "boosting", "knn")) | {name: MLPClassifier(wide, **how) for name, wide in networks.items()}


def transferred(before: Floats, after: Floats, codes: NDArray[np.integer]) -> dict[str, list[float]]:
    """What attackers who learned from half of the people's old vectors read of the other half's new ones.

    Returns
    -------
    {attacker: [AUC, low, high]}; right as often as wrong is 0.5
    """
    known = np.flatnonzero(codes >= 0)
    learned, read = np.array_split(np.random.default_rng(0).permutation(known), 2)
    found = {}
    for name, attacker in (("before, linear", LogisticRegression(max_iter=1000)), ("before, svm", SVC())):
        model = make_pipeline(StandardScaler(), attacker).fit(before[learned], codes[learned])
        figure = estimate_unseen(model.decision_function(after[read])[:, None], codes[read])
        found[name] = [round(each, 4) for each in (figure.value, figure.low, figure.high)]
    return found
