"""Columns of raw values as attributes: bands, categories, and what is not offered."""

import numpy as np

from fmm_core.data.attributes import cut, type_attribute


def test_many_ages_become_the_known_bands() -> None:
    attribute, note = type_attribute("age", [str(age) for age in range(10, 70)])
    assert note is None
    assert attribute is not None
    expected = ("under 18", "18 to 24", "25 to 34", "35 to 44", "45 to 49", "50 to 55", "56 and over")
    assert attribute.groups == expected
    assert attribute.counts.tolist() == [8, 7, 10, 10, 5, 6, 14]
    assert attribute.edges == (18, 25, 35, 45, 50, 56)


def test_other_numbers_are_cut_into_fifths() -> None:
    attribute, _ = type_attribute("income", [str(value) for value in range(1, 101)])
    assert attribute is not None
    assert attribute.counts.tolist() == [20] * 5


def test_an_edge_belongs_to_the_band_above_and_nan_is_undisclosed() -> None:
    attribute = cut(np.array([17.0, 18.0, np.nan]), (18.0,))
    assert attribute.groups == ("under 18", "18 and over")
    assert attribute.codes.tolist() == [0, 1, -1]


def test_few_numbers_stay_categories_in_order_of_size() -> None:
    attribute, _ = type_attribute("children", ["10", "2", "0", "2", ""])
    assert attribute is not None
    assert attribute.groups == ("0", "2", "10")
    assert attribute.codes.tolist() == [2, 1, 0, 1, -1]
    assert attribute.edges is None


def test_bands_written_as_words_stand_in_order() -> None:
    attribute, _ = type_attribute("age", ["25-34", "Under 18", "56+", "18-24"])
    assert attribute is not None
    assert attribute.groups == ("Under 18", "18-24", "25-34", "56+")


def test_gender_codes_get_their_words() -> None:
    attribute, _ = type_attribute("gender", ["M", "F", "F", None, "nan"])
    assert attribute is not None
    assert attribute.groups == ("women", "men")
    assert attribute.codes.tolist() == [1, 0, 0, -1, -1]


def test_too_many_categories_are_not_offered_and_said() -> None:
    attribute, note = type_attribute("town", [f"town {n}" for n in range(51)])
    assert attribute is None
    assert note is not None
    assert note.sentence == "town is not offered: it has 51 different values, and at most 50 can be audited."


def test_one_value_is_not_offered_and_said() -> None:
    attribute, note = type_attribute("planet", ["earth", "earth", ""])
    assert attribute is None
    assert note is not None
    assert note.sentence == "planet is not offered: it has one value only."
