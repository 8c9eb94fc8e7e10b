"""The exact kernel and the network against refits that never saw the people they judge."""

import numpy as np
import pytest
import torch
from audit_worlds import dealt, gaussian, names, xor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

from fmm_core.audit.exact_kernel import RIDGES, WIDTHS, Question, exact_kernel
from fmm_core.audit.folds import FOLDS
from fmm_core.audit.mlp import mlp

N, D = 200, 6
VECTORS, CODES = gaussian(N, D, 1.0, seed=0)
AGE = (np.arange(N) % 3).astype(np.int16)
PARTITIONS = [dealt(CODES), dealt(CODES, seed=7)]
TARGETS = np.column_stack([CODES - CODES.mean(), AGE == 1]).astype(np.float32)
OWN = np.arange(N)


def refit(z: np.ndarray, targets: np.ndarray, kept: np.ndarray, judged: np.ndarray, how: tuple) -> np.ndarray:
    gamma, ridge = how
    among = rbf_kernel(z.astype(np.float64), gamma=gamma) + 1
    oracle = KernelRidge(alpha=ridge, kernel="precomputed").fit(among[np.ix_(kept, kept)], targets[kept])
    return oracle.predict(among[np.ix_(judged, kept)])


SETTINGS = [(width / D, ridge) for width in WIDTHS for ridge in RIDGES]


def assert_refitted(scores: np.ndarray, z: np.ndarray, targets: np.ndarray, folds: np.ndarray, how: tuple) -> None:
    for fold in range(FOLDS):
        for column in range(FOLDS):
            judged = folds == fold
            expected = refit(z, targets, ~np.isin(folds, [fold, column]), judged, how)
            assert np.abs(scores[judged, column] - expected).max() < 1e-3 * expected.std()


def test_the_exact_kernel_equals_a_refit_without_the_two_folds() -> None:
    [found] = exact_kernel(VECTORS, [Question(OWN, TARGETS, PARTITIONS)])
    for draws, folds in zip(found, PARTITIONS, strict=True):
        for scores, how in zip(draws, SETTINGS, strict=True):
            assert scores.shape == (N, FOLDS, 2)
            assert_refitted(scores, VECTORS, TARGETS, folds, how)


def test_a_question_about_some_people_sees_them_alone() -> None:
    rows = np.flatnonzero(OWN % 4 > 0)
    folds = dealt(CODES[rows])
    questions = [Question(OWN, TARGETS, PARTITIONS[:1]), Question(rows, TARGETS[rows], [folds])]
    whole, part = exact_kernel(VECTORS, questions)
    for scores, how in zip(part[0], SETTINGS, strict=True):
        assert_refitted(scores, VECTORS[rows], TARGETS[rows], folds, how)
    [alone] = exact_kernel(VECTORS, questions[:1])
    assert_array_equal(np.array(whole[0]), np.array(alone[0]))


def network(
    codes: dict[str, np.ndarray],
    vectors: np.ndarray = VECTORS,
    users: np.ndarray | None = None,
    folds: np.ndarray = PARTITIONS[0],
    seed: int = 0,
) -> dict[str, np.ndarray]:
    classes = {name: int(code.max()) + 1 for name, code in codes.items()}
    users = names(len(vectors)) if users is None else users
    return mlp(vectors, codes, classes, users, [folds], seed)[0]


def test_the_network_has_one_column_for_two_classes_and_log_probabilities_for_more() -> None:
    found = network({"gender": CODES, "age": AGE})
    assert {name: scores.shape for name, scores in found.items()} == {"gender": (N, FOLDS, 1), "age": (N, FOLDS, 3)}
    assert_allclose(np.exp(found["age"]).sum(axis=2), 1, atol=1e-5)
    assert roc_auc_score(CODES, found["gender"][OWN, PARTITIONS[0], 0]) > 0.65


def test_the_network_sees_what_no_line_shows() -> None:
    vectors, codes = xor(1000, 8, seed=0)
    folds = dealt(codes)
    scores = network({"which": codes}, vectors, folds=folds)["which"]
    assert roc_auc_score(codes, scores[np.arange(1000), folds, 0]) > 0.9


def test_draws_are_scored_as_if_alone() -> None:
    codes, classes, users = {"gender": CODES}, {"gender": 2}, names(N)
    both = mlp(VECTORS, codes, classes, users, PARTITIONS, 0)
    [second] = mlp(VECTORS, codes, classes, users, PARTITIONS[1:], 0)
    assert_array_equal(both[1]["gender"], second["gender"])
    assert np.abs(both[0]["gender"] - both[1]["gender"]).max() > 0.1


def test_the_networks_scores_depend_on_the_seed_and_not_on_the_order_of_rows() -> None:
    order = np.random.default_rng(1).permutation(N)
    scores = network({"gender": CODES, "age": AGE})
    moved = network({"gender": CODES[order], "age": AGE[order]}, VECTORS[order], names(N)[order], PARTITIONS[0][order])
    again = network({"gender": CODES, "age": AGE}, seed=1)
    for name in scores:
        assert_array_equal(moved[name], scores[name][order])
        assert np.abs(again[name] - scores[name]).max() > 0.01


def test_the_network_leaves_torchs_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        network({"gender": CODES})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def scrambled(fold: int) -> np.ndarray:
    codes, inside = CODES.copy(), PARTITIONS[0] == fold
    codes[inside] = np.random.default_rng(fold).permutation(codes[inside])
    assert (codes != CODES).sum() > 5
    return codes


@pytest.mark.parametrize("fold", [0, 3])
def test_both_are_blind_to_the_labels_of_those_they_judge(fold: int) -> None:
    def attackers(codes: np.ndarray) -> list[np.ndarray]:
        targets = (codes - codes.mean())[:, None].astype(np.float32)
        return [
            network({"gender": codes})["gender"],
            *exact_kernel(VECTORS, [Question(OWN, targets, PARTITIONS[:1])])[0][0],
        ]

    inside = fold == PARTITIONS[0]
    others = np.delete(np.arange(FOLDS), fold)
    for before, after in zip(attackers(CODES), attackers(scrambled(fold)), strict=True):
        tolerance = 1e-3 * before.std()
        assert_allclose(after[inside], before[inside], atol=tolerance)
        assert_allclose(after[:, fold], before[:, fold], atol=tolerance)
        assert np.abs(after[~inside][:, others] - before[~inside][:, others]).max() > 10 * tolerance
