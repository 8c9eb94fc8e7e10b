"""From switches to runs, to a command, to a sentence; expectations by hand."""

import shlex

import pytest
from typer.testing import CliRunner

from dashboard.choices import Choices, problem, protectable
from dashboard.wording import data as data_words
from dashboard.wording import train as words
from fmm_core.cli import app
from fmm_core.fairness.specs import MITIGATIONS
from fmm_core.runs.store import StageTime, Status

CARD = {
    "title": "Demo films",
    "n_items": 200,
    "attributes": {
        "gender": {
            "title": "Gender",
            "offered": True,
            "reason": "",
            "groups": [{"name": "women", "count": 40}, {"name": "men", "count": 1160}],
            "classes_attacked": ["women", "men"],
        },
        "faith": {"title": "Faith", "offered": False, "reason": "fewer than two groups have 20 people", "groups": []},
    },
    "modalities": {"text": {"title": "Text", "present": 190, "source": "titles"}},
}


def test_one_run_per_click() -> None:
    (config,) = Choices("demo", ("text",), {"gender": 0.5, "age": 0.0}, preset="quick", seed=4).configs()
    assert config.weights == {"gender": 0.5}
    assert (config.recommender.name, config.mitigation.name, config.seed) == ("lattice", "flow", 4)


def test_a_whole_curve_is_five_weights_times_three_seeds() -> None:
    runs = Choices("demo", ("text",), {"gender": 1.0}, whole_curve=True).configs()
    assert sorted({run.weights["gender"] for run in runs}) == [0, 0.25, 0.5, 0.75, 1]
    assert sorted({run.seed for run in runs}) == [0, 1, 2]
    assert len(runs) == 15


def test_a_curve_of_one_seed() -> None:
    chosen = Choices("demo", ("text",), {"gender": 1.0}, whole_curve=True, seeds=1)
    assert len(chosen.configs()) == 5
    assert shlex.split(chosen.command())[-2:] == ["--seeds", "1"]
    assert words.cost(chosen, 5) == "**5 runs.** The recommender is trained once, the rest is quick."


def test_a_slow_method_is_said_to_be_slow() -> None:
    one = Choices("demo", ("text",), {"gender": 0.1}, method="fmmrec")
    assert words.cost(one, 1).endswith("for a first look. FMMRec is trained on top, which takes longer.")
    assert words.cost(Choices("demo", ("text",), {"gender": 0.1}, method="ridge"), 1).endswith("for a first look.")
    assert words.cost(Choices("demo", ("text",), {}, method="fmmrec"), 1).endswith("for a first look.")
    curve = Choices("demo", ("text",), {"gender": 0.1}, method="fairgo", whole_curve=True)
    assert len(curve.configs()) == 18  # six weights, three seeds
    said = words.cost(curve, 18)
    assert said == "**18 runs.** The recommender is trained three times, FairGo 15 times, minutes each."


@pytest.mark.parametrize("method", list(MITIGATIONS))
def test_every_method_can_be_queued(method: str) -> None:
    (config,) = Choices("demo", ("text",), {"gender": MITIGATIONS[method].default}, method=method).configs()
    assert config.mitigation.name == method
    assert config.active_weights == ({} if method == "none" else {"gender": MITIGATIONS[method].default})


def test_every_method_says_how_long_it_takes() -> None:
    ends = {name: spec.sentence.rsplit(". ", 1)[-1] for name, spec in MITIGATIONS.items() if name != "none"}
    solved = {"flow": "Seconds to a minute."}
    assert ends == {name: "Minutes." if MITIGATIONS[name].slow else solved.get(name, "Seconds.") for name in ends}
    assert [name for name, spec in MITIGATIONS.items() if spec.slow] == ["fmmrec", "fairgo", "cal", "al"]


def test_no_step_of_any_method_is_without_words() -> None:
    for method, spec in MITIGATIONS.items():
        assert spec.default in spec.steps
        for weight in [step for step in spec.steps if step]:
            said = words.summary(Choices("demo", ("text",), {"gender": weight}, method=method), CARD)
            assert f"at {weight:g}" not in said


def test_solved_methods_say_whom_they_protect() -> None:
    assert words.whom("repair") == "**Repair** protects people whose group it is told, and nobody else."
    assert "whoever joins later" in words.whom("flow")
    assert words.whom("none") == ""


def test_the_note_says_what_the_number_means() -> None:
    assert words.protect_note("repair").endswith(
        "The number is the share of the difference between groups that is taken away, from 0 to 1."
    )
    assert words.protect_note("none") == "Weights do nothing here."


def test_names_from_the_data_stay_text() -> None:
    card = CARD | {"title": "**My** :red[films]"}
    said = words.summary(Choices("demo", ("text",)), card)
    assert said.startswith(r"**LATTICE** on **\*\*My\*\* \:red\[films\]** with clicks and text.")


def test_why_an_attribute_is_not_audited() -> None:
    card = CARD | {"attributes": dict(CARD["attributes"])}
    assert data_words.headline(card) == "This data set can be audited for one attribute. Faith cannot."
    assert data_words.refusals(card) == ["Faith is not audited: fewer than two groups have 20 people."]


