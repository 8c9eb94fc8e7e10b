"""What every mitigation keeps (contract C3); inherited by the tests of each one."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import ClassifierMixin
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fmm_core.errors import Cancelled, ConfigError
from fmm_core.fairness.context import Context, Mitigation
from fmm_core.types import Codes, Floats, Mitigated, Progress, Representations, silent

ITEMS = 12
WIDTH = 8
GENDER = "gender"
AGE = "age"


def planted(n: int, seed: int = 0) -> tuple[Floats, dict[str, Codes]]:
    """People whose gender shifts their mean and reshapes their covariance, and whose age shifts their mean.

    Directions are correlated and of different scales, as trained vectors are.
    """
    rng = np.random.default_rng(seed)
    gender = (rng.random(n) < 0.4).astype(np.int16)
    age = rng.integers(0, 3, n).astype(np.int16)
    vectors = rng.normal(size=(n, WIDTH))
    vectors[:, 1] *= np.where(gender == 1, 2.0, 0.7)
    vectors[:, 2] += np.where(gender == 1, 0.8, -0.8) * vectors[:, 3]
    vectors[:, 0] += 1.0 * gender
    vectors[:, 4] += 0.6 * age
    mix = rng.normal(size=(WIDTH, WIDTH)) * np.geomspace(3, 0.3, WIDTH)
    return (vectors @ mix + 1).astype(np.float32), {GENDER: gender, AGE: age}


def context(
    weights: Mapping[str, float],
    *,
    n: int = 400,
    undisclosed: np.ndarray | None = None,
    untrained: np.ndarray | None = None,
    progress: Progress = silent,
    seed: int = 0,
) -> Context:
    """A planted world; `undisclosed` people keep their gender to themselves, `untrained` have no interactions."""
    user, codes = planted(n)
    rng = np.random.default_rng(1)
    train = (rng.random((n, ITEMS)) < 0.4).astype(np.float32)
    train[np.arange(n), rng.integers(0, ITEMS, n)] = 1  # nobody is left without
    if undisclosed is not None:
        codes[GENDER] = np.where(undisclosed, -1, codes[GENDER]).astype(np.int16)
    if untrained is not None:
        train[untrained] = 0
    items, bias = rng.normal(size=(ITEMS, WIDTH)).astype(np.float32), rng.normal(size=ITEMS).astype(np.float32)
    return Context(
        train=csr_matrix(train),
        modalities={},
        base=Representations(user, items, bias),
        codes=codes,
        weights=weights,
        validate=lambda _: 0.0,
        attack=lambda _: dict.fromkeys(codes, 0.5),
        progress=progress,
        seed=seed,
    )


ATTACKERS: dict[str, Callable[[], ClassifierMixin]] = {
    "logistic": lambda: LogisticRegression(max_iter=200),
    "quadratic": lambda: QuadraticDiscriminantAnalysis(reg_param=0.01),  # erased vectors are flat
    "svm": lambda: SVC(),
}


def attack(vectors: Floats, labels: np.ndarray) -> dict[str, float]:
    """Five-fold AUC of scikit-learn's attackers: independent of the panel in `fmm_core.audit`."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return {
        name: float(
            cross_val_score(
                make_pipeline(StandardScaler(), make()), vectors, labels, scoring="roc_auc", cv=folds
            ).mean()
        )
        for name, make in ATTACKERS.items()
    }


class MitigationContract:
    """For every mitigation; subclasses say how to build it."""

    def build(self) -> Mitigation:
        raise NotImplementedError

    def fit(self, weights: Mapping[str, float], **settings: object) -> Mitigated:
        return self.build().fit(context(weights, **settings))

    @pytest.mark.parametrize("weights", [{}, {GENDER: 0.0}, {GENDER: 0.0, AGE: 0.0}])
    def test_weight_0_is_the_base_bit_for_bit(self, weights: dict[str, float]) -> None:
        base, found = context(weights).base, self.fit(weights)
        assert_array_equal(found.user, base.user)
        assert_array_equal(found.item, base.item)
        assert_array_equal(found.item_bias, base.item_bias)

    def test_one_seed_gives_bit_equal_vectors(self) -> None:
        weights = {GENDER: 1.0, AGE: 0.5}
        assert_array_equal(self.fit(weights, seed=3).user, self.fit(weights, seed=3).user)

    def test_vectors_are_finite_and_keep_their_shape_and_type(self) -> None:
        nobody = np.arange(400) % 7 == 0
        found = self.fit({GENDER: 1.0, AGE: 1.0}, undisclosed=nobody, untrained=np.arange(400) < 5)
        assert found.user.shape == (400, WIDTH)
        assert found.user.dtype == np.float32
        assert np.isfinite(found.user).all()

    def test_the_base_is_left_alone(self) -> None:
        given = context({GENDER: 1.0})
        kept = given.base.user.copy()
        self.build().fit(given)
        assert_array_equal(given.base.user, kept)

    def test_an_attribute_of_one_group_moves_nobody(self) -> None:
        given = context({GENDER: 1.0})
        given.codes[GENDER][:] = 0
        assert_array_equal(self.build().fit(given).user, given.base.user)


