"""Nine mitigations on the train and the trade-offs page, as Streamlit's own test harness sees them."""

import json
from pathlib import Path

from fixtures import finished_run, opened
from streamlit.testing.v1 import AppTest

from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs import client
from fmm_core.runs.store import Store


def sliders(app: AppTest) -> dict[str, float]:
    return {each.key.rsplit("_", 1)[1]: each.value for each in app.select_slider}


def offered(app: AppTest) -> list[str]:
    return app.radio(key="method").options


def test_a_first_run_chooses_from_few_methods_and_the_rest_are_one_switch_away(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    assert offered(app) == ["Witness flow", "Repair", "Ridge filter", "FMMRec", "None"]
    app.toggle(key="every_method").set_value(True).run()
    assert offered(app) == [
        "Witness flow", "Repair", "Ridge filter", "FMMRec", "LEACE", "D2D-R", "FairGo", "CAL", "AL", "None",
    ]  # fmt: skip
    app.radio(key="method").set_value("fairgo").run()
    app.toggle(key="every_method").set_value(False).run()
    assert not app.exception
    assert app.radio(key="method").value == "fairgo"  # what is chosen stays in the list
    assert offered(app) == ["Witness flow", "Repair", "Ridge filter", "FMMRec", "FairGo", "None"]


def test_another_method_keeps_whom_to_protect_and_takes_its_own_weights(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    assert sliders(app) == {"gender": 1.0, "age": 0.0, "handedness": 0.0}
    by_key = {each.key.rsplit("_", 1)[1]: each for each in app.select_slider}
    by_key["gender"].set_value(0.0)
    by_key["age"].set_value(0.75).run()
    app.radio(key="method").set_value("fmmrec").run()
    assert sliders(app) == {"gender": 0.0, "age": 0.1, "handedness": 0.0}
    assert app.select_slider[0].options == [
        "off (0)", "light (0.1)", "mild (0.25)", "medium (0.5)", "strong (1)", "very strong (2)",
    ]  # fmt: skip
    app.select_slider[1].set_value(2.0).run()
    app.radio(key="method").set_value("none").run()
    assert sliders(app) == {"gender": 0.0, "age": 0.0, "handedness": 0.0}
    app.radio(key="method").set_value("flow").run()
    assert sliders(app) == {"gender": 0.0, "age": 0.75, "handedness": 0.0}  # what it had last
    app.radio(key="method").set_value("fmmrec").run()
    assert sliders(app)["age"] == 2.0
    app.button(key="train_button").click().run()
    (run,) = client.queue(Store(home))
    assert (run.config().mitigation.name, run.config().active_weights) == ("fmmrec", {"age": 2.0})


def test_disentangling_and_relations_are_explained_where_they_happen(home: Path) -> None:
    finished_run(home)
    app = opened("train")

    def explained() -> list[str]:
        return [each.value for each in app.caption if each.value.startswith(("**Disentangling**", "**Relations**"))]

    assert explained() == []
    app.radio(key="method").set_value("fmmrec").run()
    assert len(explained()) == 2
    app.radio(key="recommender").set_value("lightgcn").run()
    notes = [each.value for each in app.caption]
    assert "Not used: LightGCN looks at none of them." not in notes  # FMMRec splits the modalities itself


def test_a_whole_curve_of_another_method_takes_its_steps(home: Path) -> None:
    finished_run(home)
    app = opened("train")
    app.radio(key="method").set_value("ridge").run()
    app.toggle(key="whole_curve").set_value(True).run()
    app.button(key="train_button").click().run()
    weights = {each.config().weights["gender"] for each in client.queue(Store(home))}
    assert weights == {0.0, 0.1, 0.25, 0.5, 1.0, 2.0}


def test_methods_over_one_base_are_lines_of_one_figure(home: Path) -> None:
    run = finished_run(home, method="fmmrec", weights={"gender": 0.1})
    for number, name in enumerate(name for name in MITIGATIONS if name != "none"):
        finished_run(
            home, run_id=f"20260101-0000{number:02d}-synthetic-{name}-0001", method=name, weights={"gender": 1}
        )
    other = finished_run(
        home, run_id="20260101-000100-synthetic-fmmrec-0001", method="fmmrec", weights={"gender": 1}, preset="standard"
    )
    app = opened("tradeoffs", run=run.id)
    spec = app.get("plotly_chart")[0].proto.spec
    notes = " ".join(note["text"] for note in json.loads(spec)["layout"]["annotations"])
    assert all(f"<b>{each.title}</b>" in notes for name, each in MITIGATIONS.items() if name != "none")
    assert "Left out: one with another recommender, other settings of it" in " ".join(
        each.value for each in app.markdown
    )
    assert other.id not in spec


def test_the_weights_a_method_still_lacks_are_its_own(home: Path) -> None:
    run = finished_run(home, method="ridge", weights={"gender": 0.25})
    app = opened("tradeoffs", run=run.id)
    app.button(key="more_weights").click().run()
    assert sorted(each.config().weights["gender"] for each in client.queue(Store(home))) == [0, 0.1, 0.5, 1, 2]
