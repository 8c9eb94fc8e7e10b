"""Bringing one's own files to the data page: every state, as Streamlit's own test harness sees it."""

import os
from pathlib import Path
from typing import Any

import pytest
from fixtures import dataset_card, finished_run, headline, opened, said
from streamlit.testing.v1 import AppTest

from dashboard import mapping
from fmm_core.data.plan import CheckReport, FileReport, Guess, Plan
from fmm_core.runs import client, uploads
from fmm_core.runs.files import write_json
from fmm_core.runs.store import Problem, RunFolder, Status, Store

CLICKS = FileReport(
    name="clicks.csv",
    role="interactions",
    columns=("uid", "film", "stars"),
    preview=(("1", "10", "5"), ("2", "<script>", "3")),
    guesses=(
        Guess(meaning="user_id", column="uid", reason="uid looks like the person: 600 distinct values, repeated"),
        Guess(meaning="item_id", column="film", reason="film looks like the item"),
        Guess(meaning="rating", column="stars", reason="stars looks like a rating"),
    ),
)
PEOPLE = FileReport(
    name="people.csv",
    role="users",
    columns=("uid", "sex", "age", "sex"),
    preview=(("1", "f", "31", "f"), ("2", "m", "40", "m")),
    guesses=(Guess(meaning="user_id", column="uid", reason="each there once"),),
)
PLAN = Plan(
    name="Films",
    files={"interactions": "clicks.csv", "users": "people.csv"},
    columns={
        "interactions": {"user_id": "uid", "item_id": "film", "rating": "stars"},
        "users": {"user_id": "uid"},
    },
)
"""What the check understood."""

SAID = Plan(name="Films", attributes={"sex": (), "age": (18.0, 25.0)})
"""What the reader had said before."""

BAD = {"what": "3 empty values (rows 2, 4, 9)", "where": 'clicks.csv, column "film"', "mend": "Fill them.", "code": "x"}


def asked(home: Path, source: Path | None = None, plan: Plan = SAID) -> RunFolder:
    """A check that waits, of an upload."""
    store = Store(home)
    return client.check(store, source or uploads.new_upload(store), plan)


def ended(job: RunFolder, state: str = "done", **more: Any) -> RunFolder:
    assert client.claim(job)
    job.write_status(Status(state=state, fraction=1.0, **more))
    return job


def checked(home: Path, **report: Any) -> RunFolder:
    job = ended(asked(home))
    full = CheckReport(**{"reader": "tables", "files": (CLICKS, PEOPLE), "plan": PLAN} | report)
    write_json(job.path / "check.json", full.model_dump(mode="json"))
    return job


def seen(job: RunFolder) -> AppTest:
    return opened("data", upload=job.id)


def key(job: RunFolder, rest: str) -> str:
    return f"{job.id}_{rest}"


def waiting_job(home: Path) -> dict[str, Any]:
    (job,) = client.queue(Store(home))
    return job.raw_config()


