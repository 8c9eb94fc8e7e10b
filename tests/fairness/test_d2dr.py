"""D2D-R: distances by hand and by scikit-learn, lists that keep their order, and groups that meet."""

import numpy as np
import pytest
import torch
from mitigation_contract import AGE, GENDER, ItemsKept, StrengthContract, attack, context
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import euclidean_distances, rbf_kernel

from fmm_core.fairness.build import build
from fmm_core.fairness.context import Mitigation
from fmm_core.fairness.d2dr import Groups, Order, contrasts, discrepancy, gaussian_kernels
from fmm_core.fairness.specs import D2DRConfig
from fmm_core.types import Representations

SHORT = D2DRConfig(steps=150, batch_size=256, learning_rate=1e-2)


class TestD2DR(ItemsKept, StrengthContract):
    def build(self) -> Mitigation:
        return build(SHORT)

    def test_groups_are_read_less_by_attackers_that_had_no_part(self) -> None:
        """Two groups and three. What a kernel sees falls least: small directions count little in plain distances."""
        given = context({GENDER: 1.0, AGE: 1.0}, n=1000)
        found = self.build().fit(given).user
        gender, age = given.codes[GENDER], given.codes[AGE] == 2
        before, after = attack(given.base.user, gender), attack(found, gender)
        assert before["svm"] - 0.1 > after["svm"]
        assert before["logistic"] > 0.75
        assert before["quadratic"] > 0.9
        assert after["logistic"] == pytest.approx(0.5, abs=0.08)
        assert after["quadratic"] == pytest.approx(0.5, abs=0.08)
        assert attack(given.base.user, age)["logistic"] > 0.7
        assert attack(found, age)["logistic"] == pytest.approx(0.5, abs=0.08)

    def test_groups_that_are_not_apart_are_not_drawn_closer(self) -> None:
        """Shuffled labels at the largest weight: answers stay guesses, none is wrong on purpose.

        Drawn to the end, quadratic and SVM would answer 0.37 and 0.36: whoever turns them round is right.
        """
        given = context({GENDER: 100.0}, n=1000)
        given.codes[GENDER][:] = np.random.default_rng(1).permutation(given.codes[GENDER])
        after = attack(build(D2DRConfig()).fit(given).user, given.codes[GENDER])
        assert all(value == pytest.approx(0.5, abs=0.05) for value in after.values()), after

    def test_only_those_who_disclosed_and_were_trained_are_moved(self) -> None:
        hidden, untrained = np.arange(400) % 4 == 0, np.arange(400) < 10
        given = context({GENDER: 1.0}, undisclosed=hidden, untrained=untrained)
        found = self.build().fit(given).user
        still = hidden | untrained
        assert_array_equal(found[still], given.base.user[still])
        assert (np.abs(found - given.base.user).max(axis=1) > 1e-3)[~still].all()

    def test_an_attribute_of_weight_0_plays_no_part(self) -> None:
        alone = self.fit({GENDER: 1.0}).user
        assert_array_equal(self.fit({GENDER: 1.0, AGE: 0.0}).user, alone)
        assert not np.array_equal(self.fit({GENDER: 1.0, AGE: 1.0}).user, alone)


# distances ----------------------------------------------------------------------------------------------------------


def test_kernels_are_scikit_learns_summed_over_five_widths() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    squared = euclidean_distances(vectors, squared=True)
    mean = squared[~np.eye(30, dtype=bool)].mean()
    expected = sum(rbf_kernel(vectors, gamma=1 / (width * mean)) for width in (1 / 4, 1 / 2, 1, 2, 4))
    assert_allclose(gaussian_kernels(torch.from_numpy(vectors), 5), expected, rtol=1e-9)


def test_distance_of_two_groups_by_hand() -> None:
    """Two people against three. Inside: 0.6, and (0.1 + 0.2 + 0.3) / 3 = 0.2; across, the mean of six is 0.05.

    0.6 + 0.2 − 2 · 0.05 = 0.7, whatever stands on the diagonal.
    """
    kernel = torch.full((5, 5), 0.05)
    kernel[0, 1] = kernel[1, 0] = 0.6
    for (a, b), value in {(2, 3): 0.1, (2, 4): 0.2, (3, 4): 0.3}.items():
        kernel[a, b] = kernel[b, a] = value
    kernel.fill_diagonal_(7)
    found = discrepancy(kernel, torch.tensor([0, 0, 1, 1, 1]), contrasts([2, 3]))
    assert_allclose(found, [0.7], rtol=1e-6)


