"""The whole loop on made-up data: every file keeps its contract, repeats bit for bit, and finds what was planted."""

from pathlib import Path

import pandas as pd
import pytest

from fmm_core.runs.config import RunConfig, make_config
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.tables import TABLES, WEIGHTS
from fmm_core.runs.worker import execute

ALWAYS = sorted(set(TABLES) - {WEIGHTS})
FILES = ("embeddings.npz", "recommendations.npz", "per_user.parquet", "people.parquet", "config.json", "status.json")


def settings(**changes: object) -> RunConfig:
    """A short run of LightGCN on made-up data: weak, but above popularity."""
    short = {"recommender.epochs": 8, "recommender.validate_every": 4, "map_users": 100}
    common = {"recommender": "lightgcn", "method": "repair", "weights": {"gender": 1}, "modalities": ("text", "image")}
    return make_config("synthetic", preset="quick", settings=short, **common | changes)


def carried_out(store: Store, config: RunConfig) -> RunFolder:
    run = store.new_run(config)
    status = execute(run, store)
    assert status.state == "done", run.log.read_text(encoding="utf-8")
    return run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def run(store: Store) -> RunFolder:
    return carried_out(store, settings())


def test_every_table_keeps_its_contract(run: RunFolder) -> None:
    for name in ALWAYS:
        assert len(run.table(name)) > 0
    for name in FILES:
        assert run.has(name), name


def test_config_says_all_it_takes_to_repeat_it(run: RunFolder) -> None:
    config = run.config()
    assert len(config.fingerprint) == 64
    assert config.modalities == ("text", "image")
    assert config.attributes == ("gender", "age", "handedness")
    assert config.packages["torch"].startswith("2.13.0")


def test_what_was_planted_is_found_and_what_was_not_is_not(run: RunFolder) -> None:
    leakage = run.table("audit/leakage.csv")
    chosen = leakage[(leakage.attacker == "strongest") & (leakage.metric == "auc") & (leakage.users == "all")]
    before = chosen[(chosen.representation == "user_vector") & (chosen.phase == "before")].set_index("attribute")
    assert before.verdict["gender"] == "leaks"
    assert before.verdict["handedness"] != "leaks"


def test_repair_takes_the_linear_attacker_down_beyond_its_interval(run: RunFolder) -> None:
    """What repair levels are means and shapes; on these clustered people a kernel attacker still reads the rest."""
    leakage = run.table("audit/leakage.csv")
    rows = leakage[(leakage.attacker == "linear") & (leakage.metric == "auc") & (leakage.users == "all")]
    rows = rows[(rows.representation == "user_vector") & (rows.attribute == "gender")].set_index("phase")
    assert rows.ci_low["before"] > 0.7
    assert rows.ci_high["after"] < 0.65


def test_every_representation_is_attacked(run: RunFolder) -> None:
    leakage = run.table("audit/leakage.csv")
    found = set(zip(leakage.representation, leakage.modality, leakage.phase, strict=True))
    data = {("history", "", "data")} | {("profile_raw", name, "data") for name in ("text", "image", "all")}
    model = {(name, "", phase) for name in ("user_vector", "item_mean", "top_k") for phase in ("before", "after")}
    assert found == data | model


def test_every_mix_of_modalities_is_attacked(run: RunFolder) -> None:
    mixes = run.table("audit/modalities.csv")
    gender = mixes[mixes.attribute == "gender"].set_index(["kind", "subset"]).value
    assert set(gender["leakage"].index) == {"", "text", "image", "text+image"}
    assert gender["leakage_share"].sum() == pytest.approx(gender["leakage", "text+image"] - 0.5, abs=1e-5)
    leakage = run.table("audit/leakage.csv")
    known = leakage[(leakage.attacker == "strongest") & (leakage.metric == "auc") & (leakage.users == "all")]
    known = known[(known.representation == "profile_raw") & (known.attribute == "gender")].set_index("modality").value
    assert gender["leakage", "text+image"] == pytest.approx(known["all"], abs=2e-3)
    assert gender["leakage", "text"] == pytest.approx(known["text"], abs=2e-3)


def test_without_a_choice_of_modalities_no_mix_is_attacked(store: Store) -> None:
    assert carried_out(store, settings(modalities=("text",))).table("audit/modalities.csv").empty


