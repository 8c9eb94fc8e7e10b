"""Titles, categories and facts as numbers."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from fmm_core.data.encoders import encode_bags, encode_categories, encode_words, impute, words


def cosine(features: np.ndarray, a: int, b: int) -> float:
    first, second = features[a], features[b]
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_words_and_their_pairs() -> None:
    assert words("Toy Story (1995)") == ["toy", "story", "1995", "toy story", "story 1995"]
    assert words("Amélie") == ["amélie"]
    assert words("…") == []


def test_pairs_of_words_do_not_cross_the_parts_of_a_text() -> None:
    """Both items hold "a" and "b"; only within one part they would make the pair "a b" as well."""
    parted, whole = encode_words([("a", "b")] * 2, "titles"), encode_words([("a b",)] * 2, "titles")
    assert parted is not None
    assert whole is not None
    assert (parted.features.shape, whole.features.shape) == ((2, 2), (2, 3))


def test_tf_idf_by_hand() -> None:
    """Two words, each in two of three items: idf = ln(4/3) + 1 for both, so only the proportions within rows remain."""
    modality = encode_bags([["x", "x", "y"], ["x"], ["y", "once"]], "facts")
    assert modality is not None
    twice = 1 + np.log(2)
    length = np.hypot(twice, 1)
    expected = np.array([[twice / length, 1 / length], [1, 0], [0, 1]])
    np.testing.assert_allclose(modality.features, expected, rtol=1e-6)  # "once" is in one item only
    assert modality.source == "facts"


def test_rarer_words_weigh_more() -> None:
    modality = encode_bags([["common", "rare"], ["common", "rare"], ["common"], ["common"]], "facts")
    assert modality is not None
    assert modality.features[0, 1] > modality.features[0, 0] > 0


def test_what_is_reduced_keeps_who_is_alike() -> None:
    """Two families of items with 60 words each and no word in common, reduced to four numbers."""
    rng = np.random.default_rng(0)
    bags = [[f"{family}{word}" for word in rng.choice(60, 20, replace=False)] for family in "ab" for _ in range(15)]
    modality = encode_bags(bags, "facts", width=4)
    assert modality is not None
    assert modality.features.shape == (30, 4)
    assert min(cosine(modality.features, 0, other) for other in range(1, 15)) > 0.5
    assert max(abs(cosine(modality.features, 0, other)) for other in range(15, 30)) < 0.02


def test_an_empty_bag_gets_the_mean_and_is_marked() -> None:
    modality = encode_bags([["x"], [], ["x", "y"], ["y"]], "facts")
    assert modality is not None
    assert modality.present.tolist() == [True, False, True, True]
    np.testing.assert_allclose(modality.features[1], modality.features[[0, 2, 3]].mean(axis=0), rtol=1e-6)


def test_a_bag_that_shares_nothing_is_present_and_zero() -> None:
    modality = encode_bags([["x"], ["x"], ["alone"]], "facts")
    assert modality is not None
    assert modality.present.all()
    assert modality.features[2].tolist() == [0]


@pytest.mark.parametrize("bags", [[["a"], ["b"]], [[], []]])
def test_bags_that_share_nothing_at_all_are_no_modality(bags: list[list[str]]) -> None:
    assert encode_bags(bags, "facts") is None


def test_bits_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(0)
    bags = [[f"w{word}" for word in rng.zipf(1.3, 40) % 3000] for _ in range(1500)]
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            modality = encode_bags(bags, "facts")
        assert modality is not None
        found.append(modality.features.tobytes())
    assert found[0] == found[1]


def test_categories_by_hand() -> None:
    modality = encode_categories([["War", "Drama"], ["Drama"], []], "genres")
    assert modality is not None
    assert modality.features.tolist() == [[1, 1], [1, 0], [1, 0.5]]  # Drama, War; the last row is the mean
    assert modality.present.tolist() == [True, True, False]


def test_a_year_is_standardised_and_an_unknown_one_is_the_mean() -> None:
    modality = encode_categories([["War"]] * 3, "genres and year", np.array([1990.0, np.nan, 2000.0]))
    assert modality is not None
    assert modality.features.tolist() == [[1, -1], [1, 0], [1, 1]]


def test_equal_years_do_not_divide_by_zero() -> None:
    modality = encode_categories([["War"]] * 2, "genres and year", np.array([1990.0, 1990.0]))
    assert modality is not None
    assert modality.features.tolist() == [[1, 0], [1, 0]]


def test_no_category_at_all_is_no_modality() -> None:
    assert encode_categories([[], []], "genres") is None


def test_imputing_leaves_the_given_array_alone() -> None:
    features = np.array([[2, 4], [0, 0], [4, 0]], np.float32)
    filled = impute(features, np.array([True, False, True]))
    assert filled.tolist() == [[2, 4], [3, 2], [4, 0]]
    assert features[1].tolist() == [0, 0]