def test_files_are_written_checked_and_dropped(home: Path) -> None:
    app = opened("data")
    app.radio(key="dataset_choice").set_value("own").run()
    assert headline(app) == "Choose a data set, or bring your own."
    app.file_uploader[0].set_value([("Clicks.csv", b"uid,film\n1,2\n", "text/csv"), ("p.csv", b"uid\n1\n", "text/csv")])
    app.run()
    assert not app.exception
    assert headline(app) == "Reading your files."
    config = waiting_job(home)
    assert (config["kind"], config["plan"]["name"]) == ("check", "Own data")
    folder = Path(config["source"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "Clicks.csv": b"uid,film\n1,2\n",
        "p.csv": b"uid\n1\n",
    }
    assert not app.file_uploader[0].value


def test_a_file_brought_later_joins_the_upload_at_hand(home: Path) -> None:
    job = checked(home, problems=(BAD,))
    app = seen(job)
    app.file_uploader[0].set_value([("users.csv", b"uid\n", "text/csv")]).run()
    assert not app.exception
    config = waiting_job(home)
    assert config["source"] == job.raw_config()["source"]
    assert [path.name for path in Path(config["source"]).iterdir()] == ["users.csv"]
    assert config["plan"]["name"] == "Films"


def test_a_zip_alone_is_checked_as_a_zip(home: Path) -> None:
    app = opened("data")
    app.radio(key="dataset_choice").set_value("own").run()
    app.file_uploader[0].set_value([("films.zip", b"PK", "application/zip")]).run()
    config = waiting_job(home)
    assert Path(config["source"]).name == "films.zip"
    assert config["plan"]["name"] == "films"


def test_too_large_an_upload_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_MB", 0)
    app = opened("data")
    app.radio(key="dataset_choice").set_value("own").run()
    app.file_uploader[0].set_value([("a.csv", b"x", "text/csv")]).run()
    assert not app.exception
    assert "with this file the upload holds more than 0 MB" in app.error[0].value
    assert client.queue(Store(home)) == []


def test_a_path_is_checked_where_it_lies(home: Path, tmp_path: Path) -> None:
    app = opened("data")
    app.radio(key="dataset_choice").set_value("own").run()
    app.text_input(key="path").set_value(str(tmp_path / "none")).run()
    app.button(key="check_path").click().run()
    assert app.error[0].value.startswith("There is no file or folder")
    app.text_input(key="path").set_value(str(tmp_path)).run()
    app.button(key="check_path").click().run()
    assert waiting_job(home)["source"] == str(tmp_path.resolve())


def test_reading_can_be_stopped_and_taken_up_again(home: Path) -> None:
    app = seen(asked(home))
    assert app.get("progress")[0].proto.text == "Waiting for the worker."
    app.button(key="stop_reading").click().run()
    assert headline(app) == "Reading was stopped."
    app.button(key="check_again").click().run()
    assert waiting_job(home)["plan"]["name"] == "Films"


def test_a_failed_check_is_one_sentence_and_the_files_are_kept(home: Path) -> None:
    problem = Problem(what="it needs more than 3 GB of memory to be read", where="Films", mend="Use less.")
    app = seen(ended(asked(home), "failed", error=problem))
    assert headline(app) == "Your files could not be read to the end."
    (error,) = app.error
    assert error.value == ("Films\\: it needs more than 3 GB of memory to be read. Use less. Your files are kept.")


def test_every_problem_has_its_box_and_bars_the_import(home: Path) -> None:
    app = seen(checked(home, problems=(BAD, BAD | {"what": "1 repeated id (row 7)"})))
    assert headline(app) == "These files need a correction before they can be used."
    texts = [error.value.replace("\\", "") for error in app.error]
    assert texts[0] == 'clicks.csv, column "film": 3 empty values (rows 2, 4, 9). Fill them.'
    assert len(texts) == 2
    assert app.button(key="import").disabled
    assert app.expander[-2].proto.expanded


def test_a_file_no_reader_knows_has_its_own_headline(home: Path) -> None:
    app = seen(checked(home, reader="", files=(), problems=(BAD,)))
    assert headline(app) == "This file can't be read."


def test_what_was_understood_and_a_preview_as_text(home: Path) -> None:
    app = seen(checked(home))
    told = said(app).replace("\\", "")
    assert "clicks.csv: clicks. Person: uid; Item: film; Rating: stars." in told
    assert "uid looks like the person: 600 distinct values, repeated" in told
    clicks, people = (frame.value for frame in app.dataframe)
    assert clicks["film"].tolist() == ["10", "<script>"]
    assert list(people.columns) == ["uid", "sex", "age", "sex again"]


def test_an_unchanged_plan_is_imported_as_it_was_checked(home: Path) -> None:
    app = seen(checked(home))
    app.button(key="import").click().run()
    assert headline(app) == "Importing your data."
    config = waiting_job(home)
    assert config["kind"] == "import"
    assert Plan.model_validate(config["plan"]) == PLAN


def test_corrections_are_checked_before_they_are_imported(home: Path) -> None:
    job = checked(home, problems=(BAD,))
    app = seen(job)
    app.selectbox(key=key(job, "column_interactions_item_id")).set_value("stars").run()
    app.selectbox(key=key(job, "column_interactions_rating")).set_value("").run()
    app.checkbox(key=key(job, "attribute_sex")).uncheck().run()
    app.text_input(key=key(job, "edges_age")).set_value("20, 30,40").run()
    app.toggle(key=key(job, "leave_out")).set_value(True).run()
    app.text_input(key=key(job, "name")).set_value("Old films").run()
    assert app.button(key="import").disabled
    app.button(key="check_again").click().run()
    assert not app.exception
    plan = Plan.model_validate(waiting_job(home)["plan"])
    assert plan == Plan(
        name="Old films",
        columns={
            "interactions": {"item_id": "stars", "rating": ""},
        },
        attributes={"age": (20.0, 30.0, 40.0)},
        leave_out_bad_rows=True,
    )


ITEMS = FileReport(name="items.csv", role="items", columns=("item_id", "title"), preview=(("10", "Alien"),))


def with_titles(home: Path, said: Plan = SAID) -> RunFolder:
    """A check of clicks, people and titled items."""
    job = ended(asked(home, plan=said))
    columns = {**PLAN.columns, "items": {"item_id": "item_id", "title": "title"}}
    plan = PLAN.model_copy(update={"files": {**PLAN.files, "items": "items.csv"}, "columns": columns})
    report = CheckReport(reader="tables", files=(CLICKS, PEOPLE, ITEMS), plan=plan)
    write_json(job.path / "check.json", report.model_dump(mode="json"))
    return job


def test_titles_can_be_read_with_minilm(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "has_sentences", lambda: True)
    job = with_titles(home)
    app = seen(job)
    assert not app.toggle(key=key(job, "sentences")).value
    app.toggle(key=key(job, "sentences")).set_value(True).run()
    app.button(key="check_again").click().run()
    assert not app.exception
    assert Plan.model_validate(waiting_job(home)["plan"]) == SAID.model_copy(update={"text_encoder": "sentences"})


def test_minilm_is_not_offered_without_titles(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "has_sentences", lambda: True)
    job = checked(home)
    assert key(job, "sentences") not in [toggle.key for toggle in seen(job).toggle]


def test_minilm_is_not_offered_where_it_is_not_installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "has_sentences", lambda: False)
    job = with_titles(home)
    assert key(job, "sentences") not in [toggle.key for toggle in seen(job).toggle]