def test_maps_share_one_layout(run: RunFolder) -> None:
    places = run.table("projection.csv")
    vectors = places[places.layout == "user_vector"]
    assert set(vectors.phase) == {"before", "after"}
    users = [set(part.user) for _, part in vectors.groupby("phase")]
    assert users[0] == users[1]
    assert len(users[0]) == 100


def test_a_fresh_store_gives_the_same_tables(run: RunFolder, tmp_path: Path) -> None:
    again = carried_out(Store(tmp_path), settings())
    for name in ALWAYS:
        first, second = run.table(name), again.table(name)
        if name == "history.csv":
            first, second = first.drop(columns="seconds"), second.drop(columns="seconds")
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_a_second_weight_reuses_the_base(run: RunFolder, store: Store) -> None:
    attacked = set(store.cache_dir.glob("audit-subsets-*"))
    other = carried_out(store, settings(weights={"gender": 0.5}))
    reused = {stage.name: stage.reused for stage in other.status().stages}
    assert reused["pretrain"]
    assert not reused["filter"]
    assert set(store.cache_dir.glob("audit-subsets-*")) == attacked
    assert (
        other.arrays("embeddings.npz")["user_before"].tobytes() == run.arrays("embeddings.npz")["user_before"].tobytes()
    )
    pd.testing.assert_frame_equal(
        other.table("history.csv").query("stage == 'pretrain'"), run.table("history.csv").query("stage == 'pretrain'")
    )


def test_weight_zero_changes_nothing(store: Store) -> None:
    vectors = carried_out(store, settings(weights={"gender": 0})).arrays("embeddings.npz")
    assert vectors["user_before"].tobytes() == vectors["user_after"].tobytes()


def test_people_whose_label_was_kept_back_are_judged_apart(run: RunFolder, store: Store) -> None:
    """Three quarters disclose: the base is the same, the mitigation another, and the others have rows of their own."""
    other = carried_out(store, settings(disclosed=0.75))
    reused = {stage.name: stage.reused for stage in other.status().stages}
    assert reused["pretrain"]
    assert not reused["filter"]
    leakage = other.table("audit/leakage.csv")
    asked = leakage[(leakage.attacker == "strongest") & (leakage.representation == "user_vector")]
    assert asked.groupby(["attribute", "phase"])["users"].agg(list).map(set).eq(
        {"all", "held_out", "undisclosed"}
    ).all()  # fmt: skip
    people = pd.read_parquet(other.path / "people.parquet")
    told = people.disclosed & people.eligible
    gender = asked[asked.attribute == "gender"].groupby("users")["n_users"].max()
    assert gender["all"] == told.sum()
    assert gender["undisclosed"] == (people.eligible & ~people.disclosed).sum()
    assert pd.read_parquet(run.path / "people.parquet").disclosed.all()


def test_headlines_for_everyone_have_an_adjusted_p(run: RunFolder) -> None:
    """Holm over attributes, representations and phases: never below p itself; the smallest times their number."""
    leakage = run.table("audit/leakage.csv")
    family = leakage[(leakage.attacker == "strongest") & (leakage.users == "all") & (leakage.metric == "auc")]
    assert len(family) == 3 * 10
    assert family.p_adjusted.notna().all()
    assert leakage.p_adjusted.notna().sum() == len(family)
    assert (family.p_adjusted >= family.p_value).all()
    assert family.p_adjusted.min() == pytest.approx(30 * family.p_value.min(), rel=1e-4)


def test_an_unknown_modality_ends_in_a_sentence(store: Store) -> None:
    run = store.new_run(settings(modalities=("smell",)))
    status = execute(run, store)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.what == 'the data set has no modality "smell" that can be used'
    assert status.error.mend == "Choose from: text, audio, image."


@pytest.mark.usefixtures("run")
def test_a_choice_made_on_other_people_is_made_anew(store: Store) -> None:
    """A trained mitigation chooses its epoch on all but the held-out fifth: another fifth is another choice."""
    other = carried_out(store, settings(user_split_seed=7))
    reused = {stage.name: stage.reused for stage in other.status().stages}
    assert reused["pretrain"]
    assert not reused["filter"]
