"""From the data to what is left, as bars from guessing."""

from dashboard.charts.flow import flow
from dashboard.findings import Figure, Flow
from dashboard.wording.leakage import flow_alt


def parts() -> list[Flow]:
    data, before, after = (Figure(value, value - 0.05, value + 0.05, 900) for value in (0.82, 0.76, 0.46))
    return [Flow("Gender", (data, before, after), "close"), Flow("Age", (None, before, None), "leaks")]


def test_every_part_is_a_bar_from_guessing_and_below_it_goes_left() -> None:
    (bars,) = flow(parts()).data
    assert [round(value, 6) for value in bars.x] == [32, 26, -4, 26]
    assert bars.base == 50


def test_the_reading_names_every_part_that_was_attacked() -> None:
    assert flow_alt(parts()) == (
        "Gender: 82 readable from the data, 76 in the model before, 46 left after mitigation. "
        "Age: 76 in the model before."
    )
