"""An audit of files opens on every page; what it does not have is said, and nothing breaks."""

from pathlib import Path

import numpy as np
import pytest
from audit_world import N_USERS, AuditWorld
from fixtures import finished_run, headline, opened, said

from fmm_core.runs import mapping
from fmm_core.runs.config import parse_audit
from fmm_core.runs.store import RunFolder, Store
from fmm_core.runs.worker import execute

PAGES = ("overview", "leakage", "tradeoffs", "embeddings", "train", "data")
SHAPES: dict[str, tuple[str, ...]] = {
    "vectors": ("vectors",),
    "after": ("vectors", "after"),
    "lists": ("lists",),
    "clicks": ("interactions",),
    "everything": ("vectors", "after", "interactions", "lists"),
}


def drawn(slices: dict, strata: dict, *, max_users: int, seed: int) -> tuple[np.ndarray, dict]:
    """The first two numbers of everybody: UMAP takes seconds to load."""
    del strata, max_users, seed
    people = np.arange(len(next(iter(slices.values()))))
    return people, {key: matrix[:, :2] for key, matrix in slices.items()}


def audited(home: Path, shape: str, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr(mapping, "project", drawn)
    folder = home / "files"
    folder.mkdir()
    world = AuditWorld(folder)
    make = {
        "vectors": world.vectors,
        "after": world.vectors_after,
        "interactions": world.clicks,
        "lists": world.lists,
    }
    files = {role: make[role]() for role in SHAPES[shape]}
    store = Store(home)
    run = store.new_run(parse_audit({"users": world.people(), "attributes": ("gender",), "title": "Ours"} | files))
    assert execute(run, store).state == "done"
    return run


@pytest.mark.parametrize("shape", SHAPES)
def test_every_page_opens(home: Path, shape: str, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, shape, monkeypatch)
    for page in PAGES:
        at = opened(page, run=run.id)
        assert not at.error, page
    for view in ("stored", "profiles", "attackers"):
        assert not opened("leakage", run=run.id, view=view).error, view


@pytest.mark.parametrize(
    ("shape", "sentence", "reader"),
    [
        ("vectors", "A stranger can tell gender from what is stored.", "a stranger who holds the stored vectors"),
        ("lists", "A stranger can tell gender from what people are shown.", "a stranger who sees the top lists"),
        ("clicks", "A stranger can tell gender from what people chose.", "a stranger who sees what people chose"),
    ],
)
def test_overview_says_what_was_attacked_and_what_was_not_measured(
    home: Path, shape: str, sentence: str, reader: str, monkeypatch: pytest.MonkeyPatch
):
    run = audited(home, shape, monkeypatch)
    at = opened(run=run.id)
    assert headline(at) == sentence
    assert f"Shown one woman and one man, {reader} picks the woman" in said(at)
    assert [metric.label for metric in at.metric] == ["Strongest attack"]
    assert "Accuracy was not measured: no clicks were held back." in said(at)
    assert len(at.get("page_link")) == 3  # two findings and how we know: nothing leads to trade-offs


def test_vectors_before_and_after_are_set_against_each_other(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, "after", monkeypatch)
    at = opened(run=run.id)
    assert "before mitigation and" in said(at)
    assert [metric.label for metric in at.metric] == ["Strongest attack left"]
    maps = opened("embeddings", run=run.id)
    assert [each.value for each in maps.header] == ["Before: as trained", "After: mitigated"]
    assert f"Shown: all {N_USERS} people." in said(maps)


def test_the_selector_and_the_list_say_what_the_run_is(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, "everything", monkeypatch)
    label = "Ours · audit of vectors before and after, top lists and clicks"
    assert opened("leakage", run=run.id).selectbox(key="run_choice").options == [label]
    assert label in said(opened("train", run=run.id)).replace("\\", "")


def test_leakage_opens_with_what_was_attacked(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, "lists", monkeypatch)
    at = opened("leakage", run=run.id)
    assert headline(at) == "A stranger can tell gender from what people are shown."
    assert at.selectbox(key="target").options == ["Top list"]
    assert at.table[0].value.columns.tolist() == ["", "In the model before", "Verdict", "p, adjusted", "People"]


def test_clicks_alone_have_no_model_and_no_map(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, "clicks", monkeypatch)
    table = opened("leakage", run=run.id).table[0].value
    assert table.columns.tolist() == ["", "Readable from the data", "Verdict", "p, adjusted", "People"]
    assert headline(opened("embeddings", run=run.id)) == "This run has no picture."


def test_trade_offs_of_an_audit_say_why_there_are_none(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = audited(home, "vectors", monkeypatch)
    at = opened("tradeoffs", run=run.id)
    assert headline(at) == "Without an accuracy there is no trade-off to see."
    assert len(at.info) == 1


def test_trade_offs_of_a_run_say_that_audits_are_left_out(home: Path, monkeypatch: pytest.MonkeyPatch):
    audited(home, "vectors", monkeypatch)
    run = finished_run(home)
    finished_run(home, run_id="20250101-000000-synthetic-none-0001", method="none", weights={})
    assert "Left out: one with no accuracy." in said(opened("tradeoffs", run=run.id))
    compared = opened("tradeoffs", run=run.id, view="compare").multiselect[0]
    assert not any("audit of" in option for option in compared.options)


def test_an_audit_on_its_way_shows_its_steps(home: Path):
    world = AuditWorld(home)
    config = parse_audit({"users": world.people(), "attributes": ("gender",), "lists": world.lists()})
    run = Store(home).new_run(config)
    at = opened("train", run=run.id)
    assert not at.error
    assert sum("radio_button_unchecked" in each.value for each in at.caption) == 3
    assert opened("overview", run=run.id).title[0].value == "This run is waiting its turn."
