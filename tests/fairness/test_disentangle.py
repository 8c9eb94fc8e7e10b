"""Disentanglement on planted leaks, judged by scikit-learn's attackers on people the maps never saw."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fmm_core.data.splitting import row_normalised
from fmm_core.fairness.disentangle import disentangle, split
from fmm_core.fairness.specs import DisentangleConfig
from fmm_core.fairness.split_game import PUBLISHED, Game
from fmm_core.types import silent

CLOSED = DisentangleConfig()
TRAINED = DisentangleConfig(form="adversarial", epochs=2)
PAPER = DisentangleConfig(form="paper", epochs=2, batch_size=64)
FORMS = pytest.mark.parametrize("config", [CLOSED, TRAINED, PAPER], ids=lambda config: config.form)
PEOPLE = 3000


@pytest.fixture(scope="module")
def world() -> tuple[csr_matrix, dict[str, NDArray[np.float32]], dict[str, NDArray[np.int16]]]:
    """80 people (one without interactions), 50 items, three modalities, two attributes with some undisclosed."""
    rng = np.random.default_rng(0)
    dense = (rng.random((80, 50)) < 0.2).astype(np.float32)
    dense[7] = 0
    features = {
        "narrow": rng.normal(size=(50, 4)).astype(np.float32),
        "middle": (3 + rng.normal(size=(50, 12))).astype(np.float32),
        "wide": rng.normal(size=(50, 200)).astype(np.float32),
    }
    codes = {
        "gender": rng.integers(-1, 2, 80).astype(np.int16),
        "age": rng.integers(-1, 3, 80).astype(np.int16),
    }
    return csr_matrix(dense), features, codes


def planted(kind: str) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """10 dimensions of unequal variance; the group moves the third's mean, or stretches the seventh and the eighth."""
    rng = np.random.default_rng(1)
    code = (rng.random(PEOPLE) < 0.4).astype(np.int16)
    z = rng.normal(size=(PEOPLE, 10))
    if kind == "mean":
        z[:, 2] += 1.6 * code
    else:
        z[:, 6:8] *= np.where(code, 2.5, 1.0)[:, None]
    turn = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    return 5 + (z * np.linspace(1.5, 0.7, 10)) @ turn, code


def read(vectors: NDArray[np.floating], code: NDArray[np.int16], seen: NDArray[np.bool_]) -> dict[str, float]:
    """AUC of two attackers among people the maps never saw, half of them to learn from."""
    unseen = np.flatnonzero(~seen)
    learn, ask = unseen[::2], unseen[1::2]
    found = {}
    for name, attacker in {"line": LogisticRegression(), "kernel": SVC()}.items():
        model = make_pipeline(StandardScaler(), attacker).fit(vectors[learn], code[learn])
        found[name] = roc_auc_score(code[ask], model.decision_function(vectors[ask]))
    return found


@FORMS
def test_profiles_of_mapped_items_are_mapped_profiles(config: DisentangleConfig, world) -> None:
    train, features, codes = world
    average = row_normalised(train)
    rows = np.flatnonzero(np.diff(train.indptr))
    known = {name: code[rows] for name, code in codes.items()}
    interactions = np.diff(train.indptr)[rows]
    for name, part in features.items():
        found = disentangle(config, train, {name: part}, codes, progress=silent, seed=3)
        profiles = average[rows] @ part
        maps = split(config, profiles, known, interactions=interactions, seed=3)
        for which, mapping in maps._asdict().items():
            assert found[name, which].shape == part.shape
            assert_allclose(average[rows] @ found[name, which], mapping.apply(profiles), atol=2e-4)


@FORMS
def test_the_same_seed_gives_the_same_parts(config: DisentangleConfig, world) -> None:
    train, features, codes = world
    first = disentangle(config, train, features, codes, progress=silent, seed=1)
    torch.rand(5)  # the caller's own draws in between
    second = disentangle(config, train, features, codes, progress=silent, seed=1)
    for key, part in first.items():
        assert_array_equal(part, second[key])


@FORMS
def test_a_modality_is_split_alike_in_whatever_company(config: DisentangleConfig, world) -> None:
    train, features, codes = world
    every = disentangle(config, train, features, codes, progress=silent, seed=1)
    alone = disentangle(config, train, {"middle": features["middle"]}, codes, progress=silent, seed=1)
    assert set(every) == {(name, part) for name in features for part in ("biased", "filtered")}
    for key, part in alone.items():
        assert_array_equal(part, every[key])
    assert disentangle(config, train, {}, codes, progress=silent, seed=1) == {}


