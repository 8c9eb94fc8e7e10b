"""People whose labels nobody used: what judges them, what does not look at them, and how wide their interval is."""

import numpy as np
import pandas as pd
import pytest
from audit_worlds import dealt, gaussian, names, two_groups
from numpy.testing import assert_allclose
from scipy.stats import mannwhitneyu, norm
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score

from fmm_core.audit import attackers
from fmm_core.audit.combination import candidates, carried, choose, choose_carried
from fmm_core.audit.crowds import crowds
from fmm_core.audit.folds import FOLDS, UNSEEN, landmarks
from fmm_core.audit.intervals import NOTHING, estimate_unseen
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.representations import Target
from fmm_core.data.dataset import Attribute
from fmm_core.runs.tables import check_table

N = 400
TOLD = np.random.default_rng(5).random(N) < 0.7


@pytest.fixture(autouse=True)
def few_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attackers, "LANDMARKS", 60)


def world() -> tuple[np.ndarray, dict[str, Attribute]]:
    vectors, codes = gaussian(N, 6, 1.2, seed=0)
    age = Attribute(("young", "middle", "old"), (np.random.default_rng(9).permutation(N) % 3).astype(np.int16))
    return vectors, two_groups(codes) | {"age": age}


def attack(vectors: np.ndarray, attributes: dict[str, Attribute], phase: str = "before", **settings) -> pd.DataFrame:
    n = len(vectors)
    usual: dict = {"eligible": np.ones(n, bool), "held_out": np.arange(n) % 5 == 0}
    return leakage_table([Target("user_vector", "", phase, vectors)], attributes, names(n), **usual | settings)


def figures(table: pd.DataFrame, users: str, attribute: str = "gender") -> pd.DataFrame:
    rows = table[(table["metric"] == "auc") & (table["users"] == users) & (table["attribute"] == attribute)]
    return rows.set_index("attacker")


def test_with_every_label_used_nothing_changes() -> None:
    plain = attack(*world())
    pd.testing.assert_frame_equal(attack(*world(), disclosed=np.ones(N, bool)), plain, check_exact=True)
    assert set(plain["users"]) == {"all", "held_out"}


def test_the_rows_of_others_are_as_if_there_were_no_undisclosed() -> None:
    vectors, attributes = world()
    table = check_table("audit/leakage.csv", attack(vectors, attributes, disclosed=TOLD))
    alone = check_table("audit/leakage.csv", attack(vectors, attributes, eligible=TOLD))
    others = table[table["users"] != "undisclosed"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, alone, check_exact=True)
    asked = table[table["users"] == "undisclosed"]
    assert set(asked["attacker"]) == {"strongest", "combination", "linear", "kernel", "discriminant", "logistic"}
    assert set(asked["n_users"]) == {int((~TOLD).sum())}
    assert not table.duplicated(["attribute", "users", "attacker", "metric"]).any()


def test_plain_attackers_equal_scikit_learn_fitted_on_all_others() -> None:
    vectors, attributes = world()
    codes = attributes["gender"].codes
    z = ((vectors - vectors[TOLD].mean(axis=0)) / vectors[TOLD].std(axis=0)).astype(np.float64)
    found = figures(attack(vectors, attributes, disclosed=TOLD), "undisclosed")["value"]
    ridge = Ridge(alpha=300).fit(z[TOLD], codes[TOLD]).predict(z[~TOLD])
    logistic = LogisticRegression(max_iter=60, tol=1e-3).fit(z[TOLD], codes[TOLD]).decision_function(z[~TOLD])
    assert_allclose(found["linear"], roc_auc_score(codes[~TOLD], ridge), atol=1e-3)
    assert_allclose(found["logistic"], roc_auc_score(codes[~TOLD], logistic), atol=1e-3)
    assert found["strongest"] > 0.7  # the best there is reads Φ(1.2/√2) = 0.80


def test_every_attacker_of_the_panel_equals_a_refit() -> None:
    """Scores of the unseen beside those of the others, which stay what they are; two folds out nobody asks for."""
    vectors, codes = gaussian(N, 6, 1.2, seed=0)
    folds = dealt(codes)
    inside, outside = folds != 0, folds == 0
    targets = (codes - codes.mean())[:, None].astype(np.float32)
    [scores] = attackers.ridge(vectors, targets, np.where(inside, folds, UNSEEN), (10.0,))
    oracle = Ridge(alpha=10.0).fit(vectors[inside].astype(np.float64), targets[inside, 0])
    assert_allclose(scores[outside, 0, 0], oracle.predict(vectors[outside]), atol=1e-5)
    assert (scores[outside] == scores[outside][:, :1]).all()
    assert np.isnan(scores[folds == 1, 2]).all()
    for unseen, plain in zip(
        attackers.discriminant(vectors, codes, 2, np.where(inside, folds, UNSEEN)),
        attackers.discriminant(vectors, codes, 2, folds),
        strict=True,
    ):
        assert_allclose(unseen[outside, 0], plain[outside, 0], atol=1e-5)  # without fold 0 means by all the others


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fold_treated_as_unseen_is_read_as_by_the_nested_choice(classes: int) -> None:
    """For people outside all folds choice, sign and combination are the step that is made for every test fold."""
    rng = np.random.default_rng(classes)
    codes = rng.permutation(np.arange(300) % classes).astype(np.int16)
    folds = dealt(codes)
    columns = 1 if classes == 2 else classes
    leak = np.stack([(codes == label) for label in range(classes)], axis=1)[:, -columns:]
    settings = rng.normal(size=(5, 300, FOLDS, columns)).astype(np.float32)
    settings[:2] -= 0.8 * leak[:, None].astype(np.float32)  # two settings know, and are wrong
    singles, together = candidates(settings, codes, classes, folds)
    for fold in range(FOLDS):
        inside, rest = folds == fold, folds != fold
        known, new = settings[:, rest, fold], settings[:, inside, fold]
        own, mine = carried(known, new, codes[rest], classes, folds[rest])
        assert_allclose(mine.scores, together.scores[inside, fold], atol=1e-5)
        assert_allclose(mine.inner, together.inner[fold, fold], atol=1e-6)
        for options, expected in (([*own, mine], [*singles, together]), (own, singles)):
            assert_allclose(choose_carried(options), choose(expected, folds).scores[inside, fold], atol=1e-5)


