"""The made-up data: what is planted can be found, and what is not cannot."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fmm_core.data import storage
from fmm_core.data.dataset import Dataset
from fmm_core.data.splitting import row_normalised, split
from fmm_core.data.synthetic import SyntheticConfig, Truth, choose, make, taste, twin


@pytest.fixture(scope="module")
def world() -> tuple[Dataset, Truth]:
    return make()


def auc(vectors: csr_matrix | np.ndarray, is_member: np.ndarray, strength: float = 1e-3) -> float:
    """Five-fold AUC of a logistic regression on scaled columns."""
    attacker = make_pipeline(StandardScaler(with_mean=False), LogisticRegression(C=strength, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(attacker, vectors, is_member, cv=folds, method="decision_function")
    return float(roc_auc_score(is_member, scores))


def history_auc(dataset: Dataset, attribute: str, group: int) -> float:
    return auc(row_normalised(split(dataset).train), dataset.attributes[attribute].codes == group)


def noise(dataset: Dataset, attribute: str, group: int) -> float:
    """Spread of a five-fold AUC where nothing leaks: √2 × Mann and Whitney's √((n₁ + n₀ + 1) / 12 n₁ n₀) (AUDIT.md)."""
    inside = int(dataset.attributes[attribute].counts[group])
    outside = dataset.n_users - inside
    return float(np.sqrt(2 * (inside + outside + 1) / (12 * inside * outside)))


def recall_at_20(scores: np.ndarray, seen: csr_matrix, test: csr_matrix) -> float:
    ranked = np.argsort(-np.where(seen.toarray() > 0, -np.inf, scores), axis=1)[:, :20]
    hit = np.take_along_axis(test.toarray(), ranked, axis=1).sum(axis=1)
    return float((hit / test.sum(axis=1).A1).mean())


def test_sizes(world: tuple[Dataset, Truth]) -> None:
    dataset, _ = world
    assert (dataset.n_users, dataset.n_items, len(dataset.pairs.user)) == (1000, 400, 36_000)
    assert (np.bincount(dataset.pairs.user) == 36).all()
    assert [note.code for note in dataset.notes] == ["synthetic.planted"]  # nobody picks a film twice
    women, men = dataset.attributes["gender"].counts
    assert 370 < women < 450 < 550 < men
    assert dataset.attributes["handedness"].counts.min() >= 100
    assert len(dataset.attributes["age"].groups) == 4
    assert dataset.titles is not None
    assert len(set(dataset.titles)) == 400


def test_one_seed_one_data_set(world: tuple[Dataset, Truth]) -> None:
    again, other = make()[0], make(SyntheticConfig(seed=1))[0]
    assert storage.fingerprint(again) == storage.fingerprint(world[0])
    assert storage.fingerprint(other) != storage.fingerprint(again)


def test_gender_can_be_read_from_the_clicks(world: tuple[Dataset, Truth]) -> None:
    assert 0.75 < history_auc(world[0], "gender", 0) < 0.9


def test_age_can_be_read_from_the_clicks(world: tuple[Dataset, Truth]) -> None:
    assert history_auc(world[0], "age", 3) > 0.75


def test_handedness_cannot(world: tuple[Dataset, Truth]) -> None:
    assert abs(history_auc(world[0], "handedness", 1) - 0.5) < 3 * noise(world[0], "handedness", 1)


def test_without_an_effect_gender_cannot_be_read() -> None:
    dataset, _ = make(SyntheticConfig(gender_effect=0))
    assert abs(history_auc(dataset, "gender", 0) - 0.5) < 3 * noise(dataset, "gender", 0)


@pytest.mark.parametrize("attribute", ["gender", "age"])
def test_an_effect_of_nothing_plants_nothing(attribute: str) -> None:
    """Whoever else somebody were, the taste and the films would be the same to the last bit."""
    dataset, truth = make(SyntheticConfig(**{f"{attribute}_effect": 0}))  # type: ignore[arg-type]
    codes = {name: dataset.attributes[name].codes for name in ("gender", "age")}
    other = codes | {attribute: codes[attribute].max() - codes[attribute]}
    twins = taste(truth.config, truth.personal, **other)
    np.testing.assert_array_equal(twins, truth.taste)
    picked = np.sort(choose(truth, twins, 36), axis=1).ravel()
    np.testing.assert_array_equal(picked, dataset.pairs.item)


def test_a_stronger_effect_is_easier_to_read() -> None:
    found = [history_auc(make(SyntheticConfig(gender_effect=effect))[0], "gender", 0) for effect in (0.15, 0.45, 1)]
    assert found[0] < found[1] - 0.05 < found[2] - 0.1


