"""An audit of files: matched by id, attacked, written as a run that opens like any other."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from audit_world import ITEMS, N_USERS, AuditWorld

from fmm_core.audit import audit
from fmm_core.errors import ConfigError, DataError
from fmm_core.runs import mapping
from fmm_core.runs.audit_files import read_subjects
from fmm_core.runs.config import AuditConfig, parse_audit
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.tables import TABLES, WEIGHTS, check_table
from fmm_core.runs.worker import execute


@pytest.fixture
def world(tmp_path: Path) -> AuditWorld:
    return AuditWorld(tmp_path)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(mapping, "project", drawn)  # UMAP takes seconds to load
    return Store(tmp_path / "home")


def drawn(slices: dict, strata: dict, *, max_users: int, seed: int) -> tuple[np.ndarray, dict]:
    """The first two numbers of everybody."""
    del strata, max_users, seed
    people = np.arange(len(next(iter(slices.values()))))
    return people, {key: matrix[:, :2] for key, matrix in slices.items()}


def settings(users: str, **files: object) -> AuditConfig:
    return parse_audit({"users": users, "attributes": ("gender",)} | files)


def carried_out(store: Store, config: AuditConfig) -> RunFolder:
    run = store.new_run(config)
    status = execute(run, store)
    assert status.state == "done", (status.error, run.log.read_text() if run.log.exists() else "")
    return run


def headlines(run: RunFolder) -> dict[tuple[str, str], float]:
    """{(representation, phase): AUC of the strongest attacker on everyone}."""
    rows = run.table("audit/leakage.csv")
    rows = rows[(rows.attacker == "strongest") & (rows.metric == "auc") & (rows.users == "all")]
    return {(row.representation, row.phase): row.value for row in rows.itertuples()}


def test_everything_is_attacked_and_every_file_of_a_run_is_there(world: AuditWorld, store: Store) -> None:
    run = carried_out(
        store,
        settings(
            world.people(),
            vectors=world.vectors(),
            after=world.vectors_after(),
            interactions=world.clicks(),
            lists=world.lists(),
            title="Ours",
        ),
    )
    found = headlines(run)
    assert set(found) == {
        ("user_vector", "before"), ("user_vector", "after"), ("item_mean", "before"), ("item_mean", "after"),
        ("top_k", "before"), ("history", "data"),
    }  # fmt: skip
    assert found.pop(("user_vector", "after")) < 0.65
    assert min(found.values()) > 0.85
    for name in set(TABLES) - {WEIGHTS}:
        run.table(name)
    assert run.table("audit/accuracy.csv").empty
    assert run.per_user()["user"].tolist() == world.users.tolist()
    arrays = run.arrays("embeddings.npz")
    np.testing.assert_array_equal(arrays["user_before"], world.before)  # in the order of the users file
    np.testing.assert_array_equal(arrays["item_before"], world.item)
    assert run.arrays("recommendations.npz")["items_before"].shape == (N_USERS, 20)
    assert run.card()["title"] == "Ours"
    assert run.card()["n_users"] == N_USERS
    config = run.made_with()
    assert set(config.sha256) == {"users", "vectors", "after", "interactions", "lists"}
    assert len(config.fingerprint) == 64
    people = pd.read_parquet(run.path / "people.parquet")
    assert people["held_out"].sum() == N_USERS // 5
    assert (people["train_pairs"] == 10).all()


def test_its_figures_are_those_of_the_call_from_python(world: AuditWorld, store: Store) -> None:
    run = carried_out(store, settings(world.people(), vectors=world.vectors()))
    table = audit(world.before, {"gender": np.where(world.women, "f", "m")}, ids=world.users)
    rows = run.table("audit/leakage.csv")
    rows = rows[(rows.attacker == "strongest") & (rows.metric == "auc")]
    np.testing.assert_allclose(rows["value"], table["auc"], atol=1e-5)
    assert not run.has("recommendations.npz")


def test_the_full_panel_is_said_in_every_row_it_made(world: AuditWorld, store: Store) -> None:
    run = carried_out(store, settings(world.people(), vectors=world.vectors(), lists=world.lists(), panel="full"))
    rows = check_table("audit/leakage.csv", run.table("audit/leakage.csv"))
    assert set(rows["panel"]) == {"full"}
    assert {"kernel_exact", "mlp"} < set(rows["attacker"])
    assert min(headlines(run).values()) > 0.85


def test_lists_alone_are_enough(world: AuditWorld, store: Store) -> None:
    run = carried_out(store, settings(world.people(), lists=world.lists()))
    assert set(headlines(run)) == {("top_k", "before")}
    assert set(run.table("projection.csv")["layout"]) == {"top_k"}


def test_clicks_alone_are_enough_and_draw_no_map(world: AuditWorld, store: Store) -> None:
    run = carried_out(store, settings(world.people(), interactions=world.clicks()))
    assert set(headlines(run)) == {("history", "data")}
    assert run.table("projection.csv").empty


def test_vectors_of_unlike_width_stand_on_maps_of_their_own(world: AuditWorld, store: Store) -> None:
    run = carried_out(store, settings(world.people(), vectors=world.vectors(), after=world.vectors_after(width=4)))
    layouts = run.table("projection.csv").groupby("layout")["phase"].unique()
    assert {name: phases.tolist() for name, phases in layouts.items()} == {
        "user_vector": ["before"],
        "user_vector_after": ["after"],
    }


def test_the_first_of_a_list_stands_first_whatever_the_order_of_rows(world: AuditWorld) -> None:
    subjects = read_subjects(settings(world.people(), lists=world.lists()))
    rows = pd.read_csv(world.folder / "lists.csv")
    first = rows[(rows.user_id == "p007") & (rows["rank"] == 1)]["item_id"].item()
    assert subjects.items[subjects.lists[7, 0]] == first
    assert (subjects.lists[7] >= 0).sum() == 10


def test_who_does_not_match_is_left_out_counted_and_said(world: AuditWorld) -> None:
    users = world.users.copy()
    users[:3] = ["x1", "x2", "x3"]
    subjects = read_subjects(settings(world.people(users=users), vectors=world.vectors()))
    assert [(note.code, note.count, note.sentence) for note in subjects.notes] == [
        ("audit.strangers", 3, "3 ids of vectors.npz are not in users.csv: left out."),
        ("audit.absent", 3, "3 people of users.csv are not in vectors.npz: nothing is read from it about them."),
    ]
    assert subjects.before is not None
    assert subjects.before.there.tolist() == [False] * 3 + [True] * (N_USERS - 3)


def test_a_figure_is_about_those_who_have_what_is_attacked(world: AuditWorld, store: Store) -> None:
    users = world.users.copy()
    users[:4] = ["x1", "x2", "x3", "x4"]
    after = world.vectors("after.npz", user_id=world.users[10:], user=world.after[10:])
    run = carried_out(store, settings(world.people(users=users), vectors=world.vectors(), after=after))
    rows = run.table("audit/leakage.csv")
    assert set(rows[(rows.users == "all")]["n_users"]) == {N_USERS - 10}  # both phases, the same people


def test_rows_in_order_need_no_ids(world: AuditWorld, store: Store) -> None:
    np.save(world.folder / "vectors.npy", world.before)
    pd.DataFrame({"gender": np.where(world.women, "F", "M")}).to_csv(world.folder / "labels.csv", index=False)
    files = {"users": str(world.folder / "labels.csv"), "vectors": str(world.folder / "vectors.npy")}
    run = carried_out(store, settings(**files, row_order=True))
    assert headlines(run)["user_vector", "before"] > 0.85
    assert pd.read_parquet(run.path / "people.parquet")["user"].tolist()[:2] == ["1", "2"]


def test_item_vectors_may_stand_in_a_file_of_their_own(world: AuditWorld) -> None:
    np.savez(world.folder / "items.npz", item_id=np.array(ITEMS[::-1]), item=world.item[::-1])
    subjects = read_subjects(
        settings(world.people(), interactions=world.clicks(), items=str(world.folder / "items.npz"))
    )
    assert subjects.item_before is not None
    np.testing.assert_array_equal(subjects.item_before.values, world.item)


def test_parquet_and_other_names_are_understood(world: AuditWorld) -> None:
    pd.DataFrame({"uid": world.users, "gender": np.where(world.women, "F", "M")}).to_parquet(
        world.folder / "people.parquet", index=False
    )
    pd.read_csv(world.lists()).rename(columns={"item_id": "movie"}).to_parquet(world.folder / "lists.parquet")
    subjects = read_subjects(settings(str(world.folder / "people.parquet"), lists=str(world.folder / "lists.parquet")))
    assert (subjects.lists[:, :10] >= 0).all()


def test_an_attribute_that_cannot_be_read_is_said_beside_one_that_can(world: AuditWorld, store: Store) -> None:
    users = world.people(town=[f"t{number}" for number in range(N_USERS)])
    run = carried_out(store, settings(users, vectors=world.vectors(), attributes=("gender", "town")))
    assert run.made_with().attributes == ("gender",)
    assert [note["code"] for note in run.card()["notes"]] == ["attribute.too_many"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"vectors": "nowhere.npz"}, "nowhere.npz: this file is missing."),
        ({"users": "nowhere.csv"}, "nowhere.csv: this file is missing. Check the path."),
        ({"attributes": ("height",)}, 'users.csv: there is no column "height". Its columns are: user_id, gender, one.'),
        ({"attributes": ("one",)}, "users.csv: one is not offered: it has one value only. Name others."),
        ({"vectors": "others.npz"}, "others.npz: none of its 300 ids is in users.csv (q0, q1, q10, …)."),
        ({"vectors": "rows.npy"}, "rows.npy: it holds no ids. Save it with ids, or say --row-order if"),
        ({"vectors": "rows.npy", "row_order": True}, "rows.npy: 299 rows for the 300 rows of users.csv. By row order"),
        ({"vectors": "nan.npz"}, "nan.npz: not all numbers are finite in 2 rows (ids p004, p009)."),
        ({"lists": "users.csv"}, 'users.csv: there is no column "item_id".'),
        ({"lists": "ranks.csv"}, 'ranks.csv, column "rank": 1 value is not a number (row 3). Correct or remove them.'),
        ({"interactions": "clicks.csv", "items": "rows.npy"}, "rows.npy: it holds no ids. Items are looked up by id"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(change: dict, sentence: str, world: AuditWorld, store: Store) -> None:
    folder = world.folder
    world.clicks()
    given = {"users": world.people(one=1), "vectors": world.vectors()} | change
    np.save(folder / "rows.npy", world.before[1:])
    world.vectors("others.npz", user_id=np.array([f"q{number}" for number in range(N_USERS)]))
    broken = world.before.copy()
    broken[[4, 9], 1] = np.nan
    np.savez(folder / "nan.npz", user_id=world.users, user=broken)
    (folder / "ranks.csv").write_text("user_id,item_id,rank\np000,a,1\np000,b,second\n", encoding="utf-8")
    paths = {
        key: value if key in ("attributes", "row_order") else str(folder / str(value)) for key, value in given.items()
    }
    config = settings(**paths)
    with pytest.raises(DataError) as error:
        read_subjects(config)
    assert sentence in str(error.value)
    status = execute(store.new_run(config), store)
    assert status.state == "failed"
    assert status.error is not None
    assert status.error.what == error.value.what


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "settings: nothing to attack is named; give vectors, lists or interactions."),
        ({"lists": "l.csv", "after": "a.npz"}, "settings: vectors after mitigation need those before it."),
        ({"vectors": "v.npz", "items": "i.npz"}, "item vectors say nothing about people without interactions."),
        ({"vectors": "v.npz", "attributes": ()}, "setting attributes: Tuple should have at least 1 item"),
    ],
)
def test_settings_that_make_no_audit_are_refused(files: dict, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings("users.csv", **files)
    assert sentence in str(error.value)


def test_what_an_audit_is_called() -> None:
    assert settings("people.csv", vectors="/somewhere/ours.v2.npz").dataset == "ours"
    assert settings("people.csv", lists="lists.csv", title="Spring").dataset == "Spring"
