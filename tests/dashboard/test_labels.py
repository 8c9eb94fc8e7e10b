"""Words beside marks; every expectation by hand: a character takes 7.5 px, a line of text 19."""

import numpy as np

from dashboard.charts.labels import NAME, Label, Screen, along, around, close, met, placed

NOTHING = np.empty((0, 4))


def screen(taken=NOTHING) -> Screen:
    return Screen(400, 300, taken)


def test_a_name_stands_beside_its_mark_where_nothing_is_in_the_way():
    assert placed([Label(((200, 100),), 6, NAME)], [screen()]) == [("right", -11, 0)]


def test_a_name_turns_round_at_the_edge():
    (spot,) = placed([Label(((20, 100),), 6, NAME)], [screen()])  # 45 px do not fit into 9
    assert spot == ("left", 11, 0)


def test_two_names_of_one_mark_do_not_cover_each_other():
    labels = [Label(((200, 100),), 6, NAME), Label(((200, 100),), 6, NAME)]
    first, second = placed(labels, [screen()])
    assert met(labels[1].box(0, second), np.array([labels[0].box(0, first)])) == 0


def test_a_figure_leaves_a_flat_line():
    line = along([(100, 100), (300, 100)])
    assert placed([Label(((200, 100),), 2, close(11))], [screen(line)]) == [("center", 0.0, -15)]


def test_the_spot_serves_both_screens():
    """Right of the mark is free on the first screen and taken on the second; below is free on both."""
    taken = around([(420, 100)], 20)
    label = Label(((200, 100), (400, 100)), 2, close(11))
    assert placed([label], [screen(), Screen(1000, 300, taken)]) == [("center", 0.0, -15)]


def test_a_line_leaves_no_hole_a_word_could_slip_through():
    boxes = along([(0, 0), (100, 50)])
    assert np.diff(boxes[:, 0]).max() <= 8
    assert boxes[:, 1].max() == 102  # the last square ends two px beyond the line
