"""A deleted data set is gone: its folder, its runs, the jobs that brought it, every cached step of it; nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from fmm_core.errors import StoreError
from fmm_core.runs import client
from fmm_core.runs.config import FetchConfig, make_config
from fmm_core.runs.files import write_json
from fmm_core.runs.locks import Lock
from fmm_core.runs.steps import Step, StepCache
from fmm_core.runs.store import RunFolder, Status, Store

MINE, OTHER = "a" * 64, "b" * 64
ID = "mine-aaaaaaaa"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    for slug, print_ in (("mine", MINE), ("other", OTHER)):
        card = {"slug": slug, "fingerprint": print_, "title": slug}
        write_json(store.datasets_dir / f"{slug}-{print_[:8]}" / "dataset.json", card)
    return store


def ended(store: Store, dataset: str, fingerprint: str = "") -> RunFolder:
    run = store.new_run(make_config(dataset, fingerprint=fingerprint))
    run.write_status(Status(state="done"))
    return run


def job(store: Store, **config: str) -> RunFolder:
    """A job of another kind, as its worker leaves it."""
    run = store.new_run(FetchConfig(dataset="x"))
    run.write_status(Status(state="done"))
    write_json(run.path / "config.json", config)
    return run


def step(store: Store, data: str) -> Step:
    produce = lambda folder: (folder / "big.bin").write_bytes(b"0" * 500_000)  # noqa: E731
    return StepCache(store.cache_dir, data).run("step", {"data": data}, produce, rooms=())


def test_everything_of_a_data_set_goes_and_nothing_else(store: Store) -> None:
    mine, theirs = ended(store, "/some/folder", MINE), ended(store, "other", OTHER)
    never_begun, same_name = ended(store, "mine"), ended(store, "mine", OTHER)
    brought = job(store, kind="import", source="/uploads/1")
    write_json(brought.path / "result.json", {"dataset": ID})
    checked, elsewhere = (job(store, kind="check", source=source) for source in ("/uploads/1", "/uploads/2"))
    fetched = job(store, kind="fetch", dataset="mine")
    steps = [step(store, data) for data in (MINE, OTHER)]
    runs, megabytes = client.what_goes(store, ID)
    assert runs == 2
    assert 0.5 < megabytes < 0.6
    client.delete_dataset(store, ID)
    assert not any(each.path.exists() for each in (mine, never_begun, brought, checked, fetched))
    assert all(each.path.exists() for each in (theirs, same_name, elsewhere))
    assert [each.folder.exists() for each in steps] == [False, True]
    assert [card["slug"] for card in store.datasets()] == ["other"]
    assert not list(store.home.rglob(".deleted-*"))


def test_steps_that_do_not_say_their_data_go_too(store: Store) -> None:
    """Made by an older version, or broken off by a crash: nobody can say that they hold nothing of it."""
    old, draft = step(store, OTHER), store.cache_dir / ".draft-0123abcd"
    (old.folder / "DATA").unlink()
    draft.mkdir()
    downloads = store.cache_dir / "downloads"
    downloads.mkdir()
    client.delete_dataset(store, ID)
    assert not old.folder.exists()
    assert not draft.exists()
    assert downloads.exists()


def test_data_in_use_are_not_deleted(store: Store) -> None:
    waiting = store.new_run(make_config("mine"))
    with pytest.raises(StoreError, match=rf"1 of its runs and jobs is waiting or running \({waiting.id}\)\. Cancel"):
        client.delete_dataset(store, ID)
    waiting.write_status(Status(state="running"))
    with Lock(waiting.lock), pytest.raises(StoreError, match="is waiting or running"):
        client.delete_dataset(store, ID)
    assert len(store.datasets()) == 2
    client.delete_dataset(store, ID)  # its process is gone: interrupted
    assert store.runs() == []


@pytest.mark.parametrize("name", ["nothing", "../mine-aaaaaaaa", ""])
def test_what_is_not_stored_cannot_be_deleted(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="there is no stored data set"):
        client.delete_dataset(store, name)


def test_the_command_says_what_went(store: Store) -> None:
    ended(store, "mine", MINE)
    command = [sys.executable, "-m", "fmm_core", "datasets", "delete", ID, "--store", str(store.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{ID} is deleted, and 1 run made from it: 0.0 MB.\n"
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 2
