"""Uploads on disk: clean names, a limit, and nothing kept longer than it is needed."""

import io
import os
import time
from pathlib import Path

import pytest

from fmm_core.data.plan import Plan
from fmm_core.errors import StoreError
from fmm_core.runs import uploads
from fmm_core.runs.config import CheckConfig, ImportConfig
from fmm_core.runs.store import RunFolder, Status, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def job(store: Store, source: Path, state: str, kind: str = "check") -> RunFolder:
    make = {"check": CheckConfig, "import": ImportConfig}[kind]
    run = store.new_run(make(source=str(source), plan=Plan()))
    run.write_status(Status(state=state))
    return run


def aged(folder: Path) -> Path:
    """The folder as if it were written two days ago."""
    os.utime(folder, (time.time() - 48 * 3600,) * 2)
    return folder


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("users.csv", "users.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\users.csv", "users.csv"),
        ("a\x00b\nc\u202e.csv", "abc.csv"),
        (".htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        ('who?"<x>".csv', "whox.csv"),
        ("x" * 200 + ".csv.gz", "x" * 113 + ".csv.gz"),
    ],
)
def test_names_are_cleaned(sent: str, kept: str) -> None:
    assert uploads.clean_name(sent) == kept


def test_a_file_is_kept_as_it_came_and_replaced_by_its_next_version(store: Store) -> None:
    folder = uploads.new_upload(store)
    uploads.save_upload(folder, "a/users.csv", io.BytesIO(b"1" * 3_000_000))
    path = uploads.save_upload(folder, "users.csv", io.BytesIO(b"user_id\n1\n"))
    assert [each.name for each in folder.iterdir()] == ["users.csv"]
    assert path.read_bytes() == b"user_id\n1\n"
    assert folder.parent == store.uploads_dir


def test_too_much_is_one_sentence_and_leaves_what_was_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_MB", 1)
    folder = uploads.new_upload(store)
    uploads.save_upload(folder, "users.csv", io.BytesIO(b"1" * 600_000))
    with pytest.raises(StoreError) as caught:
        uploads.save_upload(folder, "interactions.csv", io.BytesIO(b"1" * 400_001))
    assert str(caught.value) == (
        "interactions.csv: with this file the upload holds more than 1 MB. "
        "Give the path of their folder on this machine instead."
    )
    assert [path.name for path in store.uploads_dir.rglob("*") if path.is_file()] == ["users.csv"]
    uploads.save_upload(folder, "interactions.csv", io.BytesIO(b"1" * 400_000))


def test_only_a_zip_that_is_alone_is_read_as_such(store: Store) -> None:
    folder = uploads.new_upload(store)
    uploads.save_upload(folder, "all.ZIP", io.BytesIO(b"PK"))
    assert uploads.source_of(folder) == folder / "all.ZIP"
    uploads.save_upload(folder, "users.csv", io.BytesIO(b""))
    assert uploads.source_of(folder) == folder


def test_what_is_discarded_takes_its_checks_along_and_nothing_else(store: Store, tmp_path: Path) -> None:
    folder, other = uploads.new_upload(store), uploads.new_upload(store)
    mine = tmp_path / "mine"
    mine.mkdir()
    job(store, folder, "done")
    kept = [job(store, folder, "done", "import"), job(store, other, "done"), job(store, mine, "done")]
    uploads.discard(store, folder / "all.zip")
    uploads.discard(store, mine)
    assert not folder.exists()
    assert other.exists()
    assert mine.exists()
    assert {run.id for run in store.jobs()} == {run.id for run in kept}


def test_old_uploads_are_swept_unless_a_job_waits_for_them(store: Store) -> None:
    waited_for, old, fresh = aged(uploads.new_upload(store)), aged(uploads.new_upload(store)), uploads.new_upload(store)
    job(store, waited_for, "queued")
    job(store, old, "failed")
    (store.uploads_dir / "half.part").touch()
    aged(store.uploads_dir / "half.part")
    uploads.sweep(store)
    assert sorted(store.uploads_dir.iterdir()) == sorted([waited_for, fresh])
    assert len(store.jobs()) == 1
