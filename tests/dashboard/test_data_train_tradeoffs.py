"""The data, train and trade-offs pages, empty and full, as Streamlit's own test harness sees them."""

import copy
import json
from pathlib import Path

import pytest
from fixtures import STRONGEST, finished_run, headline, opened, said
from streamlit.testing.v1 import AppTest

from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs import client
from fmm_core.runs.config import make_config
from fmm_core.runs.locks import Lock
from fmm_core.runs.store import Problem, Status, Store


def test_data_page_offers_the_catalog(home: Path) -> None:
    app = opened("data")
    assert headline(app) == "Choose a data set, or bring your own."
    assert app.radio(key="dataset_choice").options == ["Made-up films", "MovieLens-100K", "Bring your own"]
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
    stored = [
        name for name in app.radio(key="dataset_choice").options if name not in ("MovieLens-100K", "Bring your own")
    ]
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
    slider.set_value(0.5).run()
    app.button(key="train_button").click().run()
    assert not app.exception
    (run,) = client.queue(Store(home))
    config = run.config()
    assert config.mitigation.name == "flow"
    assert config.active_weights == {"gender": 0.5}
    assert headline(app).startswith("Waiting")


def test_without_a_description_of_the_items_a_recommender_of_clicks_is_chosen(home: Path) -> None:
    """Seen in a walk: an own table of clicks ended in a button that could not be pressed."""
    finished_run(home)
    (file,) = Store(home).datasets_dir.glob("*/dataset.json")
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"modalities": {}}), encoding="utf-8")
    app = opened("train")
    assert "LATTICE" not in app.radio(key="recommender").options
    app.button(key="train_button").click().run()
    assert not app.exception
    (run,) = client.queue(Store(home))
    assert run.config().recommender.name == "lightgcn"


@pytest.mark.parametrize("method", list(MITIGATIONS))
def test_every_method_can_be_started(home: Path, method: str) -> None:
    finished_run(home)
    app = opened("train")
    app.toggle(key="every_method").set_value(True).run()
    app.radio(key="method").set_value(method).run()
    app.button(key="train_button").click().run()
    assert not app.exception
    (run,) = client.queue(Store(home))
    assert run.config().mitigation.name == method


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


def test_progress_names_every_step_of_a_method_that_splits_modalities(home: Path) -> None:
    """Seen in a walk: FMMRec's splitting was no step, and the bar counted five where there are six."""
    run = Store(home).new_run(make_config("synthetic", method="fmmrec", weights={"gender": 0.1}))
    with Lock(run.lock):
        run.write_status(Status(state="running", stage="disentangle", fraction=0.4))
        app = opened("train", run=run.id)
        assert "Separating what each modality says" in [each.label for each in app.status]
        assert app.get("progress")[0].proto.text == "40 %, step 1 of 6"


def test_a_problem_in_a_fragment_or_dialog_is_a_sentence() -> None:
    def page() -> None:
        from dashboard import widgets
        from fmm_core.errors import StoreError

        with widgets.spoken():
            raise StoreError("this run is *already* done", "run a_b")

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.error[0].value == r"run a\_b\: this run is \*already\* done."


def test_an_interrupted_run_can_be_resumed(home: Path) -> None:
    run = Store(home).new_run(make_config("synthetic"))
    run.write_status(Status(state="running", stage="pretrain"))
    app = opened("train", run=run.id)
    assert headline(app) == "The run was interrupted."
    app.button(key="resume_button").click().run()
    assert [each.id for each in client.queue(Store(home))] == [run.id]


def test_a_link_shows_the_progress_again_after_setting_up_another_run(home: Path) -> None:
    run = Store(home).new_run(make_config("synthetic"))
    run.write_status(Status(state="failed", error=Problem(what="it broke")))
    finished_run(home)
    app = opened("train", run=run.id)
    app.button(key="another_button").click().run()
    assert headline(app) == "Choose what the recommender may use, and whom to protect."
    app.button(key=f"open_{run.id}").click().run()
    assert headline(app) == "The run failed."


