"""The data, train and trade-offs pages, empty and full, as Streamlit's own test harness sees them."""

from pathlib import Path

import pytest
import streamlit as st
from fixtures import finished_run
from streamlit.testing.v1 import AppTest

from fmm_core.runs import client
from fmm_core.runs.config import make_config
from fmm_core.runs.locks import Lock
from fmm_core.runs.store import Problem, Status, Store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    st.cache_data.clear()
    monkeypatch.setenv("FMM_HOME", str(tmp_path))
    monkeypatch.setattr(client, "start_worker", lambda _: None)
    return tmp_path


def opened(page: str, **query: str) -> AppTest:
    """A page of the whole app, as an address would open it."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    app.switch_page(f"../pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def headline(app: AppTest) -> str:
    return app.title[0].value.replace("\\", "")


def test_data_page_offers_the_catalog(home: Path) -> None:
    app = opened("data")
    assert headline(app) == "Choose a data set, or bring your own."
    assert app.radio(key="dataset_choice").options == ["Made-up films", "MovieLens-100K"]
    app.button(key="get_dataset").click().run()
    assert not app.exception
    (job,) = client.queue(Store(home))
    assert job.raw_config() == {"format": 1, "kind": "fetch", "dataset": "synthetic"}


def test_a_failed_fetch_is_a_sentence(home: Path) -> None:
    app = opened("data")
    app.button(key="get_dataset").click().run()
    (job,) = client.queue(Store(home))
    assert client.claim(job)
    job.write_status(Status(state="failed", error=Problem(what="it could not be fetched", mend="Try again.")))
    shown = opened("data")
    assert shown.error[0].value == "It could not be fetched. Try again."


def test_data_page_shows_the_card(home: Path) -> None:
    finished_run(home)
    app = opened("data")
    stored = [name for name in app.radio(key="dataset_choice").options if name != "MovieLens-100K"]
    assert len(stored) == 1
    assert headline(app).startswith("This data set can be audited for")
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.usefixtures("home")
def test_train_page_without_data_leads_to_the_data_page() -> None:
    app = opened("train")
    assert headline(app) == "Choose what the recommender may use, and whom to protect."
    assert "No data set is stored here yet" in app.info[0].value


def test_train_page_queues_what_was_switched_on(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    slider = next(each for each in app.select_slider if each.key.endswith("_gender"))
    slider.set_value(0.5)
    app.radio(key="method").set_value("leace").run()
    app.button(key="train_button").click().run()
    assert not app.exception
    (run,) = client.queue(Store(home))
    config = run.config()
    assert config.mitigation.name == "leace"
    assert config.active_weights == {"gender": 0.5}
    assert headline(app).startswith("Waiting")


def test_the_whole_curve_is_queued(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    app.toggle(key="whole_curve").set_value(True).run()
    app.button(key="train_button").click().run()
    assert len(client.queue(Store(home))) == 15


def test_progress_of_a_running_run(home: Path) -> None:
    run = Store(home).new_run(make_config("synthetic"))
    with Lock(run.lock):
        run.write_status(Status(state="running", stage="audit", fraction=0.5, eta_s=60, detail="attack 2 of 8"))
        app = opened("train", run=run.id)
        assert headline(app) == "Attacking: about a minute left."
        app.button(key="cancel_button").click().run()
        assert not app.exception


def test_an_interrupted_run_can_be_resumed(home: Path) -> None:
    run = Store(home).new_run(make_config("synthetic"))
    run.write_status(Status(state="running", stage="pretrain"))
    app = opened("train", run=run.id)
    assert headline(app) == "The run was interrupted."
    app.button(key="resume_button").click().run()
    assert [each.id for each in client.queue(Store(home))] == [run.id]


@pytest.mark.usefixtures("home")
def test_tradeoffs_without_a_run_says_what_to_do() -> None:
    assert headline(opened("tradeoffs")) == "There is nothing to read yet."


def test_one_run_offers_four_more_weights(home: Path) -> None:
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id)
    assert headline(app) == "One run is no trade-off yet."
    assert app.button(key="more_weights").label == "Train four more weights"


@pytest.mark.parametrize("view", ["runs", "pays", "compare"])
def test_every_view_opens(home: Path, view: str) -> None:
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id, view=view)
    assert headline(app)
