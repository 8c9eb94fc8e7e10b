"""The three findings pages as Streamlit runs them, with a finished run, with none, and where things are missing."""

from pathlib import Path

import pytest
from fixtures import RUN_ID, dataset_card, finished_run, opened, said

from fmm_core.runs.config import make_config
from fmm_core.runs.store import Status, Store, create_run


@pytest.mark.usefixtures("home")
def test_first_visit_offers_the_example_and_teaches_the_unit():
    at = opened()
    assert at.title[0].value == "What do your recommender's vectors give away?"
    assert [button.label for button in at.button] == ["Start the two-minute example", "Bring your own data"]
    assert len(at.get("plotly_chart")) == 2


def test_the_example_is_a_quick_run_on_made_up_data(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fmm_core.runs.client.start_worker", lambda *_: None)
    at = opened()
    at.button(key="example").click().run()
    (run,) = Store(home).runs()
    config = run.config()
    assert (config.dataset, config.preset, config.mitigation.name, config.weights) == (
        "synthetic", "quick", "flow", {"gender": 1.0},
    )  # fmt: skip
    assert at.session_state["selected_run"] == run.id


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", ["leakage", "embeddings"])
def test_findings_pages_say_that_there_is_no_run(page: str):
    at = opened(page)
    assert at.title[0].value == "There is nothing to read yet."
    assert len(at.info) == 1


def test_overview_answers_in_its_headline(home: Path):
    finished_run(home)
    at = opened()
    assert at.title[0].value == "Our attackers can no longer tell gender. They can still tell age."
    assert "**85 times out of 100** before mitigation and **51 times** after it" in said(at)
    assert [(metric.label, metric.value, metric.delta) for metric in at.metric] == [
        ("Strongest attack left", "Age: 59", "was 83"),
        ("Accuracy kept", "97 %", "29.7 → 28.8"),
        ("Who pays most", "Age 55 and over", "−2.3 films"),
    ]
    assert "From the item average the attackers are still right 62 times in 100" in said(at)
    assert at.query_params["run"] == RUN_ID


def test_overview_of_an_unmitigated_run_shows_one_square(home: Path):
    finished_run(home, method="none", weights={})
    at = opened()
    assert at.title[0].value == "A stranger can tell gender and age from what is stored."
    assert len(at.get("plotly_chart")) == 1


def test_an_address_that_leads_nowhere_is_said_and_another_run_shown(home: Path):
    finished_run(home)
    at = opened("leakage", run="20200101-000000-gone-none-ffff")
    assert "20200101-000000-gone-none-ffff" in at.warning[0].value
    assert at.title[0].value.startswith("Age still shows.")


def test_the_run_is_kept_when_the_navigation_drops_it(home: Path):
    finished_run(home)
    finished_run(home, run_id="20250101-000000-synthetic-none-0001", method="none", weights={})
    at = opened("leakage", run="20250101-000000-synthetic-none-0001")
    del at.query_params["run"]
    at.switch_page("../pages/embeddings.py").run()
    assert at.query_params["run"] == "20250101-000000-synthetic-none-0001"


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        ("queued", "This run is waiting its turn."),
        ("running", "This run was interrupted."),
        ("failed", "This run failed."),
    ],
)
def test_a_run_that_is_not_done_says_where_it_stands(home: Path, state: str, headline: str):
    dataset_card(home)
    run = create_run(Store(home).runs_dir / RUN_ID, make_config("synthetic"))
    run.write_status(Status(state=state))  # nobody holds the lock of a run that claims to run
    at = opened()
    assert at.title[0].value == headline


def test_leakage_attributes_with_the_readers_tolerance(home: Path):
    finished_run(home)
    at = opened("leakage")
    assert at.title[0].value == "Age still shows. Our attackers no longer find gender."
    at.slider(key="tolerance").set_value(10).run()
    assert not at.exception
    # age, 57 to 61, now reaches over 60; handedness, 43 to 59, lies within but never leaked
    assert at.title[0].value == "Our attackers can no longer tell gender. Age is too close to call."


def test_leakage_names_linear_over_correction(home: Path):
    finished_run(home, linear_after={"gender": 0.38})
    text = said(opened("leakage")).replace("\\", "")
    assert (
        "Whoever knows 80 % of the labels and turns the linear attacker's answers round is right 62 times in 100; with "
        "90 %: 68. Groups that match exactly would give 63 and 69." in text
    )


