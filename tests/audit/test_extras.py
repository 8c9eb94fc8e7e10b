"""Attackers on request: against scikit-learn, beside the headline and never in it."""

import numpy as np
import pandas as pd
import pytest
from audit_worlds import dealt, gaussian
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.svm import SVC

from fmm_core.audit import audit
from fmm_core.audit.extras import named, out_of_fold
from fmm_core.errors import DataError

N = 300
VECTORS, CODES = gaussian(N, 4, 1.5, seed=0)
AGE = (np.arange(N) % 3).astype(np.int16)


@pytest.mark.parametrize(("codes", "classes"), [(CODES, 2), (AGE, 3)])
@pytest.mark.parametrize(("attacker", "method"), [(SVC(), "decision_function"), (GaussianNB(), "predict_proba")])
def test_scores_equal_cross_val_predict_on_the_same_folds(attacker, method, codes: np.ndarray, classes: int) -> None:
    folds = dealt(codes)
    expected = cross_val_predict(attacker, VECTORS, codes, cv=PredefinedSplit(folds), method=method)
    if classes == 2:
        expected = expected if expected.ndim == 1 else expected[:, 1]
        expected = expected[:, None]
    assert_allclose(out_of_fold(attacker, VECTORS, codes, classes, folds), expected, rtol=1e-5)
    assert not hasattr(attacker, "classes_")  # it was cloned


def test_a_class_a_fold_never_saw_scores_nothing_there() -> None:
    codes = np.where(np.arange(N) < 5, 3, AGE)
    folds = np.where(codes == 3, 0, dealt(AGE))
    scores = out_of_fold(LogisticRegression(), VECTORS, codes, 4, folds)
    assert (scores[folds == 0, 3] == 0).all()
    assert (scores[folds == 1, 3] != 0).all()


def test_extras_have_their_own_rows_and_the_headline_stays() -> None:
    labels = {"gender": CODES.tolist()}
    plain, more = audit(VECTORS, labels), audit(VECTORS, labels, extra={"mine": GaussianNB(), "svm": SVC()})
    assert more["attacker"].tolist() == ["strongest", "mine", "svm"] * 2
    headlines = more[more["attacker"] == "strongest"].drop(columns="attacker").reset_index(drop=True)
    pd.testing.assert_frame_equal(headlines, plain, check_exact=True)
    own = more[(more["attacker"] == "mine") & (more["users"] == "all")].squeeze()
    assert 0.8 < own["auc"] < 0.88  # Bayes' rule reads Φ(1.5/√2) = 0.856
    assert own["verdict"] == "leaks"


def test_an_attacker_who_is_always_wrong_reads_below_one_half() -> None:
    class Contrary(GaussianNB):
        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            return 1 - super().predict_proba(x)

    rows = audit(VECTORS, {"gender": CODES.tolist()}, extra={"contrary": Contrary()})
    row = rows[(rows["attacker"] == "contrary") & (rows["users"] == "all")].squeeze()
    assert row["auc"] < 0.2
    assert row["verdict"] == "over"


@pytest.mark.parametrize("name", ["svm", "boosting", "knn"])
def test_those_that_come_with_the_program_read_a_leak(name: str) -> None:
    rows = audit(VECTORS, {"gender": CODES.tolist()}, extra=named((name,)))
    assert rows.loc[rows["attacker"] == name, "auc"].min() > 0.7


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ({"linear": SVC()}, "extra linear: this is the name of an attacker of ours. Call it otherwise."),
        (
            {"mine": NearestCentroid(metric="manhattan")},
            "extra NearestCentroid: this attacker gives no scores. It needs",
        ),
    ],
)
def test_what_cannot_attack_is_one_sentence(extra: dict, sentence: str) -> None:
    with pytest.raises(DataError) as error:
        audit(VECTORS, {"gender": CODES.tolist()}, extra=extra)
    assert str(error.value).startswith(sentence)
