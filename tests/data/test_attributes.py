"""From raw columns to groups that read well (contract C1)."""

import numpy as np
import pytest

from fmm_core.data.attributes import cut, quantile_edges, type_attribute
from fmm_core.data.dataset import Attribute


def typed(name: str, values: list[object]) -> Attribute:
    attribute, note = type_attribute(name, values)
    assert note is None
    assert attribute is not None
    return attribute


def refused(name: str, values: list[object]) -> tuple[str, int, str]:
    attribute, note = type_attribute(name, values)
    assert attribute is None
    assert note is not None
    return note.code, note.count, note.sentence


@pytest.mark.parametrize("name", ["gender", "sex", "Gender"])
@pytest.mark.parametrize("values", [["M", "F"], ["male", "female"], ["Male", "Female"]])
def test_gender_in_words(name: str, values: list[object]) -> None:
    gender = typed(name, values)
    assert gender.groups == ("women", "men")
    assert gender.codes.tolist() == [1, 0]


def test_two_spellings_of_one_group_are_one_group() -> None:
    gender = typed("gender", ["M", "female", "Male", "F", "x"])
    assert gender.groups == ("women", "men", "x")
    assert gender.codes.tolist() == [1, 0, 1, 0, 2]


def test_codes_of_other_attributes_are_left_alone() -> None:
    assert typed("blood", ["F", "M"]).groups == ("F", "M")


def test_whoever_did_not_say_is_undisclosed() -> None:
    said = typed("occupation", ["none", " ", None, "NaN", "None", "n/a", "Unknown", "Prefer not to say", "artist"])
    assert said.groups == ("artist", "none")  # having no occupation is an answer
    assert said.codes.tolist() == [1, -1, -1, -1, -1, -1, -1, -1, 0]


def test_bands_are_put_into_words_and_order() -> None:
    age = typed("age", ["56+", "18-24", "Under 18", "25–34", "< 10", "over 80"])
    assert age.groups == ("under 10", "under 18", "18 to 24", "25 to 34", "56 and over", "over 80")
    assert age.codes.tolist() == [4, 2, 1, 3, 0, 5]


def test_movielens_1m_writes_bands_as_their_lower_end() -> None:
    assert typed("age", ["1", "56", "18"]).groups == ("under 18", "18 to 24", "56 and over")
    assert typed("age", ["1", "57", "18"]).groups == ("1", "18", "57")


def test_categories_with_numbers_are_in_the_order_of_the_numbers() -> None:
    assert typed("children", ["10", "2", "0", "-1"]).groups == ("-1", "0", "2", "10")


def test_ages_are_cut_like_movielens() -> None:
    ages = [str(age) for age in range(10, 70)]
    age = typed("age", [*ages, ""])
    assert age.groups == (
        "under 18", "18 to 24", "25 to 34", "35 to 44", "45 to 49", "50 to 55", "56 and over",
    )  # fmt: skip
    assert age.edges == (18, 25, 35, 45, 50, 56)
    by_hand = [sum(int(value) >= edge for edge in age.edges) for value in ages]
    assert age.codes.tolist() == [*by_hand, -1]


def test_25_numbers_are_categories_and_26_are_bands() -> None:
    assert typed("score", list(range(25))).edges is None
    assert typed("score", list(range(26))).edges is not None


def test_one_number_written_in_two_ways_is_one_number() -> None:
    assert typed("score", [text for n in range(20) for text in (f"{n}", f"{n}.0")]).edges is None


def test_other_numbers_are_cut_into_equal_fifths_with_round_edges() -> None:
    income = typed("income", list(range(20_000, 120_001, 100)))
    assert income.edges == (40_000, 60_000, 80_000, 100_000)
    assert income.groups == (
        "under 40,000", "40,000 to 59,999", "60,000 to 79,999", "80,000 to 99,999", "100,000 and over",
    )  # fmt: skip
    assert income.counts.tolist() == [200, 200, 200, 200, 201]


def test_years_are_not_parted() -> None:
    assert typed("birth_year", list(range(1950, 2000))).groups[1] == "1960 to 1969"


def test_fractions_keep_few_digits() -> None:
    edges = quantile_edges(np.linspace(0, 1, 1000))
    assert edges == (0.2, 0.4, 0.6, 0.8)
    assert cut(np.array([0.1, 0.2, 0.99]), edges).groups == (
        "under 0.2", "0.2 to 0.4", "0.4 to 0.6", "0.6 to 0.8", "0.8 and over",
    )  # fmt: skip


def test_where_most_share_one_value_it_is_parted_from_the_rest() -> None:
    visits = typed("visits", [0] * 900 + list(range(1, 100)))
    assert visits.groups == ("under 1", "1 and over")
    assert visits.counts.tolist() == [900, 99]


def test_an_edge_belongs_to_the_band_above_and_a_band_of_one_value_is_named_by_it() -> None:
    bands = cut(np.array([4, 5, 6, np.nan]), (5, 6))
    assert bands.groups == ("under 5", "5", "6 and over")
    assert bands.codes.tolist() == [0, 1, 2, -1]


def test_infinity_is_no_number() -> None:
    assert typed("score", [*range(30), "inf"]).edges is None


def test_too_many_categories_are_refused_and_counted() -> None:
    assert typed("city", [f"city {index}" for index in range(50)]).counts.sum() == 50
    assert refused("city", [f"city {index}" for index in range(51)]) == (
        "attribute.too_many",
        51,
        "city is not offered: it has 51 different values, and at most 50 can be audited.",
    )


@pytest.mark.parametrize(
    ("values", "count", "sentence"),
    [
        (["a", "a", ""], 1, "club is not offered: it has one value only."),
        (["", None], 0, "club is not offered: it has no value."),
    ],
)
def test_a_column_that_parts_nobody_is_refused(values: list[object], count: int, sentence: str) -> None:
    assert refused("club", values) == ("attribute.too_few", count, sentence)


def test_what_identifies_people_is_no_attribute_even_as_a_number() -> None:
    assert refused("zip_code", list(range(10_000, 10_100)))[:2] == ("attribute.identifying", 100)