class WorkingContract(MitigationContract):
    """For every mitigation that does something."""

    def test_cancelling_gets_through(self) -> None:
        def cancel(done: int, total: int, **figures: float) -> None:  # noqa: ARG001 (the protocol's signature)
            raise Cancelled

        with pytest.raises(Cancelled):
            self.fit({GENDER: 1.0}, progress=cancel)

    def test_progress_reaches_its_total(self) -> None:
        seen: list[tuple[int, int]] = []
        self.fit({GENDER: 1.0, AGE: 0.5}, progress=lambda done, total, **_: seen.append((done, total)))
        total = seen[-1][1]
        assert seen == [(done, total) for done in range(1, total + 1)]


class ItemsKept:
    """For mitigations that move people only."""

    fit: Callable[..., Mitigated]

    def test_item_vectors_are_not_touched(self) -> None:
        base, found = context({}).base, self.fit({GENDER: 1.0, AGE: 0.5})
        assert_array_equal(found.item, base.item)
        assert_array_equal(found.item_bias, base.item_bias)


class OthersKept:
    """For mitigations that leave alone whom and what they are not asked about."""

    build: Callable[[], Mitigation]
    fit: Callable[..., Mitigated]

    def test_an_attribute_at_weight_0_changes_nothing(self) -> None:
        assert_array_equal(self.fit({GENDER: 1.0, AGE: 0.0}).user, self.fit({GENDER: 1.0}).user)

    def test_the_untrained_stay_and_play_no_part(self) -> None:
        untrained = np.arange(400) < 50
        given = context({GENDER: 1.0}, untrained=untrained)
        found = self.build().fit(given).user
        assert_array_equal(found[untrained], given.base.user[untrained])
        given.base.user[untrained] += 100
        assert_array_equal(self.build().fit(given).user[~untrained], found[~untrained])


class StrengthContract(WorkingContract):
    """For mitigations whose weight multiplies a loss."""

    def test_a_weight_moves_people(self) -> None:
        assert not np.allclose(self.fit({GENDER: 1.0}).user, context({}).base.user, atol=0.01)

    @pytest.mark.parametrize("weight", [-1.0, 101.0, float("nan")])
    def test_a_weight_out_of_range_is_refused_in_words(self, weight: float) -> None:
        with pytest.raises(ConfigError, match=f"the weight {weight:g} is out of range") as caught:
            self.fit({GENDER: weight})
        assert caught.value.where == "weight of gender"
        assert caught.value.mend == "Choose from 0 to 100."

    def test_users_who_keep_it_to_themselves_do_not_stop_it(self) -> None:
        nobody = np.arange(400) % 3 == 0
        found = self.fit({GENDER: 1.0}, undisclosed=nobody)
        assert np.isfinite(found.user).all()


class ShareContract(ItemsKept, WorkingContract):
    """For mitigations whose weight is a share, from 0 to 1."""

    def test_weight_1_moves_people(self) -> None:
        assert not np.allclose(self.fit({GENDER: 1.0}).user, context({}).base.user, atol=0.1)

    @pytest.mark.parametrize("weight", [1.5, 2.0])
    def test_a_weight_above_1_is_refused_in_words(self, weight: float) -> None:
        with pytest.raises(ConfigError, match=f"the weight {weight:g} is") as caught:
            self.fit({GENDER: weight})
        assert caught.value.where == "weight of gender"
        assert caught.value.mend == "Choose from 0 to 1."
        assert caught.value.code == "config.weight"


class StraightContract(ShareContract):
    """For mitigations whose weight is the share of a movement that is carried out."""

    def test_weight_one_half_is_half_way(self) -> None:
        base, half, whole = (self.fit({GENDER: weight}).user for weight in (0.0, 0.5, 1.0))
        assert_allclose(half, (base + whole) / 2, atol=1e-4)