def test_minilm_that_was_asked_for_can_be_taken_back_without_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "has_sentences", lambda: False)
    job = with_titles(home, SAID.model_copy(update={"text_encoder": "sentences"}))
    app = seen(job)
    app.toggle(key=key(job, "sentences")).set_value(False).run()
    app.button(key="check_again").click().run()
    assert Plan.model_validate(waiting_job(home)["plan"]) == SAID


def test_another_file_for_a_table_forgets_what_was_said_of_its_columns(home: Path) -> None:
    job = checked(home)
    app = seen(job)
    app.selectbox(key=key(job, "file_interactions")).set_value("people.csv").run()
    app.button(key="check_again").click().run()
    plan = Plan.model_validate(waiting_job(home)["plan"])
    assert (plan.files, plan.columns) == ({"interactions": "people.csv"}, {})


@pytest.mark.parametrize("text", ["18, x", "25, 18", "18, 18", "nan", "inf"])
def test_wrong_edges_are_a_sentence_and_bar_both_buttons(home: Path, text: str) -> None:
    job = checked(home)
    app = seen(job)
    app.text_input(key=key(job, "edges_age")).set_value(text).run()
    assert not app.exception
    sentence = f'age: "{text}" is not a list of rising numbers. Write it like 18, 25, 35.'
    assert app.error[0].value.replace("\\", "") == sentence
    assert app.button(key="import").disabled
    assert app.button(key="check_again").disabled


def test_what_cannot_be_opened_is_guessed_anew_after_it_was_replaced(home: Path) -> None:
    job = ended(asked(home, plan=PLAN))
    write_json(job.path / "check.json", CheckReport(problems=(BAD,), plan=PLAN).model_dump(mode="json"))
    app = seen(job)
    assert not app.selectbox
    app.button(key="check_again").click().run()
    assert Plan.model_validate(waiting_job(home)["plan"]) == Plan(name="Films")


def test_bands_that_were_found_are_shown_and_stay_a_guess(home: Path) -> None:
    card = dataset_card(home)
    card["attributes"] = {"age": {**card["attributes"]["age"], "edges": [20, 40]}}
    job = ended(asked(home, plan=Plan()))
    report = CheckReport(reader="tables", files=(CLICKS, PEOPLE), plan=PLAN, card=card)
    write_json(job.path / "check.json", report.model_dump(mode="json"))
    app = seen(job)
    assert app.text_input(key=key(job, "edges_age")).value == "20, 40"
    assert not app.button(key="import").disabled
    app.text_input(key=key(job, "edges_age")).set_value("30").run()
    app.button(key="check_again").click().run()
    assert Plan.model_validate(waiting_job(home)["plan"]).attributes == {"sex": (), "age": (30.0,)}


