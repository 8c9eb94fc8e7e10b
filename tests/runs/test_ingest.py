"""Checks and imports in a process of their own: what they leave, and how each way of failing is said."""

import sys
import threading
from pathlib import Path

import pytest

from fmm_core.data.plan import Plan, has_sentences
from fmm_core.runs import client, ingest, uploads
from fmm_core.runs.config import CheckConfig, ImportConfig
from fmm_core.runs.files import read_json
from fmm_core.runs.store import RunFolder, Status, Store
from fmm_core.runs.worker import execute

ROOT = Path(__file__).resolve().parents[2]
STUB = """
import sys, time
sys.path.insert(0, {root!r})
import numpy as np
from fmm_core.cli import main
from fmm_core.data import checking
from fmm_core.data.plan import CheckReport
from fmm_core.errors import DataError

def check(source, plan, progress):
{body}

checking.check = check
main()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def checking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let the child run these lines in place of the check."""

    def put(*lines: str) -> None:
        script = tmp_path / "child.py"
        body = "\n".join(f"    {line}" for line in lines)
        script.write_text(STUB.format(root=str(ROOT), body=body), encoding="utf-8")
        monkeypatch.setattr(ingest, "COMMAND", (sys.executable, str(script), "ingest"))

    return put


def checked(store: Store, source: Path, plan: Plan | None = None) -> tuple[RunFolder, Status]:
    run = store.new_run(CheckConfig(source=str(source), plan=plan or Plan()))
    return run, execute(run, store)


def sentence(status: Status) -> tuple[str, str, str]:
    assert status.state == "failed"
    assert status.error is not None
    return status.error.what, status.error.where, status.error.code


def test_a_check_leaves_its_report_and_shows_how_far_it_is(store: Store, source: Path, checking) -> None:
    checking("progress(1, 2)", "time.sleep(1.5)", "return CheckReport(reader=source.name, plan=plan)")
    seen: list[float] = []
    run = store.new_run(CheckConfig(source=str(source), plan=Plan(name="Films")))
    status = execute(run, store, lambda status: seen.append(status.fraction))
    assert (status.state, status.error) == ("done", None)
    assert 0.5 in seen
    report = read_json(run.path / "check.json")
    assert (report["reader"], report["plan"]["name"]) == ("films", "Films")
    assert not (run.path / ingest.SCRATCH).exists()


def test_a_child_that_takes_too_much_memory_is_a_sentence(store: Store, source: Path, checking) -> None:
    checking("return np.ones(2**32 - 1, np.uint8)")  # 4 GiB are refused before a byte of them is touched
    _, status = checked(store, source)
    assert sentence(status) == ("it needs more than 3 GB of memory to be read", "films", "data.too_large")
    assert "--sample-users" in status.error.mend


def test_a_child_that_takes_too_long_is_ended(store: Store, source: Path, checking, monkeypatch) -> None:
    checking("time.sleep(600)")
    monkeypatch.setitem(ingest.LIMITS, "check", ingest.Limits(3, 3))
    _, status = checked(store, source)
    assert sentence(status) == ("reading it takes longer than 3 seconds", "films", "data.too_slow")


def test_a_cancel_ends_the_child(store: Store, source: Path, checking, tmp_path: Path) -> None:
    checking(f"open({str(tmp_path / 'began')!r}, 'w').close()", "time.sleep(600)")
    run = store.new_run(CheckConfig(source=str(source), plan=Plan()))
    thread = threading.Thread(target=execute, args=(run, store))
    thread.start()
    while not (tmp_path / "began").exists():
        assert thread.is_alive()
    client.cancel(run)
    thread.join(20)
    assert not thread.is_alive()
    assert run.status().state == "cancelled"


def test_a_problem_with_the_files_is_passed_on_word_for_word(store: Store, source: Path, checking) -> None:
    checking("raise DataError('it is empty', 'users.csv', 'Export it again.', code='data.empty')")
    _, status = checked(store, source)
    assert status.error.model_dump() == {
        "what": "it is empty",
        "where": "users.csv",
        "mend": "Export it again.",
        "code": "data.empty",
    }


def test_an_unexpected_error_is_a_sentence_and_the_log_says_more(store: Store, source: Path, checking) -> None:
    checking("return 1 // 0")
    run, status = checked(store, source)
    what = "something unexpected happened while it was read (ZeroDivisionError)"
    assert sentence(status) == (what, "films", "run.unexpected")
    assert "return 1 // 0" in run.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("death", "what", "code"),
    [
        ("__import__('os')._exit(7)", "reading it stopped without a word (code 7)", "run.crashed"),
        ("__import__('os').abort()", "it needs more than 3 GB of memory to be read", "data.too_large"),
    ],
)
def test_a_child_that_dies_is_a_sentence(
    store: Store, source: Path, checking, death: str, what: str, code: str
) -> None:
    checking(death)
    assert sentence(checked(store, source)[1]) == (what, "films", code)


def test_a_second_attempt_does_not_repeat_the_first_ones_problem(store: Store, source: Path, checking) -> None:
    checking("raise DataError('it is empty')")
    run, _ = checked(store, source)
    checking("return CheckReport()")
    assert execute(run, store).state == "done"


def test_an_import_stores_the_data_set_and_deletes_the_upload(store: Store, tables: Path) -> None:
    folder = uploads.new_upload(store)
    for path in tables.iterdir():
        with path.open("rb") as file:
            uploads.save_upload(folder, path.name, file)
    run = store.new_run(ImportConfig(source=str(folder), plan=Plan(name="Films")))
    assert execute(run, store).error is None
    (card,) = store.datasets()
    assert read_json(run.path / "result.json") == {"dataset": card["id"]}
    assert card["name"] == "Films"
    assert not folder.exists()


def test_an_import_from_elsewhere_leaves_the_files(store: Store, tables: Path) -> None:
    run = store.new_run(ImportConfig(source=str(tables), plan=Plan()))
    assert execute(run, store).error is None
    assert len(list(tables.iterdir())) == 2


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Fifty people, half of each gender, with two clicks each."""
    folder = tmp_path / "tables"
    folder.mkdir()
    people = "".join(f"u{person},{'fm'[person % 2]}\n" for person in range(50))
    clicks = "".join(f"u{person},i{(person + step) % 9}\n" for person in range(50) for step in range(2))
    (folder / "users.csv").write_text("user_id,gender\n" + people, encoding="utf-8")
    (folder / "interactions.csv").write_text("user_id,item_id\n" + clicks, encoding="utf-8")
    return folder


@pytest.mark.skipif(not has_sentences(), reason="needs the package of requirements-encoders.txt")
def test_minilm_fits_under_the_limits_of_an_import(store: Store, source: Path) -> None:
    (source / "interactions.csv").write_text("user_id,item_id\n1,a\n1,b\n2,b\n", encoding="utf-8")
    (source / "items.csv").write_text(
        f"item_id,title,text\na,Night ship,{'It sinks. ' * 500}\nb,Train,\n", encoding="utf-8"
    )
    run = store.new_run(ImportConfig(source=str(source), plan=Plan(text_encoder="sentences")))
    status = execute(run, store)
    assert (status.state, status.error) == ("done", None)
    (card,) = store.datasets()
    assert card["modalities"]["text"]["source"] == "titles and descriptions, by MiniLM"