def test_distance_of_several_groups_is_each_against_everyone() -> None:
    """The means between groups looped over naively; everyone is 10, 30 and 60 of a hundred people."""
    rng = np.random.default_rng(0)
    vectors, code = rng.normal(size=(24, 3)), np.repeat([0, 1, 2], [5, 7, 12])
    kernel, share = rbf_kernel(vectors), np.array([0.1, 0.3, 0.6])
    mean = np.empty((3, 3))
    for a in range(3):
        for b in range(3):
            pairs = [kernel[i, j] for i in range(24) for j in range(24) if i != j and code[i] == a and code[j] == b]
            mean[a, b] = np.mean(pairs)
    expected = [mean[g, g] - 2 * share @ mean[g] + share @ mean @ share for g in range(3)]
    found = discrepancy(torch.from_numpy(kernel), torch.from_numpy(code), contrasts([10, 30, 60]).double())
    assert_allclose(found, expected, rtol=1e-6)


def test_of_every_group_as_many_are_drawn_and_small_ones_whole() -> None:
    codes = np.repeat([0, 1, 2, -1], [50, 8, 40, 2]).astype(np.int16)
    trained = np.arange(100) > 0
    people, code = Groups.of(codes, trained, 1.0).draw(60, np.random.default_rng(0))
    assert_array_equal(np.bincount(code), [20, 8, 20])
    assert_array_equal(codes[people], code)
    assert len(np.unique(people)) == 48
    assert 0 not in people


def test_an_attribute_of_many_groups_counts_as_much_as_one_of_two() -> None:
    everyone = np.ones(60, bool)
    two, six = (Groups.of((np.arange(60) % groups).astype(np.int16), everyone, 0.5) for groups in (2, 6))
    assert_allclose(two.weights, [0.5])
    assert_allclose(six.weights, np.full(6, 0.5 / 6))


# order --------------------------------------------------------------------------------------------------------------


def test_disorder_by_hand() -> None:
    """First person: item 1 is theirs; 3, 0, 2 is the list, with scores 5, 3, 1: four wide. Moved: 2, 3, 2.125.

    One rise of 1 in four. The second person's list is 0, 2 and one empty place; it keeps its order: 0.
    """
    item = np.array([[3, 4], [9, 0], [0, 2], [4, 0]], np.float32)
    bias = np.array([0, 0, 1, 1], np.float32)
    base = Representations(np.array([[1, 0], [0, 1]], np.float32), item, bias)
    train = csr_matrix(np.array([[0, 1, 0, 0], [0, 1, 0, 1]], np.float32))
    order = Order.of(base, train, 3)
    assert_array_equal(order.items[0], [3, 0, 2])
    assert_array_equal(order.candidate, [[True, True, True], [True, True, False]])
    moved = torch.tensor([[0.25, 0.5625], [0.0, 0.5]])
    assert float(order.broken(moved, np.array([0, 1]))) == pytest.approx((1 / 4 + 0) / 2)
    assert float(order.broken(torch.from_numpy(base.user), np.array([0, 1]))) == 0


def test_top_lists_keep_their_order_better_than_vectors_moved_as_far_at_random() -> None:
    given = context({GENDER: 1.0})
    found = build(SHORT).fit(given).user
    noise = np.random.default_rng(0).normal(size=found.shape)
    step = np.linalg.norm(found - given.base.user, axis=1, keepdims=True)
    noisy = given.base.user + noise / np.linalg.norm(noise, axis=1, keepdims=True) * step
    order, everyone = Order.of(given.base, given.train, 20), np.arange(len(found))
    kept, random = (float(order.broken(torch.from_numpy(user.astype(np.float32)), everyone)) for user in (found, noisy))
    assert kept < random / 5