def test_labels_of_the_unseen_teach_nobody() -> None:
    """With their labels exchanged the same scores read exactly the opposite."""
    vectors, attributes = world()
    codes = attributes["gender"].codes
    exchanged = np.where(TOLD, codes, 1 - codes).astype(np.int16)
    tables = (attack(vectors, two_groups(each), disclosed=TOLD) for each in (codes, exchanged))
    one, two = (figures(table, "undisclosed") for table in tables)
    assert_allclose(two["value"], 1 - one["value"][two.index], atol=1e-9)


def test_interval_and_p_value_by_hand() -> None:
    """DeLong's variance is that of two independent means of placements; p is Mann and Whitney's, ties apart."""
    rng = np.random.default_rng(0)
    codes = np.array([0] * 90 + [1] * 60 + [-1] * 5, np.int16)
    scores = rng.normal(size=155) + 0.6 * (codes == 1)
    high, low = scores[codes == 1], scores[codes == 0]
    wins = high[:, None] > low
    value = wins.mean()
    half = norm.ppf(0.975) * np.sqrt(wins.mean(axis=1).var() / 60 + wins.mean(axis=0).var() / 90)
    found = estimate_unseen(scores[:, None], codes)
    p = mannwhitneyu(high, low, method="asymptotic", use_continuity=False).pvalue
    assert_allclose([found.value, found.low, found.high, found.p_value], [value, value - half, value + half, p])
    assert (found.n, found.classes) == (150, 2)
    assert estimate_unseen(scores[:, None], np.full(155, -1, np.int16)) == NOTHING


def test_the_interval_covers_what_one_attacker_reads() -> None:
    """Scores one standard deviation apart read Φ(1/√2); of 2,000 worlds 95 % hold it, give or take 0.5 %."""
    rng = np.random.default_rng(1)
    codes = (np.arange(150) % 2).astype(np.int16)
    truth = norm.cdf(1 / np.sqrt(2))
    held = [
        (found := estimate_unseen(rng.normal(size=(150, 1)) + codes[:, None], codes)).low <= truth <= found.high
        for _ in range(2000)
    ]
    assert 0.925 < np.mean(held) < 0.97


def test_matching_by_label_is_over_corrected_on_those_it_knew_and_silent_on_the_others() -> None:
    """Means of the two groups made equal among the people told of; nothing leaked to begin with."""
    vectors, codes = gaussian(900, 40, 0, seed=2)
    told = np.random.default_rng(0).random(900) < 0.75
    for group in (0, 1):
        vectors[told & (codes == group)] -= vectors[told & (codes == group)].mean(axis=0)
    table = attack(vectors, two_groups(codes), "after", disclosed=told)
    known, unseen = figures(table, "all"), figures(table, "undisclosed")
    assert known.loc["linear", "ci_high"] < 0.5
    assert known.loc["strongest", "verdict"] in ("over", "leaks")
    assert unseen.loc["linear", "ci_low"] < 0.5 < unseen.loc["linear", "ci_high"]
    shares = known.loc[["linear_50", "linear", "linear_90"], "value"]
    assert shares.is_monotonic_decreasing
    exact = known.loc[["matched_50", "matched_80", "matched_90"], "value"]
    assert_allclose(shares, exact, atol=0.06)
    assert known.loc["matched_80", ["ci_low", "ci_high", "p_value"]].isna().all()
    assert "linear_50" not in unseen.index


def test_the_unseen_stand_in_the_groups_of_the_others() -> None:
    """Six of group c disclosed and thirty of d: c joins *other* among those told of, and so do the unseen of c."""
    codes = np.array([0] * 60 + [1] * 60 + [2] * 26 + [3] * 34 + [-1] * 4, np.int16)
    told = np.ones(len(codes), bool)
    told[126:146] = told[50:60] = told[176:180] = told[180:] = False
    attribute = Attribute(("a", "b", "c", "other"), codes)
    everyone = np.ones(len(codes), bool)
    [people] = crowds({"x": attribute}, names(len(codes)), everyone, ~everyone, 0, told)
    assert np.bincount(people.codes["x"]).tolist() == [50, 60, 36]
    assert people.unseen.codes["x"].tolist() == [0] * 10 + [2] * 20 + [2] * 4 + [-1] * 4


def test_an_attribute_too_few_disclose_is_said_of_the_undisclosed_too() -> None:
    vectors, attributes = world()
    few = np.arange(N) < 10
    table = check_table("audit/leakage.csv", attack(vectors, {"gender": attributes["gender"]}, disclosed=few))
    assert set(table["users"]) == {"all", "held_out", "undisclosed"}
    assert set(table["verdict"]) == {"too_few"}


def test_landmarks_are_drawn_among_those_told_of() -> None:
    """So that attackers stay as they are, whoever else is asked about."""
    assert landmarks(names(10), 10, 0).max() == 9