def test_a_recommender_without_modalities_says_so(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    app.radio(key="recommender").set_value("lightgcn").run()
    assert not app.exception
    notes = [each.value for each in app.caption]
    assert notes.count("Not used: LightGCN looks at none of them.") == 2


def test_vectors_from_a_file_ask_for_the_file(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    assert "vectors" not in [each.key for each in app.text_input]
    app.radio(key="recommender").set_value("pretrained").run()
    assert not app.exception
    assert app.button(key="train_button").disabled
    app.text_input(key="vectors").set_value(" /data/vectors.npz ").run()
    app.button(key="train_button").click().run()
    (run,) = client.queue(Store(home))
    assert run.config().recommender.path == "/data/vectors.npz"


def test_the_exact_settings_are_shown(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    app.number_input(key="seed").set_value(7).run()
    shown = next(json.loads(each.value) for each in app.code if each.value.startswith("{"))
    assert (shown["seed"], shown["split_seed"], shown["mitigation"]["name"]) == (7, 42, "flow")


@pytest.mark.usefixtures("home")
def test_tradeoffs_without_a_run_says_what_to_do() -> None:
    assert headline(opened("tradeoffs")) == "There is nothing to read yet."


def test_one_run_offers_four_more_weights(home: Path) -> None:
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id)
    assert headline(app) == "One run is no trade-off yet."
    assert app.button(key="more_weights").label == "Train four more weights"


def test_a_weight_between_the_steps_offers_all_five(home: Path) -> None:
    run = finished_run(home, weights={"gender": 0.6})
    app = opened("tradeoffs", run=run.id)
    assert app.button(key="more_weights").label == "Train five more weights"
    app.button(key="more_weights").click().run()
    assert sorted(each.config().weights["gender"] for each in client.queue(Store(home))) == [0, 0.25, 0.5, 0.75, 1]


def test_nobody_pays_where_nothing_was_mitigated(home: Path) -> None:
    run = finished_run(home, method="none", weights={})
    assert headline(opened("tradeoffs", run=run.id, view="pays")).startswith("Nothing was mitigated in this run")


def test_who_pays_shows_where_two_attributes_meet(home: Path) -> None:
    """Old women lose most, and a crossing does not decide the page's headline."""
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id, view="pays")
    assert headline(app) == "The mitigation costs these groups most: age 55 and over and women."
    figures = [str(json.loads(each.proto.spec)) for each in app.get("plotly_chart")]
    assert ["Women × 55 and over" in each for each in figures] == [False, True]
    assert (
        "Served least: women × 55 and over (22.0 of 100); best: men × under 25 (33.5). The least served reach "
        "66 % of the best served, and 76 % before mitigation. 14 people are in groups of fewer than 20 and left out."
    ) in said(app).replace("\\", "")


def test_a_run_without_crossings_shows_none(home: Path) -> None:
    run = finished_run(home)
    groups = run.table("audit/groups.csv")
    run.write_table("audit/groups.csv", groups[groups["attribute"] != "gender × age"])
    app = opened("tradeoffs", run=run.id, view="pays")
    assert len(app.get("plotly_chart")) == 1
    assert "Where two attributes meet" not in [each.value for each in app.header]


def test_who_pays_shows_what_people_are_shown(home: Path) -> None:
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id, view="pays", shown_to="age")
    text = said(app).replace("\\", "")
    assert "Of 100 recommended films 62 were among the most popular fifth before and 60 after." in text
    assert "Of 100 films there are, 41 stood in somebody's list before and 45 after." in text
    tables = [each.value for each in app.dataframe if "popular, of 100" in each.value]
    assert len(tables) == 1
    table = tables[0].set_index("group")
    assert list(table.index) == ["everyone", "under 25", "25 to 39", "40 to 54", "55 and over"]
    assert table.loc["everyone", "popular, of 100"] == "62 → 60 *"
    assert table.loc["under 25", "unevenness, 0 to 100"] == "71 → 71"


def test_a_run_without_exposure_shows_none(home: Path) -> None:
    """Runs that were made before it was measured."""
    run = finished_run(home)
    (run.path / "audit" / "exposure.csv").unlink()
    app = opened("tradeoffs", run=run.id, view="pays")
    assert "What people are shown" not in [each.value for each in app.header]


def test_a_measure_the_run_does_not_hold_is_not_offered(home: Path) -> None:
    run = finished_run(home)  # holds recall and ndcg only
    app = opened("tradeoffs", run=run.id, view="pays", metric="precision")
    assert app.get("button_group")[1].options == ["Found", "Found high up"]


def test_other_recommenders_join_when_the_reader_widens(home: Path) -> None:
    run = finished_run(home)
    for number, settings in enumerate(({"weights": {"gender": 0.5}}, {"recommender": "lightgcn"})):
        finished_run(home, run_id=f"20260101-00000{number}-synthetic-repair-000{number}", **settings)
    app = opened("tradeoffs", run=run.id)
    assert "Left out: one with another recommender" in " ".join(each.value for each in app.markdown)
    app.toggle(key="wide").set_value(True).run()
    assert not app.exception
    assert "Left out" not in " ".join(each.value for each in app.markdown)
    assert "Repair, LightGCN" in app.get("plotly_chart")[0].proto.spec


def test_two_runs_are_compared(home: Path) -> None:
    run = finished_run(home)
    other = copy.deepcopy(STRONGEST)
    other["age"]["user_vector", "", "after"] = (0.80, 0.02)
    finished_run(home, run_id="20260101-000000-synthetic-leace-0001", method="leace", strongest=other)
    app = opened("tradeoffs", run=run.id, view="compare")
    expected = "Repair gender 1 age 0.5 leaves less to attack than LEACE gender 1 age 0.5, at the same cost."
    assert headline(app) == expected.replace("gender 1 age 0.5", "age 0.5 gender 1")


@pytest.mark.parametrize("view", ["runs", "pays", "compare"])
def test_every_view_opens(home: Path, view: str) -> None:
    run = finished_run(home)
    app = opened("tradeoffs", run=run.id, view=view)
    assert headline(app)


def test_a_run_on_its_way_is_not_listed_again_and_has_a_title(home: Path) -> None:
    run = Store(home).new_run(make_config("synthetic", weights={"gender": 1}))
    other = Store(home).new_run(make_config("synthetic", method="none"))
    with Lock(run.lock):
        run.write_status(Status(state="running", stage="audit"))
        app = opened("train", run=run.id)
    assert [button.key for button in app.button if button.key.startswith("delete_")] == [f"delete_{other.id}"]
    assert any(each.value.startswith("Made-up films") for each in app.markdown)