def test_large_files_say_that_only_their_first_rows_were_seen(home: Path) -> None:
    app = seen(checked(home, complete=False))
    assert headline(app) == "These files can be read."
    assert "only their first rows" in app.success[0].value
    assert not app.button(key="import").disabled


def test_after_the_import_the_data_set_is_selected(home: Path) -> None:
    finished_run(home)
    (card,) = Store(home).datasets()
    job = ended(client.import_(Store(home), home, PLAN))
    write_json(job.path / "result.json", {"dataset": card["id"]})
    app = opened("data", upload=job.id)
    app.run()
    assert headline(app).startswith("This data set can be audited for")
    assert app.radio(key="dataset_choice").value == card["id"]
    assert "upload" not in app.query_params


def test_a_check_with_a_card_says_what_can_be_audited(home: Path) -> None:
    app = seen(checked(home, card=dataset_card(home)))
    assert headline(app).startswith("This data set can be audited for")
    assert len(app.get("plotly_chart")) == 1


def test_start_over_forgets_the_upload(home: Path) -> None:
    app = seen(checked(home))
    app.button(key="start_over").click().run()
    assert headline(app) == "Choose a data set, or bring your own."
    assert "upload" not in app.query_params


@pytest.mark.usefixtures("home")
def test_the_first_visit_leads_to_the_uploader() -> None:
    app = opened()
    app.button(key="own_data").click().run()
    app.switch_page("../pages/data.py").run()
    assert app.radio(key="dataset_choice").value == "own"
    assert len(app.file_uploader) == 1


VECTORS_ONLY = BAD | {"what": "no table of interactions was found", "where": ""}


def with_vectors(home: Path) -> RunFolder:
    """An upload of people and vectors: no data set, but something to audit."""
    folder = uploads.new_upload(Store(home))
    for name in ("people.csv", "vectors.npz", "later.npz"):
        (folder / name).touch()
    job = ended(asked(home, folder))
    plan = PLAN.model_copy(update={"files": {"users": "people.csv"}})
    report = CheckReport(reader="tables", files=(PEOPLE,), plan=plan, problems=(VECTORS_ONLY,))
    write_json(job.path / "check.json", report.model_dump(mode="json"))
    return job


def test_vectors_are_audited_without_training(home: Path) -> None:
    job = with_vectors(home)
    app = seen(job)
    (form,) = (each for each in app.expander if each.label == "Audit vectors without training")
    assert form.proto.expanded
    assert app.selectbox(key=key(job, "audit_users")).value == "people.csv"
    app.selectbox(key=key(job, "audit_vectors")).set_value("vectors.npz").run()
    app.selectbox(key=key(job, "audit_after")).set_value("later.npz").run()
    app.checkbox(key=key(job, "audit_attribute_age")).uncheck().run()
    app.toggle(key=key(job, "audit_row_order")).set_value(True).run()
    app.button(key="audit").click().run()
    assert not app.exception
    config, folder = waiting_job(home), Path(job.raw_config()["source"])
    assert (config["kind"], config["attributes"], config["row_order"]) == ("audit", ["sex"], True)
    assert (config["users"], config["vectors"]) == (str(folder / "people.csv"), str(folder / "vectors.npz"))
    assert (config["after"], config["lists"]) == (str(folder / "later.npz"), "")


def test_an_audit_needs_people_an_attribute_and_something_to_attack(home: Path) -> None:
    job = with_vectors(home)
    app = seen(job)
    assert not app.button(key="audit").disabled
    app.selectbox(key=key(job, "audit_vectors")).set_value("").run()
    assert app.button(key="audit").disabled


def test_an_old_upload_is_kept_while_an_audit_of_it_waits(home: Path) -> None:
    app = seen(with_vectors(home))
    app.button(key="audit").click().run()
    (folder,) = Store(home).uploads_dir.iterdir()
    os.utime(folder, (0, 0))
    uploads.sweep(Store(home))
    assert folder.exists()


def test_before_a_data_set_is_deleted_it_is_said_what_goes(home: Path) -> None:
    finished_run(home)
    app = opened("data")
    app.button(key="delete_dataset").click().run()
    assert not app.exception
    assert "The run made from it goes too." in said(app)
    assert app.button(key="delete_sure").label == "Delete it for good"
    assert len(Store(home).datasets()) == 1
