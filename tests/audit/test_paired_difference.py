"""The interval of a change: by hand, against two unpaired ones, and by how often the truth is covered."""

from itertools import permutations, product

import numpy as np
import pytest
from audit_worlds import dealt, gaussian
from scipy.stats import norm
from sklearn.linear_model import Ridge

from fmm_core.audit import attackers
from fmm_core.audit.folds import FOLDS
from fmm_core.audit.intervals import Difference, Scored, estimate, influence, paired_difference, stability

N = 300
CODES = (np.arange(N) % 3).astype(np.int16)
FOLD = dealt(CODES)
EVERYONE = np.ones(N, bool)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def half(change: Difference) -> float:
    return (change.high - change.low) / 2


def test_macro_difference_by_hand(rng: np.random.Generator) -> None:
    """Three classes, without retrained scores ν = 1: ± 1.96 √(2 Σ (mean over classes of IC_after − IC_before)²)."""
    before = rng.normal(size=(N, 3)) + np.eye(3)[CODES]
    after = before + 0.5 * rng.normal(size=(N, 3))
    found = paired_difference((before, None), (after, None), CODES, FOLD, EVERYONE)
    old, new = ([influence(table[:, c], c == CODES, FOLD) for c in range(3)] for table in (before, after))
    assert found.before == pytest.approx(np.mean([area for area, _ in old]))
    assert found.after == pytest.approx(np.mean([area for area, _ in new]))
    assert found.value == pytest.approx(found.after - found.before)
    curve = np.mean([after - before for (_, before), (_, after) in zip(old, new, strict=True)], axis=0)
    assert half(found) == pytest.approx(1.959964 * np.sqrt(2 * (curve**2).sum()))
    assert found.high - found.value == pytest.approx(half(found))


def test_the_less_stable_attacker_counts(rng: np.random.Generator) -> None:
    codes = (np.arange(N) % 2).astype(np.int16)
    tables = rng.normal(size=(2, N, 1)) + codes[:, None]
    steady = np.repeat(tables[0][:, None], FOLDS, axis=1)
    shaky = np.repeat(tables[1][:, None], FOLDS, axis=1) + 0.4 * rng.normal(size=(N, FOLDS, 1))
    nu = stability(tables[1][:, 0], shaky[:, :, 0], codes == 1, FOLD)
    assert 0.2 < nu < 0.95
    old, new = (influence(table[:, 0], codes == 1, FOLD)[1] for table in tables)
    expected = 1.959964 * np.sqrt((1 + nu) * ((new - old) ** 2).sum())
    for order in ((0, 1), (1, 0)):
        scored: list[Scored] = [(tables[0], steady), (tables[1], shaky)]
        assert half(paired_difference(scored[order[0]], scored[order[1]], codes, FOLD, EVERYONE)) == pytest.approx(
            expected
        )


def test_nothing_changed_is_zero_without_doubt(rng: np.random.Generator) -> None:
    """In small classes too, and whatever the attackers' own stability."""
    codes = np.where(np.arange(N) < 12, 2, CODES % 2).astype(np.int16)
    scores, retrained = rng.normal(size=(N, 3)), rng.normal(size=(N, FOLDS, 3))
    found = paired_difference((scores, retrained), (scores.copy(), retrained), codes, dealt(codes), EVERYONE)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_turned_in_time_the_change_is_turned_round(rng: np.random.Generator) -> None:
    tables = [(rng.normal(size=(N, 3)) + np.eye(3)[CODES], None) for _ in range(2)]
    there, back = (paired_difference(a, b, CODES, FOLD, EVERYONE) for a, b in (tables, tables[::-1]))
    assert back == Difference(there.after, there.before, -there.value, -there.high, -there.low)


def test_only_the_people_asked_for_are_judged(rng: np.random.Generator) -> None:
    people = np.arange(N) % 2 == 0
    tables = rng.normal(size=(2, N, 3))
    changed = np.where(people[:, None], tables, rng.normal(size=(N, 3)))
    first, second = (paired_difference((old, None), (new, None), CODES, FOLD, people) for old, new in (tables, changed))
    assert first == second


def test_nobody_to_judge_is_nan() -> None:
    nobody = paired_difference((np.ones((N, 1)), None), (np.ones((N, 1)), None), np.zeros(N, np.int16), FOLD, EVERYONE)
    assert np.isnan([nobody.before, nobody.after, nobody.value, nobody.low, nobody.high]).all()