def test_people_whose_label_was_kept_back_can_be_chosen_and_are_never_hidden(home: Path):
    finished_run(home, undisclosed={"gender": 0.63})
    at = opened()
    assert at.warning[0].value.replace("\\", "") == (
        "People whose label the mitigation never saw are read otherwise: gender 63 times in 100 (57 to 69), not 51."
    )
    assert "Label never used: 63 of 100 (57 to 69)" in said(at).replace("\\", "")
    at = opened("leakage")
    assert "gender 63 times in 100" in at.warning[0].value
    crowd = at.selectbox(key="crowd")
    assert crowd.options == ["Everyone", "Held-out fifth", "Label never used"]
    crowd.set_value("undisclosed").run()
    assert at.title[0].value == "Our attackers can still tell gender."
    assert not at.warning
    assert "on the person vector, people whose label was never used." in said(at)


def test_nothing_is_cautioned_where_they_are_read_alike(home: Path):
    finished_run(home, undisclosed={})
    at = opened()
    assert not at.warning
    text = said(at).replace("\\", "")
    assert "Held-out fifth, on whom nothing was chosen: 51 of 100" in text
    assert "Label never used: 51 of 100" in text


def test_without_such_people_nothing_speaks_of_them(home: Path):
    finished_run(home)
    assert "never used" not in said(opened())
    assert opened("leakage").selectbox(key="crowd").options == ["Everyone", "Held-out fifth"]


def test_leakage_shows_the_adjusted_p(home: Path):
    finished_run(home)
    table = opened("leakage").table[0].value
    assert table.set_index("")["p, adjusted"].to_dict()["Age"] == "under 0.001"


def test_leakage_sets_the_data_beside_what_is_left(home: Path):
    finished_run(home)
    table = opened("leakage").table[0].value
    assert table.loc[
        table[""] == "Gender", ["Readable from the data", "Left after mitigation"]
    ].to_numpy().tolist() == [["80", "51"]]


@pytest.mark.parametrize(
    ("view", "attribute", "headline"),
    [
        ("stored", "gender", "Mitigation reached the top list and the person vector, not the item average."),
        ("attackers", "age", "The stronger attackers still tell age."),
    ],
)
def test_leakage_views_come_from_the_address(home: Path, view: str, attribute: str, headline: str):
    finished_run(home)
    at = opened("leakage", view=view, attribute=attribute)
    assert at.title[0].value == headline
    assert at.query_params["view"] == view


def test_leakage_without_attributes_says_so(home: Path):
    run = finished_run(home)
    run.write_table("audit/leakage.csv", run.table("audit/leakage.csv").iloc[:0])
    assert opened("leakage").title[0].value == "Nothing here can be audited."


def test_embeddings_show_before_and_after_on_the_same_axes(home: Path):
    finished_run(home)
    at = opened("embeddings")
    assert at.title[0].value == "Before mitigation women and men sat apart. After it they are mixed."
    assert [metric.value for metric in at.metric if metric.label == "Attacker right in 100"] == ["85", "51"]
    assert "Shown: 600 of 1,200 people" in said(at)


def test_embeddings_local_mix_counts_patches_beside_chance(home: Path):
    finished_run(home)
    at = opened("embeddings", show="mix")
    assert sum("patches differ from everyone's mix" in each.value for each in at.markdown) == 2


def test_embeddings_raw_profiles_have_their_own_map(home: Path):
    finished_run(home)
    at = opened("embeddings")
    at.selectbox(key="layout").set_value("profile_text").run()
    assert not at.exception
    assert at.title[0].value == "By text alone, women and men sit apart."
    assert len(at.get("plotly_chart")) == 1


def test_embeddings_without_a_map_say_so(home: Path):
    run = finished_run(home)
    (run.path / "projection.csv").unlink()
    assert opened("embeddings").title[0].value == "This run has no picture."


def test_a_damaged_table_is_a_sentence_not_a_traceback(home: Path):
    run = finished_run(home)
    (run.path / "audit" / "leakage.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    at = opened("leakage")
    assert "missing columns" in at.error[0].value