def test_no_mitigation_protects_nobody() -> None:
    chosen = Choices("demo", ("text",), {"gender": 1.0}, method="none", whole_curve=True)
    assert chosen.protected == {}
    assert len(chosen.configs()) == 1
    assert words.summary(chosen, CARD).endswith("Protects nobody: this shows what is given away today.")


def test_the_command_says_the_same() -> None:
    chosen = Choices("my data", ("text",), {"gender": 0.75})
    line = shlex.split(chosen.command())
    steps = shlex.split(Choices("my data", ("text",), {"age": 0.1}, method="al", whole_curve=True).command())
    assert steps[-4:] == ["--curve", "age=0,0.1,0.25,0.5,1,2", "--seeds", "3"]
    assert line[:5] == ["python", "-m", "fmm_core", "train", "--dataset"]
    assert line[5] == "my data"
    assert line[-2:] == ["--weight", "gender=0.75"]
    shown = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"}).output
    assert all(word in shown for word in line if word.startswith("--"))


def test_the_panel_is_part_of_the_run_and_of_the_command() -> None:
    usual, full = (Choices("demo", ("text",), panel=panel) for panel in ("fast", "full"))
    assert [chosen.configs()[0].panel for chosen in (usual, full)] == ["fast", "full"]
    assert "--panel full" in full.command()
    assert "--panel" not in usual.command()


def test_lattice_without_modalities_is_refused_and_lightgcn_is_not() -> None:
    assert problem(Choices("demo", ())).startswith("LATTICE needs at least one modality.")
    assert problem(Choices("demo", (), recommender="lightgcn")) == ""
    bare = Choices("demo", (), {"gender": 0.1}, method="fmmrec", recommender="lightgcn")
    assert problem(bare) == "FMMRec needs at least one modality to split. Switch one on."


def test_vectors_from_a_file_wait_for_its_name() -> None:
    """Until then a stand-in is shown, so that command and settings can be read."""
    unnamed = Choices("demo", (), recommender="pretrained")
    assert problem(unnamed) == "Name the file with the vectors below."
    assert "recommender.path=FILE.npz" in shlex.split(unnamed.command())
    named = Choices("demo", (), recommender="pretrained", path="/data/my vectors.npz")
    assert problem(named) == ""
    assert [config.recommender.path for config in named.configs()] == ["/data/my vectors.npz"]
    assert "recommender.path=/data/my vectors.npz" in shlex.split(named.command())


def test_only_offered_attributes_can_be_protected() -> None:
    assert list(protectable(CARD)) == ["gender"]
    assert words.attribute_line(CARD["attributes"]["gender"]) == "2 groups, smallest 40 people"
    assert words.attribute_line(CARD["attributes"]["faith"]) == "Not audited: fewer than two groups have 20 people."


def test_summary_follows_the_switches() -> None:
    chosen = Choices("demo", ("text",), {"gender": 0.25})
    expected = "**LATTICE** on **Demo films** with clicks and text. Protects **gender** lightly by **witness flow**."
    assert words.summary(chosen, CARD) == expected
    unseen = Choices("demo", ("text",), {"gender": 1.0}, recommender="lightgcn", method="leace")
    assert words.summary(unseen, CARD) == (
        "**LightGCN** on **Demo films** with clicks. Protects **gender** at full strength by **LEACE**."
    )


@pytest.mark.parametrize(
    ("method", "weight", "end"),
    [
        ("ridge", 0.1, "Protects **gender** lightly by **ridge filter**."),
        ("d2dr", 2.0, "Protects **gender** very strongly by **D2D-R**."),
        ("fairgo", 0.25, "Protects **gender** mildly by **FairGo**."),
        ("cal", 1.0, "Protects **gender** strongly by **CAL**."),
        ("al", 0.5, "Protects **gender** at medium strength by **AL**."),
        ("al", 0.3, "Protects **gender** at 0.3 by **AL**."),
        ("fmmrec", 0.1, "Protects **gender** lightly by **FMMRec**, which splits text."),
    ],
)
def test_the_summary_reads_right_for_every_method(method: str, weight: float, end: str) -> None:
    assert words.summary(Choices("demo", ("text",), {"gender": weight}, method=method), CARD).endswith(end)


def test_missing_items_are_said() -> None:
    line = words.modality_line(CARD, "text")
    assert line == "From titles. Missing for 5 % of the items; those get the average."


def test_progress_in_words() -> None:
    running = Status(state="running", stage="audit", eta_s=240, fraction=0.56, stages=(StageTime(name="prepare"),) * 2)
    assert words.progress_headline(running, 0) == "Attacking: about 4 minutes left."
    assert words.bar_text(running, 5) == "56 %, step 3 of 5"
    assert words.progress_headline(Status(), 2) == "Waiting for two other runs to finish."
    assert words.step_label(StageTime(name="pretrain", seconds=171)) == "Training the recommender · 2 min 51 s"
    assert words.step_label(StageTime(name="pretrain", reused=True)) == "Training the recommender · already there"
