import numpy as np
import pandas as pd
import pytest
from audit_worlds import dealt, gaussian, names, two_groups
from scipy.sparse import eye

from fmm_core.audit.intervals import auc_columns, estimate
from fmm_core.audit.leakage import leakage_table
from fmm_core.audit.modalities import REPLICATES, macro_auc, modality_table, resampled
from fmm_core.audit.representations import data_targets

N = 400


def world() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Everybody chose one item of their own, so profiles are features: *said* leaks, *copied* repeats it."""
    said, codes = gaussian(N, 4, 1.6, seed=0)
    noise = np.random.default_rng(1).normal(size=(N, 4)).astype(np.float32)
    return {"said": said, "copied": said.copy(), "noise": noise}, codes


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    modalities, codes = world()
    everyone = np.ones(N, bool)
    return modality_table(eye(N, format="csr"), modalities, two_groups(codes), names(N), eligible=everyone)


def of(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return table[table.kind == kind].set_index("subset")


def test_every_subset_is_attacked_and_none_reads_half(table: pd.DataFrame) -> None:
    found = of(table, "leakage")
    assert list(found.index) == ["", "said", "copied", "noise", "said+copied", "said+noise", "copied+noise",
                                 "said+copied+noise"]  # fmt: skip
    assert found.loc["", ["value", "ci_low", "ci_high"]].tolist() == [0.5, 0.5, 0.5]
    assert (found.n_users == N).all()


def test_what_leaks_is_told_from_what_does_not(table: pd.DataFrame) -> None:
    """The best attacker there can be looks at the first column alone, along which the groups are apart."""
    found, shares = of(table, "leakage"), of(table, "leakage_share")
    modalities, codes = world()
    best = float(auc_columns(modalities["said"][:, :1], codes == 1)[0])
    assert found.value["said"] == pytest.approx(best, abs=0.015)
    assert found.ci_low["noise"] < 0.5 < found.ci_high["noise"]
    assert (shares.ci_low[["said", "copied"]] > 0.1).all()
    assert shares.value["noise"] < 0.03


def test_shares_add_up_to_all_minus_guessing(table: pd.DataFrame) -> None:
    total = of(table, "leakage").value["said+copied+noise"] - 0.5
    assert of(table, "leakage_share").value.sum() == pytest.approx(total, abs=1e-12)


def test_a_copy_shares_in_the_leakage_but_nothing_is_gained_by_dropping_it(table: pd.DataFrame) -> None:
    shares, drops = of(table, "leakage_share"), of(table, "leakage_drop")
    assert shares.value["said"] == pytest.approx(shares.value["copied"], abs=0.01)
    assert drops.ci_low["copied"] < 0 < drops.ci_high["copied"] + 1e-9
    assert abs(drops.value["copied"]) < 0.02


def test_one_modality_reads_as_in_the_leakage_table(table: pd.DataFrame) -> None:
    """The same attack on the same profile, in the same folds."""
    modalities, codes = world()
    everyone = np.ones(N, bool)
    attributes, train = two_groups(codes), eye(N, format="csr")
    targets = [t for t in data_targets(train, modalities) if t.modality in ("noise", "all")]
    known = leakage_table(targets, attributes, names(N), eligible=everyone, held_out=~everyone)
    known = known[(known.attacker == "strongest") & (known.users == "all")].set_index("modality").value
    found = of(table, "leakage").value
    assert found["noise"] == pytest.approx(known["noise"], abs=1e-3)
    assert found["said+copied+noise"] == pytest.approx(known["all"], abs=1e-3)


def test_an_attribute_with_one_group_has_no_row() -> None:
    modalities, _ = world()
    one = two_groups(np.zeros(N, np.int16))
    everyone = np.ones(N, bool)
    assert modality_table(eye(N, format="csr"), modalities, one, names(N), eligible=everyone).empty


def test_weighted_auc_by_hand() -> None:
    """Two people of the group at 3 and 1, three others at 2, 1 and 0, all in one fold. Counted once: 3 beats three, 1
    beats one and ties with one, 4.5 of 6. The second counted twice and the last not: (2 + 2 · 0.5) of 3 · 2."""
    scores = np.array([[3.0], [1], [2], [1], [0]])
    codes, folds = np.array([1, 1, 0, 0, 0]), np.zeros(5, np.int64)
    counts = np.array([[1, 1, 1, 1, 1], [1, 2, 1, 1, 0]])
    assert macro_auc(scores, codes, folds, counts) == pytest.approx([4.5 / 6, 3 / 6])


def test_counted_once_it_is_the_figure_of_the_table() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 3, 300).astype(np.int16)
    scores, folds = rng.normal(size=(300, 3)).round(1), dealt(codes)
    whole = estimate(scores, None, codes, folds, np.ones(300, bool))
    assert macro_auc(scores, codes, folds, np.ones((1, 300)))[0] == pytest.approx(whole.value, abs=1e-12)


def test_every_bootstrap_keeps_the_classes_as_large_as_they_are() -> None:
    codes = np.array([0] * 30 + [1] * 70, np.int16)
    counts = resampled(codes, seed=3)
    assert counts.shape == (REPLICATES, 100)
    assert (counts[:, :30].sum(axis=1) == 30).all()
    assert (counts[:, 30:].sum(axis=1) == 70).all()
    assert counts.max() > 1