@FORMS
def test_without_anything_to_protect_both_parts_are_the_features(config: DisentangleConfig, world) -> None:
    train, features, _ = world
    one_group = {"gender": np.where(np.arange(80) % 2, 1, -1).astype(np.int16)}
    for codes in ({}, one_group):
        for (name, _), part in disentangle(config, train, features, codes, progress=silent, seed=0).items():
            assert_array_equal(part, features[name])


@FORMS
def test_people_without_interactions_and_their_labels_play_no_part(config: DisentangleConfig, world) -> None:
    train, features, codes = world
    other = {name: code.copy() for name, code in codes.items()}
    for code in other.values():
        code[7] = 1 - max(code[7], 0)
    first = disentangle(config, train, {"middle": features["middle"]}, codes, progress=silent, seed=1)
    second = disentangle(config, train, {"middle": features["middle"]}, other, progress=silent, seed=1)
    for key, part in first.items():
        assert_array_equal(part, second[key])


@FORMS
def test_features_that_say_nothing_do_not_crash(config: DisentangleConfig, world) -> None:
    train, _, codes = world
    constant = {"flat": np.full((50, 6), 2, np.float32), "one": np.arange(50, dtype=np.float32)[:, None]}
    found = disentangle(config, train, constant, codes, progress=silent, seed=0)
    assert all(np.isfinite(part).all() for part in found.values())
    if config.form == "closed":
        assert_array_equal(found["flat", "filtered"], constant["flat"])


def test_progress_counts_all_modalities(world) -> None:
    train, features, codes = world
    told: list[tuple[int, int]] = []
    for config, expected in ((CLOSED, [(1, 3), (2, 3), (3, 3)]), (TRAINED, [(step, 6) for step in range(1, 7)])):
        told.clear()
        disentangle(config, train, features, codes, progress=lambda done, total, **_: told.append((done, total)))
        assert told == expected


@pytest.mark.parametrize("kind", ["mean", "shape"])
def test_the_closed_form_hides_a_planted_leak_from_strangers(kind: str) -> None:
    """Raw profiles are read by the attacker this kind shows itself to; shapes are invisible to a straight line."""
    profiles, code = planted(kind)
    seen = np.arange(PEOPLE) < PEOPLE // 2
    maps = split(DisentangleConfig(energy=0.5), profiles, {"gender": np.where(seen, code, -1).astype(np.int16)})
    biased, filtered = maps.biased.apply(profiles), maps.filtered.apply(profiles)
    assert read(profiles, code, seen)["kernel"] > 0.75
    assert read(biased, code, seen)["kernel"] > 0.75
    assert all(abs(value - 0.5) < 0.05 for value in read(filtered, code, seen).values())
    centred = [z - z.mean(axis=0) for z in (filtered, profiles)]
    cosine = (centred[0] * centred[1]).sum(axis=1) / np.prod([np.linalg.norm(z, axis=1) for z in centred], axis=0)
    assert cosine.mean() > 0.6


def test_both_closed_parts_add_up_and_the_filtered_one_is_flat() -> None:
    profiles, code = planted("mean")
    maps = split(DisentangleConfig(energy=0.5), profiles, {"gender": code})
    centre = profiles.mean(axis=0)
    assert_allclose(maps.biased.apply(profiles) + maps.filtered.apply(profiles) - centre, profiles, atol=1e-4)
    assert np.linalg.matrix_rank(maps.filtered.matrix, tol=1e-6) < 10
    assert_allclose(maps.filtered.matrix @ maps.filtered.matrix, maps.filtered.matrix, atol=1e-9)  # a projection
    spread = maps.filtered.apply(profiles).var(axis=0).sum() / profiles.var(axis=0).sum()
    assert 0.5 <= spread < 0.65  # a direction carries about a tenth


def test_with_labels_that_say_nothing_it_keeps_the_leading_directions() -> None:
    """Without information every direction costs sampling noise alone, so the small ones go: principal components."""
    rng = np.random.default_rng(2)
    profiles = rng.normal(size=(4000, 8)) * [8, 4, 4, 4, 1, 1, 1, 1]
    maps = split(DisentangleConfig(energy=0.85), profiles, {"gender": rng.integers(0, 2, 4000).astype(np.int16)})
    assert_allclose(maps.filtered.matrix, np.diag([1, 1, 1, 1, 0, 0, 0, 0]), atol=0.1)


