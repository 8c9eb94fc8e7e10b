"""What is planted is there, and what is not planted is not, by an independent logistic regression."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from fmm_core.data import storage, synthetic
from fmm_core.data.dataset import Dataset
from fmm_core.data.splitting import row_normalised, split
from fmm_core.data.synthetic import SyntheticConfig


def readable(data: Dataset, attribute: str) -> float:
    clicks = row_normalised(split(data).train) * 30
    codes = data.attributes[attribute].codes
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(LogisticRegression(C=0.1), clicks, codes, cv=folds, method="decision_function")
    return float(roc_auc_score(codes, scores))


def noise(data: Dataset, attribute: str) -> float:
    """Three standard errors of an AUC that knows nothing, cross-validation included (AUDIT.md: √2)."""
    m, n = data.attributes[attribute].counts
    return 3 * np.sqrt(2 * (m + n + 1) / (12 * m * n))


def test_the_same_configuration_gives_the_same_bytes() -> None:
    first, again = synthetic.make()[0], synthetic.make()[0]
    assert storage.fingerprint(first) == storage.fingerprint(again)
    other = synthetic.make(SyntheticConfig(seed=1))[0]
    assert storage.fingerprint(other) != storage.fingerprint(first)


def test_the_planted_attribute_is_readable_and_the_other_is_not() -> None:
    data, _ = synthetic.make()
    assert 0.7 < readable(data, "gender") < 0.95
    assert abs(readable(data, "handedness") - 0.5) < noise(data, "handedness")


def test_an_effect_of_zero_plants_nothing() -> None:
    data, _ = synthetic.make(SyntheticConfig(gender_effect=0))
    assert abs(readable(data, "gender") - 0.5) < noise(data, "gender")


def test_everyone_chooses_different_films() -> None:
    data, _ = synthetic.make()
    keys = data.pairs.user.astype(int) * data.n_items + data.pairs.item
    assert len(np.unique(keys)) == len(keys) == 36_000


def test_a_modality_shows_the_genre_as_clearly_as_it_was_told() -> None:
    data, truth = synthetic.make()
    genre = truth.genres.argmax(axis=1)

    def share(name: str) -> float:
        scores = cross_val_predict(LogisticRegression(max_iter=300), data.modalities[name].features, genre, cv=5)
        return float((scores == genre).mean())

    assert share("text") > share("audio") + 0.1 > share("image") + 0.2
    assert share("image") < 0.25


def test_truth_makes_the_same_choices_again() -> None:
    data, truth = synthetic.make()
    chosen = np.sort(synthetic.choose(truth, truth.taste, 36), axis=1)
    assert (chosen.ravel() == data.pairs.item).all()
