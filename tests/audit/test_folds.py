"""The partition of people: even in every class, and a matter of ids, not of rows."""

import numpy as np
from audit_worlds import names
from numpy.testing import assert_array_equal

from fmm_core.audit.folds import FOLDS, deal, landmarks

GENDER = np.repeat([0, 1], [63, 40]).astype(np.int16)
AGE = (np.arange(103) % 3).astype(np.int16)


def test_every_joint_class_is_spread_to_within_one_person() -> None:
    folds = deal(names(103), [GENDER, AGE], 0)
    for gender in range(2):
        for age in range(3):
            counts = np.bincount(folds[(gender == GENDER) & (age == AGE)], minlength=FOLDS)
            assert counts.max() - counts.min() <= 1


def test_the_order_of_rows_changes_nothing() -> None:
    order = np.random.default_rng(0).permutation(103)
    users, folds = names(103), deal(names(103), [GENDER, AGE], 5)
    assert_array_equal(deal(users[order], [GENDER[order], AGE[order]], 5), folds[order])
    chosen, moved = landmarks(users, 20, 5), landmarks(users[order], 20, 5)
    assert_array_equal(users[chosen], users[order][moved])


def test_another_seed_deals_otherwise() -> None:
    assert not np.array_equal(deal(names(103), [GENDER], 0), deal(names(103), [GENDER], 1))
    assert set(landmarks(names(103), 20, 0)) != set(landmarks(names(103), 20, 1))