def test_people_who_disclosed_nothing_are_no_group() -> None:
    """They stand far off along one axis. Taken for a group they would cost that axis; it is the one to keep."""
    rng = np.random.default_rng(4)
    profiles = rng.normal(size=(1200, 6))
    silent_ones = np.arange(1200) % 3 == 0
    profiles[silent_ones, 0] += 6
    profiles[:, 1] += 2 * (np.arange(1200) % 3 == 1)
    code = (np.arange(1200) % 3 - 1).astype(np.int16)  # −1, 0, 1 in turn
    filtered = split(DisentangleConfig(energy=0.7), profiles, {"gender": code}).filtered.matrix
    assert filtered[0, 0] > 0.95
    assert filtered[1, 1] < 0.05


def test_opponents_leave_less_of_a_planted_leak_than_there_was() -> None:
    profiles, code = planted("mean")
    seen = np.arange(PEOPLE) < PEOPLE // 2
    maps = split(TRAINED, profiles, {"gender": np.where(seen, code, -1).astype(np.int16)})
    raw, filtered = (read(z, code, seen)["line"] for z in (profiles, maps.filtered.apply(profiles)))
    assert raw > 0.8
    assert abs(filtered - 0.5) < 0.1
    assert np.linalg.matrix_rank(maps.filtered.matrix, tol=1e-4) < 10


def test_the_published_loss_by_hand() -> None:
    """Three people, one undisclosed; two classes (true labels) and three (random ones, never the last)."""
    torch.manual_seed(0)
    biased, filtered = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
    codes = {"gender": torch.tensor([0, 1, -1]), "age": torch.tensor([2, 0, 1])}
    game = Game(biased, filtered, 4, codes, PUBLISHED, 1e-3)
    for pair in game.opponents.values():
        for layers in (pair.biased, pair.filtered):
            layers[2] = torch.nn.Identity()  # in place of dropout
    rows = torch.randn(3, 4)
    b, f = biased(rows), filtered(rows)
    torch.manual_seed(7)
    found = game.loss(rows, b, f, torch.arange(3))

    def guess(layers: torch.nn.Sequential, x: torch.Tensor) -> torch.Tensor:
        hidden = x @ layers[0].weight.T + layers[0].bias
        return torch.where(hidden > 0, hidden, 0.2 * hidden) @ layers[3].weight.T + layers[3].bias

    def cosines(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x * y).sum(dim=1) / (x.norm(dim=1) * y.norm(dim=1))

    gender, age = game.opponents["gender"], game.opponents["age"]
    expected = (1 - cosines(f, rows)).mean() + 0.1 * cosines(b, f).clamp(min=0).mean()
    for layers, x, sign in ((gender.biased, b, 1), (gender.filtered, f, -1)):
        chance = torch.sigmoid(guess(layers, x[:2])[:, 0])  # of class 1
        expected = expected - sign * 0.1 * (torch.log(1 - chance[0]) + torch.log(chance[1])) / 2
    torch.manual_seed(7)
    drawn = torch.randint(0, 2, (3,))
    for layers, x, sign, label in ((age.biased, b, 1, codes["age"]), (age.filtered, f, -1, drawn)):
        chances = torch.softmax(guess(layers, x), dim=1)
        expected = expected - sign * 0.1 * torch.log(chances[torch.arange(3), label]).mean()
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)
    assert drawn.max() < 2


def test_published_aims_are_true_for_two_classes_and_never_the_last_of_more() -> None:
    labels = torch.tensor([0, 1, 1, 0])
    assert_array_equal(PUBLISHED.aim(labels, torch.full((2,), 0.5)).argmax(dim=1), labels)
    many = PUBLISHED.aim(torch.full((500,), 3), torch.full((4,), 0.25))
    assert_allclose(many.mean(dim=0), [1 / 3, 1 / 3, 1 / 3, 0], atol=0.1)


def test_only_the_published_form_counts_interactions() -> None:
    profiles, code = planted("mean")
    profiles, code = profiles[:200], code[:200]
    once, often = np.ones(200, np.int64), 1 + np.arange(200) % 5
    for config, differs in ((CLOSED, False), (TRAINED, False), (PAPER, True)):
        first, second = (split(config, profiles, {"gender": code}, interactions=votes) for votes in (once, often))
        assert np.array_equal(first.filtered.matrix, second.filtered.matrix) != differs
