"""The page that shows how the audit was tested."""

import pytest
from fixtures import headline, opened

from dashboard import validity
from dashboard.charts.validity import coverage
from dashboard.wording import validity as words

ROWS = [
    {"kind": "coverage", "cell": "coverage, a", "n": 300, "share": 0.28, "planted": 0.65, "covers": 0.95,
     "plain_covers": 0.85, "replicates": 100},
    {"kind": "coverage", "cell": "coverage, b", "n": 5000, "share": 0.5, "planted": 0.8, "covers": 0.9,
     "plain_covers": 0.6, "replicates": 300},
    {"kind": "silence", "cell": "silence, 300 people", "replicates": 20, "mean": 0.5, "naive_mean": 0.54, "found": 0.05,
     "says_leaks": 0.0, "says_over": 0.1},
]  # fmt: skip


def test_shares_are_pooled_by_repeats() -> None:
    assert validity.pooled(validity.covered(ROWS)) == pytest.approx((0.9125, 0.6625))


def test_worlds_in_words() -> None:
    assert [words.world_title(each) for each in validity.covered(ROWS)] == [
        "300 people, 28 of 100 in the smaller group, leak of 65",
        "5,000 people, equal groups, leak of 80",
    ]
    assert words.headline(0.9125, 0.6625) == (
        "Our margins of error hold the truth 91 times out of 100; the usual ones 66."
    )


def test_marks_stand_where_the_shares_are_and_never_left_of_the_axis() -> None:
    figure = coverage(validity.covered(ROWS))
    assert [list(trace.x) for trace in figure.data] == [[85, 70], [95, 90]]


def test_the_table_says_the_rest() -> None:
    table = validity.said(ROWS)
    assert table.to_dict("records") == [
        {"world": "Silence, 300 people", "repeats": 20, "right answers in 100, mean": 50.0,
         "best of the panel, not nested": 54.0, "leak found, %": 5.0, "says still leaks, %": 0.0,
         "says over-corrected, %": 10.0}
    ]  # fmt: skip


@pytest.mark.usefixtures("home")
def test_the_page_opens_on_the_bench_s_own_results() -> None:
    at = opened("how_we_know")
    assert not at.error
    assert "times out of 100" in headline(at)
    assert len(at.get("plotly_chart")) == 1
