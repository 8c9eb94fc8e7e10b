"""Lists as something to attack: how far down they are read."""

import numpy as np
from numpy.testing import assert_array_equal

from fmm_core.audit.representations import list_target


def test_a_list_is_read_as_far_as_asked_and_no_further_than_it_goes() -> None:
    lists = np.full((60, 30), -1, np.int32)
    lists[:, :25] = np.arange(25)
    lists[0, 3:] = -1
    for asked, expected in ({}, 20), ({"length": 22}, 22), ({"length": 30}, 25):
        chosen = list_target(lists, 40, "before", **asked).sparse
        assert chosen is not None
        assert_array_equal(np.asarray(chosen.sum(axis=1)).ravel(), [3] + [expected] * 59)
        assert_array_equal(np.unique(chosen.indices), np.arange(expected))
