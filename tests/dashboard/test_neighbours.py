import numpy as np
import pytest

from dashboard.neighbours import like_neighbours


def naive(xy: np.ndarray, codes: np.ndarray, k: int) -> float:
    shares = []
    for i in range(len(xy)):
        distance = np.linalg.norm(xy - xy[i], axis=1)
        distance[i] = np.inf
        shares.append((codes[np.argsort(distance)[:k]] == codes[i]).mean())
    return float(np.mean(shares))


def test_equals_the_naive_count_across_blocks():
    rng = np.random.default_rng(0)
    xy, codes = rng.normal(size=(700, 2)), rng.integers(0, 3, 700)
    xy[:, 0] += codes
    share, chance = like_neighbours(xy, codes)
    assert share == pytest.approx(naive(xy.astype(np.float32), codes, 10), abs=1e-4)
    assert 0.32 < chance < 0.35


def test_chance_is_exact_for_small_groups():
    codes = np.array([0] * 12 + [1] * 8)
    _, chance = like_neighbours(np.random.default_rng(0).normal(size=(20, 2)), codes)
    assert chance == pytest.approx((12 * 11 + 8 * 7) / (20 * 19))


def test_undisclosed_people_are_left_out_and_too_few_have_no_share():
    xy = np.random.default_rng(0).normal(size=(30, 2))
    assert like_neighbours(xy, np.zeros(30, int)) == (1.0, 1.0)
    share, chance = like_neighbours(xy, np.array([0] * 10 + [-1] * 20))
    assert np.isnan(share)
    assert np.isnan(chance)


class TestOnMapsByHand:
    LINE = np.array([[0, 0], [1, 0], [10, 0], [11, 0]], np.float32)

    @pytest.mark.parametrize(("codes", "observed"), [([0, 0, 1, 1], 1.0), ([0, 1, 0, 1], 0.0), ([0, 0, 0, 1], 0.5)])
    def test_by_hand(self, codes: list[int], observed: float) -> None:
        found, by_chance = like_neighbours(self.LINE, np.array(codes, np.int16), k=1)
        assert found == observed
        assert by_chance == pytest.approx({1.0: 4 / 12, 0.0: 4 / 12, 0.5: 6 / 12}[observed])

    def test_the_undisclosed_are_nobodys_neighbours(self) -> None:
        places = np.array([[0, 0], [0.1, 0], [1, 0], [10, 0], [11, 0]], np.float32)
        codes = np.array([0, -1, 0, 1, 1], np.int16)
        assert like_neighbours(places, codes, k=1) == (1.0, pytest.approx(4 / 12))

    def test_by_chance_is_what_shuffled_groups_give(self) -> None:
        rng = np.random.default_rng(0)
        places = rng.normal(size=(80, 2)).astype(np.float32)
        codes = np.repeat([0, 1, 2], [50, 20, 10]).astype(np.int16)
        shuffled = [like_neighbours(places, rng.permutation(codes), k=5) for _ in range(200)]
        assert np.mean([found for found, _ in shuffled]) == pytest.approx(shuffled[0][1], abs=0.01)

    def test_fewer_than_two_people_say_nothing(self) -> None:
        assert np.isnan(like_neighbours(self.LINE, np.array([-1, -1, 0, -1], np.int16), k=1)).all()


def test_some_people_are_asked_and_anyone_may_be_their_neighbour():
    """Two clumps of three; only the odd one of the left clump is asked: both its neighbours are of the other group."""
    xy = np.array([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], float)
    codes = np.array([1, 0, 0, 1, 1, 1])
    asked = np.array([True, False, False, False, False, False])
    share, chance = like_neighbours(xy, codes, asked, k=2)
    assert share == 0.0
    assert chance == pytest.approx(3 / 5)  # three like it among the five others
    assert np.isnan(like_neighbours(xy, codes, np.zeros(6, bool), k=2)).all()