def test_modalities_show_the_genres_as_far_as_planted(world: tuple[Dataset, Truth]) -> None:
    dataset, truth = world
    is_war = truth.genres.argmax(axis=1) == 7
    text, audio, image = (auc(dataset.modalities[name].features, is_war, 0.1) for name in ("text", "audio", "image"))
    assert text > 0.9
    assert 0.6 < audio < text
    assert abs(image - 0.5) < 0.2  # one genre in eight: about 50 of 400 films


def test_a_leak_of_one_leaves_no_noise() -> None:
    dataset, truth = make(SyntheticConfig(leak={"text": 1}))
    text = dataset.modalities["text"].features
    shown = truth.genres @ np.linalg.lstsq(truth.genres, text, rcond=None)[0]
    np.testing.assert_allclose(text, shown, atol=1e-5)


def test_a_trained_recommender_beats_popularity(world: tuple[Dataset, Truth]) -> None:
    """EASE (Steck, WWW 2019), in closed form, stands for any trained recommender."""
    parts = split(world[0])
    seen, train = parts.train + parts.validation, parts.train.toarray()
    precision = np.linalg.inv(train.T @ train + 200 * np.eye(400))
    weights = -precision / np.diag(precision)
    np.fill_diagonal(weights, 0)
    popular = np.broadcast_to(train.sum(axis=0), train.shape)
    assert recall_at_20(train @ weights, seen, parts.test) > 1.5 * recall_at_20(popular, seen, parts.test)


def test_titles_fit_the_main_genre(world: tuple[Dataset, Truth]) -> None:
    dataset, truth = world
    assert dataset.titles is not None
    first_war = int(np.flatnonzero(truth.genres.argmax(axis=1) == 7)[0])
    assert any(noun in dataset.titles[first_war] for noun in ("Front", "Convoy", "Bridge", "Armistice"))


def test_everybody_can_be_made_again(world: tuple[Dataset, Truth]) -> None:
    dataset, truth = world
    gender, age = (dataset.attributes[name].codes for name in ("gender", "age"))
    again = choose(truth, taste(truth.config, truth.personal, gender, age), truth.config.clicks)
    assert np.sort(again, axis=1).ravel().tolist() == dataset.pairs.item.tolist()


def test_a_twin_of_the_other_gender_shares_luck_and_leans_the_other_way(world: tuple[Dataset, Truth]) -> None:
    dataset, truth = world
    gender, age = (dataset.attributes[name].codes for name in ("gender", "age"))
    own = dataset.pairs.item.reshape(1000, 36)
    twin = choose(truth, taste(truth.config, truth.personal, 1 - gender, age), 36)
    shared = np.array([len(set(a) & set(b)) for a, b in zip(own, twin, strict=True)])
    assert 10 < shared.mean() < 30  # unrelated picks would share 36 · 36 / 400 ≈ 3
    romance = truth.genres[:, 5]
    leaning = romance[twin].mean(axis=1) - romance[own].mean(axis=1)
    assert leaning[gender == 1].mean() > 0.02 > -0.02 > leaning[gender == 0].mean()


@pytest.mark.parametrize("attribute", ["gender", "age"])
def test_a_twin_has_the_mirrored_group_and_the_same_luck(world: tuple[Dataset, Truth], attribute: str) -> None:
    """The films are those the same person would pick with the other taste, worked out here from the truth."""
    dataset, truth = world
    codes = {name: dataset.attributes[name].codes for name in ("gender", "age")}
    mirrored = codes[attribute].max() - codes[attribute]
    histories, flipped = twin(truth.config, attribute)
    np.testing.assert_array_equal(flipped, mirrored)
    again = choose(truth, taste(truth.config, truth.personal, **codes | {attribute: mirrored}), 36)
    np.testing.assert_array_equal(histories.indices, np.sort(again, axis=1).ravel())
    assert (np.diff(histories.indptr) == 36).all()


def test_a_twin_of_the_other_hand_picks_the_same_films(world: tuple[Dataset, Truth]) -> None:
    histories, flipped = twin(world[1].config, "handedness")
    np.testing.assert_array_equal(histories.indices, world[0].pairs.item)
    np.testing.assert_array_equal(flipped, 1 - world[0].attributes["handedness"].codes)


@pytest.mark.parametrize(
    "wrong", [{"gender_effect": 1.5}, {"leak": {"text": 2}}, {"clicks": 400}, {"n_users": 0}, {"effect": 0.1}]
)
def test_impossible_configurations_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SyntheticConfig(**wrong)  # type: ignore[arg-type]