def test_a_small_class_gets_the_variance_of_dealing_every_label_out_again() -> None:
    """Two folds of five people, all 10 × 10 ways to deal two of a class into each; scores before and after stay.

    Those of the class stand on top both times: their influences are 0, which is luck.
    """
    codes, folds = np.array([1, 1, 0, 0, 0] * 2), np.repeat([0, 1], 5)
    before, after = np.array([5.0, 4, 3, 2, 1] * 2), np.array([4.0, 5, 1, 3, 2] * 2)
    deals = sorted(set(permutations([1, 1, 0, 0, 0])))
    changes = []
    for table in product(deals, deals):
        positive = np.concatenate(table) == 1
        changes.append(influence(after, positive, folds)[0] - influence(before, positive, folds)[0])
    found = paired_difference((before[:, None], None), (after[:, None], None), codes, folds, np.ones(10, bool))
    assert found.value == 0
    assert half(found) == pytest.approx(1.959964 * np.sqrt(2 * np.var(changes)))


# coverage -----------------------------------------------------------------------------------------------------------


def linear(vectors: np.ndarray, codes: np.ndarray, folds: np.ndarray) -> Scored:
    [scores] = attackers.linear(vectors, codes[:, None] - np.float32(0.5), folds)
    return scores[np.arange(len(codes)), folds], scores


def truth(vectors: np.ndarray, codes: np.ndarray, folds: np.ndarray, shift: float, spread: float) -> float:
    """AUC, on new people, of the ridge attackers fitted here; groups `shift` apart, all axes of `spread`."""
    areas = []
    for fold in range(FOLDS):
        kept = folds != fold
        weights = Ridge(alpha=attackers.LINEAR_RIDGE).fit(vectors[kept].astype(np.float64), codes[kept]).coef_
        areas.append(norm.cdf(shift * weights[0] / (np.sqrt(2) * spread * np.linalg.norm(weights))))
    return float(np.mean(areas))


@pytest.mark.parametrize(
    ("shift", "left", "noise"),
    [(0.0, 1.0, 0.3), (0.55, 0.0, 0.3), (1.2, 0.5, 0.3)],
    ids=["silence", "0.65 to nothing", "0.80 to 0.66"],
)
def test_intervals_cover_the_true_change(shift: float, left: float, noise: float) -> None:
    """60 replicates, 300 people, 16 dimensions; after is before with a share of the leak left, and some noise.

    At least 87 %; 200 replicates cover 96, 98 and 92 %. Half as wide as two unpaired intervals, or nearly.
    """
    covered, paired, unpaired = 0, [], []
    for seed in range(60):
        before, codes = gaussian(N, 16, shift, seed)
        added = noise * np.random.default_rng(seed + 1000).normal(size=before.shape)
        after = (before + added).astype(np.float32)
        after[:, 0] -= (1 - left) * shift * codes
        folds = dealt(codes, seed)
        old, new = linear(before, codes, folds), linear(after, codes, folds)
        found = paired_difference(old, new, codes, folds, EVERYONE)
        true = truth(after, codes, folds, left * shift, np.sqrt(1 + noise**2)) - truth(before, codes, folds, shift, 1)
        covered += found.low <= true <= found.high
        paired.append(half(found))
        halves = [(one.high - one.low) / 2 for one in (estimate(*s, codes, folds, EVERYONE) for s in (old, new))]
        unpaired.append(np.hypot(*halves))
    assert covered >= 0.87 * 60
    assert np.mean(paired) < 0.75 * np.mean(unpaired)


def test_independent_phases_gain_nothing_by_pairing(rng: np.random.Generator) -> None:
    """Scores that have nothing in common: the variance of the difference is the sum of both, within 10 %."""
    codes = (np.arange(N) % 2).astype(np.int16)
    old, new = ((rng.normal(size=(N, 1)) + codes[:, None], None) for _ in range(2))
    halves = [(one.high - one.low) / 2 for one in (estimate(*s, codes, FOLD, EVERYONE) for s in (old, new))]
    assert half(paired_difference(old, new, codes, FOLD, EVERYONE)) == pytest.approx(np.hypot(*halves), rel=0.1)
